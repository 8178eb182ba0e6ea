"""Figures become observations: each once, and a history grows only at its end."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from products.memory import figures, observed
from products.models import Observation
from products.store import RedisThenPostgres
from products.tests.factories import ASIN, NOON, a_product, kept_answer
from providers.base import HistoryPoint, Money, RankData, Source

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def put(at: datetime = NOON, **facts: Any) -> None:
    RedisThenPostgres().put(kept_answer(product=a_product(**facts), fetched_at=at), keep_seconds=60)


def seen(series: str) -> list[tuple[datetime, Decimal | None]]:
    found = Observation.objects.of(ASIN, "US").of_series(series).order_by("observed_at")
    return list(found.values_list("observed_at", "value"))


def new(at: datetime, value: str | None) -> HistoryPoint:
    return HistoryPoint("new", at, None if value is None else Decimal(value), "USD")


def test_every_answer_leaves_its_figures() -> None:
    put(rank=RankData(rank=7), rating_count=900, offer_count=3, list_price=Money(Decimal("20"), "USD"))
    rows = Observation.objects.values_list("series", "value", "currency", "provider")
    assert set(rows) == {
        ("price", Decimal("12.90"), "USD", "first"),
        ("list_price", Decimal(20), "USD", "first"),
        ("rank", Decimal(7), "", "first"),
        ("rating", Decimal("4.5"), "", "first"),
        ("review_count", Decimal(900), "", "first"),
        ("offer_count", Decimal(3), "", "first"),
    }


def test_digits_are_kept_as_they_were_said() -> None:
    put(rank=RankData(rank=7))
    assert {str(value) for value in Observation.objects.values_list("value", flat=True)} == {
        "12.90",
        "4.5",
        "7",
    }


def test_a_later_answer_adds_to_the_series() -> None:
    put()
    put(NOON + HOUR, price=Money(Decimal("11"), "USD"))
    assert seen("price") == [(NOON, Decimal("12.90")), (NOON + HOUR, Decimal(11))]


def test_the_same_answer_twice_is_one_observation() -> None:
    put()
    put()
    assert len(seen("price")) == 1


def test_of_a_history_only_what_is_new_is_kept() -> None:
    past = tuple(new(NOON - n * HOUR, str(n)) for n in range(10, 0, -1))
    put(history=past)
    put(NOON + HOUR, history=(new(NOON - 99 * HOUR, "1"), *past, new(NOON, None)))
    assert [at for at, _ in seen("new")] == [*(point.at for point in past), NOON]
    assert seen("new")[-1] == (NOON, None)


def test_of_a_value_that_stays_only_its_first_and_last_point_are_kept() -> None:
    told = [new(NOON + n * HOUR, value) for n, value in enumerate(["1", "1", "1", "2", "2", None, None, "2"])]
    put(history=tuple(reversed(told[:3])))
    assert [at for at, _ in seen("new")] == [NOON, NOON + 2 * HOUR]
    put(history=tuple(told))
    assert seen("new")[2:] == [
        (NOON + 3 * HOUR, Decimal(2)),
        (NOON + 5 * HOUR, None),
        (NOON + 7 * HOUR, Decimal(2)),
    ]


def test_ten_thousand_points_take_one_statement(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    past = tuple(new(NOON - n * timedelta(minutes=1), str(n)) for n in range(10_000))
    with django_assert_max_num_queries(3):  # two of them are the savepoint of this test's transaction
        put(history=past)
    assert len(seen("new")) == 10_000


def test_a_figure_whose_history_is_told_is_taken_from_there() -> None:
    told = HistoryPoint("rating", NOON - HOUR, Decimal("4.4"))
    put(history=(told,))
    assert seen("rating") == [(NOON - HOUR, Decimal("4.4"))]


def told(at: datetime, value: str | None, series: str) -> HistoryPoint:
    return HistoryPoint(series, at, None if value is None else Decimal(value), "USD")


def test_how_the_price_moved_is_made_of_the_offers_that_a_history_tells() -> None:
    moves = [
        ("0", "amazon", "30"),
        ("1", "new", "25"),
        ("2", "buy_box", "27"),
        ("3", "new", "24"),
        ("4", "buy_box", None),
        ("5", "new", None),
        ("6", "amazon", None),
        ("6", "used", "1"),
        ("7", "buy_box", "26"),
    ]
    put(price=None, history=tuple(told(NOON + int(hour) * HOUR, value, name) for hour, name, value in moves))
    assert [(at - NOON, value and str(value)) for at, value in seen("price")] == [
        (0 * HOUR, "30"),
        (1 * HOUR, "25"),
        (2 * HOUR, "27"),
        (4 * HOUR, "24"),
        (5 * HOUR, "30"),
        (6 * HOUR, None),
        (7 * HOUR, "26"),
    ]


def test_what_moves_at_the_same_time_makes_one_price() -> None:
    put(price=None, history=(told(NOON, "25", "new"), told(NOON, "27", "buy_box")))
    assert seen("price") == [(NOON, Decimal(27))]


def test_a_price_that_a_history_tells_by_that_name_is_taken_as_it_is() -> None:
    put(history=(told(NOON - HOUR, "11", "price"), told(NOON - HOUR, "12", "buy_box")))
    assert seen("price") == [(NOON - HOUR, Decimal(11))]


def test_the_price_of_now_follows_the_one_that_the_history_tells() -> None:
    put(history=(told(NOON - HOUR, "11", "buy_box"),))
    assert seen("price") == [(NOON - HOUR, Decimal(11)), (NOON, Decimal("12.90"))]


def test_what_two_upstreams_say_stands_side_by_side() -> None:
    put()
    put(NOON - HOUR, provenance={"price": Source("second", NOON)})
    providers = Observation.objects.of_series("price").values_list("provider", flat=True)
    assert set(providers) == {"first", "second"}


def test_the_same_asin_elsewhere_is_another_product() -> None:
    put()
    elsewhere = kept_answer(marketplace="DE", product=a_product(marketplace="DE"))
    RedisThenPostgres().put(elsewhere, keep_seconds=60)
    assert Observation.objects.of(ASIN, "DE").count() == Observation.objects.of(ASIN, "US").count() == 2


def test_nothing_told_leaves_nothing() -> None:
    silent = a_product(price=None, rating=None)
    assert figures(silent, NOON) == []
    RedisThenPostgres().put(kept_answer(product=silent), keep_seconds=60)
    assert not Observation.objects.exists()


def test_a_figure_of_unknown_origin_has_no_provider() -> None:
    assert {point[1] for point in observed(a_product(provenance={}), NOON)} == {""}
