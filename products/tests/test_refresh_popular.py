"""What is asked most is asked for anew before it is too old: within a budget, and nobody pays for it."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django_redis import get_redis_connection
from pytest_django import Settings

from accounts.models import User
from products import refreshing, tally
from products.models import Product
from products.popularity import HOUR
from products.refreshing import TURN
from products.store import RedisThenPostgres
from products.tally import Noted, Outcome
from products.tasks import refresh_popular
from products.tests.factories import Upstream, a_product, full, kept_answer, purse, upstream
from providers.base import Part, ProductData
from providers.errors import ErrorClass, ProviderError

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("half_past")]
SOON = 3600 - 120  # seconds old: fresh for two minutes more


def asin_of(number: int) -> str:
    return f"B0NUMBER{number:02d}"


def keep(
    number: int, *, age: int = SOON, asked: int = 5, marketplace: str = "US", found: bool = True
) -> None:
    """Have an answer kept that is so many seconds old, and was asked for so often."""
    asin, at = asin_of(number), datetime.now(UTC) - timedelta(seconds=age)
    product = a_product(asin=asin, marketplace=marketplace) if found else None
    kept = kept_answer(asin=asin, marketplace=marketplace, product=product, fetched_at=at)
    RedisThenPostgres().put(kept, keep_seconds=86400)
    tally.write([Noted(time.time(), asin, marketplace, Outcome.HIT, True)] * asked)


def run() -> int:
    """One run of the task, however short a time after the last one."""
    get_redis_connection("default").delete(TURN)
    return int(refresh_popular())


@pytest.fixture
def calls(settings: Settings) -> list[str]:
    """The ASINs that were asked for upstream, with a budget of ten."""
    asked: list[str] = []

    def says(asin: str, place: str, parts: frozenset[Part]) -> ProductData:
        assert parts == {Part.CORE}
        return a_product(asin=asin, marketplace=place)

    settings.PRODUCT_REFRESH_BUDGET = 10
    settings.PROVIDERS = [upstream("counted", says, asked)]
    return asked


def test_nothing_is_asked_unless_there_is_a_budget(calls: list[str], settings: Settings) -> None:
    keep(1)
    settings.PRODUCT_REFRESH_BUDGET = 0
    assert run() == 0
    assert calls == []


def test_the_usual_budget_is_none(settings: Settings) -> None:
    assert settings.PRODUCT_REFRESH_BUDGET == 0


def test_what_ends_soon_is_asked_anew_and_is_fresh_again(calls: list[str]) -> None:
    keep(1)
    assert run() == 1
    assert calls == [asin_of(1)]
    assert datetime.now(UTC) - Product.objects.get().fetched_at < timedelta(minutes=1)
    assert run() == 0


@pytest.mark.parametrize(("age", "is_due"), [(3290, False), (3310, True), (3590, True), (3610, False)])
def test_only_what_ends_within_the_time_set_is_asked(calls: list[str], age: int, is_due: bool) -> None:
    keep(1, age=age)
    assert run() == is_due
    assert calls == [asin_of(1)] * is_due


def test_a_time_as_long_as_answers_are_fresh_leaves_young_ones_alone(
    calls: list[str], settings: Settings
) -> None:
    settings.PRODUCT_REFRESH_AHEAD_SECONDS = 7200
    keep(1, age=1700)
    keep(2, age=1900)
    assert run() == 1
    assert calls == [asin_of(2)]


def test_the_budget_goes_to_what_is_asked_most(calls: list[str], settings: Settings) -> None:
    settings.PRODUCT_REFRESH_BUDGET = 2
    for number in range(1, 6):
        keep(number, asked=2 + number)
    assert run() == 2
    assert calls == [asin_of(5), asin_of(4)]
    assert run() == 2
    assert calls[2:] == [asin_of(3), asin_of(2)]


def test_the_budget_is_for_a_minute_whoever_starts_it(calls: list[str]) -> None:
    keep(1)
    assert [refresh_popular(), refresh_popular()] == [1, 0]
    keep(2)
    assert refresh_popular() == 0


def test_what_nobody_asks_for_and_what_is_no_product_is_left_alone(calls: list[str]) -> None:
    keep(1, asked=0)
    keep(2, asked=1)
    keep(3, found=False)
    assert run() == 0
    assert calls == []


def test_each_marketplace_is_asked_for_its_own(calls: list[str]) -> None:
    keep(1, marketplace="DE", asked=6)
    keep(2, marketplace="JP")
    keep(1, marketplace="US", age=10)
    assert run() == 2
    assert calls == [asin_of(1), asin_of(2)]


def test_one_failure_does_not_stop_the_others(settings: Settings, calls: list[str]) -> None:
    def says(asin: str, place: str, parts: frozenset[Part]) -> ProductData:
        if asin == asin_of(1):
            raise ProviderError("down", retryable=True, reason=ErrorClass.UPSTREAM_DOWN)
        if asin == asin_of(2):
            raise KeyError("a fault of the adapter")
        return a_product(asin=asin)

    settings.PROVIDERS = [upstream("fails at some", says, calls)]
    for number in range(1, 5):
        keep(number, asked=10 - number)
    assert run() == 2
    together = [asin_of(number) for number in range(1, 5)]
    assert calls == together * 2, "the batch has failed, so each is asked for by itself"


def test_an_upstream_that_leaves_some_out_still_answers(
    calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def products(self: Upstream, asins: list[str], **how: Any) -> dict[str, ProductData | None]:
        return {asin: a_product(asin=asin) for asin in asins if asin not in left_out}

    left_out = [asin_of(number) for number in range(1, refreshing.FAILURES + 1)]
    monkeypatch.setattr(Upstream, "products", products)
    monkeypatch.setattr("providers.together.LARGEST", 5)
    for number in range(1, 11):
        keep(number, asked=20 - number)
    assert run() == 10 - len(left_out)


def test_when_nobody_answers_it_does_not_go_on_asking(settings: Settings, calls: list[str]) -> None:
    def down(asin: str, place: str, parts: frozenset[Part]) -> None:
        raise ProviderError("down", retryable=True, reason=ErrorClass.UPSTREAM_DOWN)

    settings.PROVIDERS = [upstream("down", down, calls)]
    for number in range(1, 8):
        keep(number)
    assert run() == 0
    assert len(calls) == 7 + refreshing.FAILURES


def test_a_run_ends_when_its_time_is_over(calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshing, "LONGEST", -1.0)
    monkeypatch.setattr("providers.together.LARGEST", 1)
    keep(1)
    keep(2)
    assert run() == 1
    assert len(calls) == 1


def test_a_marketplace_that_nobody_serves_any_more_does_not_stop_the_others(
    calls: list[str], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("products.tests.factories.Upstream.marketplaces", frozenset({"US"}))
    keep(1, marketplace="DE", asked=9)
    keep(2)
    assert run() == 1
    assert calls == [asin_of(2)]


def test_it_charges_nobody_and_is_no_lookup(calls: list[str], alice: User) -> None:
    keep(1)
    run()
    tally.flush()
    assert purse(alice) == full(100)
    [counts] = tally.read([int(time.time()) // HOUR])
    assert counts == Counter({"US:hits": 5, "US:prefetched": 1, "provider:upstream": 1})
