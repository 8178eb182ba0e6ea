"""A thousand ASINs at Amazon's own rates, in simulated time, against a server that enforces them."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from providers.base import Part
from providers.deadline import within
from providers.spapi.provider import SPAPIProvider
from providers.spapi.tests.amazon import Amazon, amazon, asked, is_search, knows_all_but
from providers.tests.clocks import Stopped
from providers.tests.loopback import Handler, Query, Request, says

DOCUMENTED = {"catalog": (2.0, 2.0), "offers": (0.1, 1.0)}  # calls in a second, and at once; as Amazon has it
ASINS = [f"B0{number:08}" for number in range(1000)]
CORE = frozenset({Part.CORE})
QUOTA = says({"errors": [{"code": "QuotaExceeded", "message": "."}]}, status=429)
ROUNDING = 1e-5  # what 64-bit times lose


@dataclass
class Strict:
    """Amazon's own token buckets, by the same clock; `fails` says how a call goes that they let pass."""

    stopped: Stopped
    fails: Callable[[], int | None] = lambda: None
    left: dict[str, float] = field(
        default_factory=lambda: {name: rate[1] for name, rate in DOCUMENTED.items()}
    )
    at: dict[str, float] = field(default_factory=dict)
    answered: Counter[tuple[str, int]] = field(default_factory=Counter)
    failed: Counter[tuple[str, ...]] = field(default_factory=Counter)
    good: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def __call__(self, handler: Handler, query: Query) -> None:
        request = handler.request_now
        name = "catalog" if is_search(request) else "offers"
        status = (self.fails() or 200) if self._takes_one(name) else 429
        self.answered[name, status] += 1
        (self.good if status == 200 else self.failed)[self._about(name, request)] += 1
        sent = {"x_amzn_RateLimit_Limit": str(DOCUMENTED[name][0])}
        if status == 200:
            knows_all_but(**sent)(handler, query)
        elif status == 429:
            QUOTA(handler, query)
        else:
            says(b"<html>Sorry</html>", status=status, **sent)(handler, query)

    def _takes_one(self, name: str) -> bool:
        per_second, burst = DOCUMENTED[name]
        now = self.stopped.now
        passed = now - self.at.get(name, now)
        self.left[name] = min(burst, self.left[name] + passed * per_second)
        self.at[name] = now
        if self.left[name] < 1 - ROUNDING:
            return False
        self.left[name] -= 1
        return True

    @staticmethod
    def _about(name: str, request: Request) -> tuple[str, ...]:
        return (name, *asked(request))


@pytest.fixture
def upstream() -> Iterator[Amazon]:
    with amazon() as running:
        yield running


def run(upstream: Amazon, strict: Strict) -> None:
    """Ask for all ASINs, and see that every one is answered, with its price."""
    upstream.usually = strict
    spapi = SPAPIProvider(**upstream.options, clock=strict.stopped.clock)
    with within(100_000, wait=3600):
        found = spapi.products(ASINS, marketplace="US", parts=CORE)
    assert list(found) == ASINS
    assert all(product and product.price and product.title for product in found.values())
    assert strict.answered["catalog", 429] + strict.answered["offers", 429] == 0


def test_a_thousand_asins_take_a_hundred_calls_at_the_rates_and_meet_no_limit(upstream: Amazon) -> None:
    stopped = Stopped()
    began = stopped.now
    strict = Strict(stopped)
    run(upstream, strict)
    assert strict.answered == {("catalog", 200): 50, ("offers", 200): 50}
    assert len(upstream.exchanges) == 1
    assert len(upstream.server.requests) == 101
    assert stopped.now - began == pytest.approx(48 / 2 + 49 / 0.1, abs=1)


def test_with_one_call_in_twenty_failing_none_is_lost_and_every_failed_one_is_made_again(
    upstream: Amazon,
) -> None:
    dice = random.Random(20)
    strict = Strict(Stopped(), lambda: dice.choice((500, 503)) if dice.random() < 0.05 else None)
    run(upstream, strict)
    assert len(strict.failed) >= 3
    assert set(strict.failed) <= set(strict.good)
    assert set(strict.good.values()) == {1}
    assert len(strict.good) == 100
    assert {name for name, *_ in strict.failed} == {"catalog", "offers"}
    assert len(upstream.calls) == 100 + sum(strict.failed.values())


def test_the_server_of_this_test_refuses_who_asks_too_often(upstream: Amazon) -> None:
    strict = Strict(Stopped())
    assert [strict._takes_one("catalog") for _ in range(3)] == [True, True, False]
    strict.stopped.passes(0.5)
    assert [strict._takes_one("catalog") for _ in range(2)] == [True, False]
