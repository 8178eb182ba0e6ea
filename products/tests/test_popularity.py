"""What is asked most, as far as the last two hours tell."""

import time

import pytest
from django_redis import get_redis_connection

from products import popularity, tally
from products.popularity import HOUR, most_asked
from products.tally import Noted, Outcome
from products.tests.factories import ASIN

HALF_PAST = (int(time.time()) // HOUR + 0.5) * HOUR
OTHER = "B0OTHER001"


def ask(
    asin: str = ASIN,
    times: int = 1,
    *,
    outcome: Outcome = Outcome.HIT,
    at: float = HALF_PAST,
    marketplace: str = "US",
    is_product: bool = True,
) -> None:
    tally.write([Noted(at, asin, marketplace, outcome, is_product)] * times)


def test_the_one_asked_most_comes_first() -> None:
    ask(OTHER, 3)
    ask(ASIN, 5)
    assert most_asked(HALF_PAST, count=10) == [(ASIN, "US"), (OTHER, "US")]
    assert most_asked(HALF_PAST, count=1) == [(ASIN, "US")]


def test_a_product_is_another_one_elsewhere() -> None:
    ask(times=2)
    ask(times=3, marketplace="DE")
    assert most_asked(HALF_PAST, count=10) == [(ASIN, "DE"), (ASIN, "US")]


def test_what_was_asked_an_hour_ago_counts_half_and_then_no_more() -> None:
    ask(OTHER, 5)
    ask(ASIN, 8)
    assert most_asked(HALF_PAST + HOUR, count=10) == [(ASIN, "US"), (OTHER, "US")]
    ask(OTHER, 2, at=HALF_PAST + HOUR)
    assert most_asked(HALF_PAST + HOUR, count=10) == [(OTHER, "US"), (ASIN, "US")]
    assert most_asked(HALF_PAST + 2 * HOUR, count=10) == []


def test_what_was_asked_once_is_not_asked_most() -> None:
    ask()
    assert most_asked(HALF_PAST, count=10) == []


@pytest.mark.parametrize("outcome", [Outcome.NEGATIVE, Outcome.FAILED, Outcome.REFUSED, Outcome.PREFETCHED])
def test_what_is_no_product_and_what_nobody_asked_for_does_not_count(outcome: Outcome) -> None:
    ask(times=5, outcome=outcome)
    ask(times=5, outcome=Outcome.MISS, is_product=False)
    assert most_asked(HALF_PAST, count=10) == []


def test_no_more_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(popularity, "MOST", 3)
    for number in range(1, 7):
        ask(f"B0NUMBER0{number}", number + 1)
    assert [asin[-1] for asin, _ in most_asked(HALF_PAST, count=10)] == ["6", "5", "4"]
    redis = get_redis_connection("default")
    name = popularity.name_of(int(HALF_PAST) // HOUR)
    assert redis.zcard(name) == 3
    assert HOUR < redis.ttl(name) <= 3 * HOUR
