"""A name that leads elsewhere when it is asked again: it is asked once, and what was checked is used."""

import socket
from collections.abc import Sequence

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


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Where this process wants to connect to from now on; it gets nowhere."""
    addresses: list[tuple[str, int]] = []

    def connect(self: socket.socket, address: tuple[str, int]) -> None:
        addresses.append(address[:2])
        raise OSError("not from a test")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return addresses


def send(names: Rebinding, url: str = "https://rebind.example/") -> str:
    return str(Sender(resolve=names).send(url, b"{}", {}).error)


@pytest.mark.usefixtures("strict")
def test_a_name_that_turns_private_after_the_check_is_reached_where_it_was_checked(
    tried: list[tuple[str, int]],
) -> None:
    names = Rebinding([PUBLIC], [PRIVATE])
    assert send(names) == Fault.CONNECTION_LOST
    assert names.asked == [("rebind.example", 443)]
    assert tried == [(PUBLIC, 443)]


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("answer", [[PRIVATE], [PUBLIC, PRIVATE], [PRIVATE, PUBLIC], [PUBLIC, "::1"]])
def test_one_private_address_among_others_is_enough_to_refuse(
    answer: list[str], tried: list[tuple[str, int]]
) -> None:
    assert send(Rebinding(answer)) == Fault.ADDRESS_REFUSED
    assert tried == []


@pytest.mark.usefixtures("strict")
def test_each_address_that_was_checked_is_tried(tried: list[tuple[str, int]]) -> None:
    send(Rebinding([PUBLIC, "2606:4700::1111"], [PRIVATE]))
    assert tried == [(PUBLIC, 443), ("2606:4700::1111", 443)]


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
