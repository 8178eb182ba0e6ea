"""An upstream that fails altogether: the breaker opens, the next one answers, and by itself it closes."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from providers.ages import Ages
from providers.base import Answer
from providers.breaker import FIRST_PAUSE
from providers.clock import Clock
from providers.errors import ErrorClass, UpstreamUnavailable
from providers.flights import Flights
from providers.gateway import Gateway
from providers.http import Call, HTTPClient, Manners, Patience
from providers.keepa.provider import KeepaProvider
from providers.keepa.tests.upstream import knows_all
from providers.limits import Rate
from providers.tests import loopback
from providers.tests.clocks import Stopped
from providers.tests.loopback import Server, says
from providers.tests.stores import DictStore

AGES = Ages(fresh=3600, stale=86400, not_found=600)
ONCE = Patience(connect=1, read=5, total=10, attempts=1)
RETRIES = Patience(connect=1, read=5, total=10, attempts=3, wait_initial=0.001, wait_max=0.01)


@pytest.fixture
def servers() -> Iterator[tuple[Server, Server]]:
    """Two upstreams: one that fails, one that does not."""
    with loopback.serving(says({}, status=500)) as first, loopback.serving(knows_all) as second:
        yield first, second


@pytest.fixture
def moved() -> Stopped:
    """The time the breakers go by."""
    return Stopped()


class Named(KeepaProvider):
    """Keepa under another name, so that there are two upstreams."""

    def __init__(self, name: str, server: Server, moved: Stopped, patience: Patience = ONCE) -> None:
        super().__init__(api_key=name, base_url=server.url, patience=patience)
        self.name = name  # type: ignore[misc]  # one class plays two upstreams
        clock = Clock(now=moved.clock.now)
        self._client = HTTPClient(name, server.url, credential=name, patience=patience, clock=clock)


def ask(first: Named, second: Named, number: int) -> Answer:
    gateway = Gateway([first, second], DictStore(), flights=Flights(), ages=AGES)
    return gateway.product(f"B0PALL{number:04}", marketplace="US", before_upstream=lambda: None)


@pytest.mark.parametrize("patience", [ONCE, RETRIES])
def test_an_upstream_that_fails_time_after_time_is_left_alone(
    servers: tuple[Server, Server], moved: Stopped, patience: Patience
) -> None:
    first, second = Named("first", servers[0], moved, patience), Named("second", servers[1], moved)
    answers = [ask(first, second, number) for number in range(60)]
    assert all(answer.product and answer.kept.providers == ["second"] for answer in answers)
    assert len(servers[0].requests) <= 20
    assert first.health()[0].state == "open"


def test_many_who_ask_at_once_cost_a_failing_upstream_few_calls(
    servers: tuple[Server, Server], moved: Stopped
) -> None:
    first, second = Named("first", servers[0], moved), Named("second", servers[1], moved)
    together = threading.Barrier(12)

    def some(start: int) -> None:
        together.wait()
        for number in range(start, start + 10):
            ask(first, second, number)

    threads = [threading.Thread(target=some, args=(10 * number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(servers[0].requests) <= 20
    assert len(servers[1].requests) == 120


def test_while_it_is_left_alone_nobody_waits_for_it(servers: tuple[Server, Server], moved: Stopped) -> None:
    first, second = Named("first", servers[0], moved), Named("second", servers[1], moved)
    for number in range(10):
        ask(first, second, number)
    servers[0].usually = loopback.drips(threading.Event())  # whoever asks it now waits for seconds
    asked = len(servers[0].requests)
    for number in range(10, 50):
        assert ask(first, second, number).kept.providers == ["second"]
    assert len(servers[0].requests) == asked


def test_after_its_recovery_it_is_asked_again_by_itself(
    servers: tuple[Server, Server], moved: Stopped
) -> None:
    first, second = Named("first", servers[0], moved), Named("second", servers[1], moved)
    for number in range(10):
        ask(first, second, number)
    servers[0].usually = knows_all
    assert ask(first, second, 10).kept.providers == ["second"]
    moved.passes(FIRST_PAUSE)
    assert [ask(first, second, number).kept.providers for number in range(11, 14)] == [["first"]] * 3
    assert first.health()[0].state == "closed"


def test_one_that_is_left_alone_and_no_other_is_an_outage_with_a_time(
    servers: tuple[Server, Server], moved: Stopped
) -> None:
    first = Named("first", servers[0], moved)
    gateway = Gateway([first], DictStore(), flights=Flights(), ages=AGES)
    failures: list[Any] = []
    for number in range(8):
        with pytest.raises(UpstreamUnavailable) as caught:
            gateway.product(f"B0PALL{number:04}", marketplace="US", before_upstream=lambda: None)
        failures.append(caught.value)
    assert failures[-1].reasons == {"first": ErrorClass.UPSTREAM_DOWN}
    assert failures[-1].retry_after == pytest.approx(FIRST_PAUSE)


def test_an_empty_bucket_lets_the_next_upstream_answer_at_once(
    servers: tuple[Server, Server], moved: Stopped
) -> None:
    servers[0].usually = knows_all
    first, second = Named("first", servers[0], moved), Named("second", servers[1], moved)
    manners = Manners(rates={"tokens": Rate(0.01, 3)})
    clock = Clock(now=moved.clock.now)
    first._client = HTTPClient("first", servers[0].url, manners=manners, patience=ONCE, clock=clock)
    told = [ask(first, second, number).kept.providers for number in range(5)]
    assert told == [["first"]] * 3 + [["second"]] * 2
    assert len(servers[0].requests) == 3


def test_calls_stand_in_line_for_a_bucket_as_long_as_they_may(servers: tuple[Server, Server]) -> None:
    simulated = Stopped()
    servers[1].usually = says({})
    client = HTTPClient(
        "line", servers[1].url, manners=Manners(rates={"search": Rate(1, 2)}), clock=simulated.clock
    )
    for _ in range(5):
        client.send(Call(operation="search", path="/"))
    assert simulated.waits == [1, 1, 1]
    assert len(servers[1].requests) == 5
