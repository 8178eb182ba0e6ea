"""A name that leads elsewhere when it is asked again: it is asked once, and what was checked is used."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from providers.tests import loopback
from providers.tests.loopback import says
from webhooks.sending import Fault, Sender

PUBLIC, PRIVATE = "93.184.216.34", "127.0.0.1"


class Rebinding:
    """A name server that gives each asker the next of its answers, and the last for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        """Answer."""
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Connections:
    """Where this process connects to, as Python's own audit tells; while `is_on` none is let through."""

    def __init__(self) -> None:
        self.is_on = False
        self.tried: list[tuple[Any, ...]] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Write down a connection, and let it fail."""
        if self.is_on and event == "socket.connect" and isinstance(arguments[1], tuple):
            self.tried.append(arguments[1][:2])
            raise OSError("not from a test")


CONNECTIONS = Connections()
sys.addaudithook(CONNECTIONS)


@pytest.fixture
def connections() -> Iterator[Connections]:
    """Where this process wants to connect to from now on; it gets nowhere."""
    CONNECTIONS.tried.clear()
    CONNECTIONS.is_on = True
    yield CONNECTIONS
    CONNECTIONS.is_on = False


def send(names: Rebinding, url: str = "https://rebind.example/") -> str:
    return str(Sender(resolve=names).send(url, b"{}", {}).error)


@pytest.mark.usefixtures("strict")
def test_a_name_that_turns_private_after_the_check_is_reached_where_it_was_checked(
    connections: Connections,
) -> None:
    names = Rebinding([PUBLIC], [PRIVATE])
    assert send(names) == Fault.CONNECTION_LOST
    assert names.asked == [("rebind.example", 443)]
    assert connections.tried == [(PUBLIC, 443)]


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("answer", [[PRIVATE], [PUBLIC, PRIVATE], [PRIVATE, PUBLIC], [PUBLIC, "::1"]])
def test_one_private_address_among_others_is_enough_to_refuse(
    answer: list[str], connections: Connections
) -> None:
    assert send(Rebinding(answer)) == Fault.ADDRESS_REFUSED
    assert connections.tried == []


@pytest.mark.usefixtures("strict")
def test_each_address_that_was_checked_is_tried(connections: Connections) -> None:
    send(Rebinding([PUBLIC, "2606:4700::1111"], [PRIVATE]))
    assert connections.tried == [(PUBLIC, 443), ("2606:4700::1111", 443)]


def test_a_connection_that_is_made_goes_to_the_first_answer() -> None:
    with loopback.serving(says({})) as here, loopback.serving(says({})) as there:
        names = Rebinding(["127.0.0.1"], ["127.0.0.2"])
        url = f"http://rebind.example:{here.server_port}/"
        assert send(names, url) == ""
        assert (len(here.requests), len(there.requests), len(names.asked)) == (1, 0, 1)
        assert here.requests[0].headers["Host"] == f"rebind.example:{here.server_port}"


def test_each_attempt_looks_anew() -> None:
    with loopback.serving(says({})) as server:
        names = Rebinding(["127.0.0.1"])
        for _ in range(2):
            send(names, f"http://rebind.example:{server.server_port}/")
        assert len(names.asked) == 2


@pytest.mark.usefixtures("strict")
def test_a_name_that_leads_nowhere_is_unknown() -> None:
    assert send(Rebinding([])) == Fault.UNKNOWN_HOST
