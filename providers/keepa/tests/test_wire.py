"""Keepa's time, money and numbered arrays."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from providers.base import HistoryPoint, Money
from providers.keepa import wire
from providers.marketplaces import MARKETPLACES
from providers.reading import Unbelievable

US, JP = MARKETPLACES["US"], MARKETPLACES["JP"]


def at(minutes: int) -> datetime:
    return datetime(2011, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)


def arrays(**given: Any) -> list[object]:
    """Return Keepa's 36 arrays, of which these are filled: a18=[...]."""
    return [given.get(f"a{index}") for index in range(36)]


def test_keepas_own_check_value_for_time_holds() -> None:
    assert wire.moment(411180).timestamp() * 1000 == 1318510800000


@pytest.mark.parametrize(
    ("value", "place", "expected"),
    [
        (4900, US, Money(Decimal("49.00"), "USD")),
        (4900, JP, Money(Decimal(4900), "JPY")),
        (5, US, Money(Decimal("0.05"), "USD")),
        (0, US, Money(Decimal("0.00"), "USD")),
        (-1, US, None),
        (-2, US, None),
        (None, US, None),
    ],
)
def test_money_is_in_the_smallest_unit(value: object, place: object, expected: Money | None) -> None:
    assert wire.money(value, place) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [-3, -4900, 2**31, 10**30, 1.5, "4900", True, [4900], {}])
def test_money_that_cannot_be_meant_is_refused(value: object) -> None:
    with pytest.raises(Unbelievable):
        wire.money(value, US)


@pytest.mark.parametrize(
    ("value", "expected"), [(45, "4.5"), (50, "5.0"), (0, "0.0"), (-1, None), (None, None)]
)
def test_stars_are_tenths(value: object, expected: str | None) -> None:
    assert wire.stars(value) == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize("value", [51, -3, 4.5, "45", False])
def test_stars_that_cannot_be_meant_are_refused(value: object) -> None:
    with pytest.raises(Unbelievable):
        wire.stars(value)


def test_pairs_are_read_in_twos() -> None:
    assert wire.history(arrays(a1=[10, 2499, 20, -1, 30, 1999]), US) == (
        HistoryPoint("new", at(10), Decimal("24.99"), "USD"),
        HistoryPoint("new", at(20), None, "USD"),
        HistoryPoint("new", at(30), Decimal("19.99"), "USD"),
    )


@pytest.mark.parametrize("index", [7, 18, *range(19, 30), 32])
def test_prices_with_shipping_are_read_in_threes(index: int) -> None:
    points = wire.history(arrays(**{f"a{index}": [10, 2499, 0, 20, -1, -1, 30, 1999, 499]}), US)
    assert points is not None
    price, shipping = points[:3], points[3:]
    assert [point.value for point in price] == [Decimal("24.99"), None, Decimal("19.99")]
    assert [point.value for point in shipping] == [Decimal("0.00"), None, Decimal("4.99")]
    assert [point.at for point in price] == [point.at for point in shipping] == [at(10), at(20), at(30)]
    assert {point.series for point in shipping} == {f"{price[0].series}_shipping"}


@pytest.mark.parametrize("index", [*range(7), *range(8, 18), 30, 31, *range(33, 36)])
def test_all_other_arrays_are_not_read_in_threes(index: int) -> None:
    assert wire.history(arrays(**{f"a{index}": [10, 30, 0]}), US) == ()


def test_ranks_ratings_and_counts_have_no_currency() -> None:
    found = wire.history(arrays(a3=[10, 402, 20, -1], a11=[10, 3], a16=[10, 46], a17=[10, 1287]), US)
    assert found == (
        HistoryPoint("rank", at(10), Decimal(402)),
        HistoryPoint("rank", at(20), None),
        HistoryPoint("offer_count", at(10), Decimal(3)),
        HistoryPoint("rating", at(10), Decimal("4.6")),
        HistoryPoint("review_count", at(10), Decimal(1287)),
    )


def test_every_series_has_a_name_of_its_own() -> None:
    names = [*wire.MONEY_SERIES.values(), *wire.SHIPPED_SERIES.values(), *wire.NUMBER_SERIES.values()]
    assert len(set(names)) == len(names) == 35  # of 36: the log of Keepa's own updates (15) is none


def test_the_log_of_keepas_own_updates_is_left_out() -> None:
    assert wire.history(arrays(a15=[10, -20]), US) == ()


@pytest.mark.parametrize("csv", [None, {}, "csv", 7])
def test_without_arrays_the_history_is_unknown(csv: object) -> None:
    assert wire.history(csv, US) is None


def test_an_array_that_does_not_fit_its_layout_is_left_out() -> None:
    assert wire.history(arrays(a1=[10, 2499, 20], a18=[10, 2499, 0, 20], a3=[1], a4=[10, 2999]), US) == (
        HistoryPoint("list_price", at(10), Decimal("29.99"), "USD"),
    )


@pytest.mark.parametrize(
    "csv", [{"a1": ["10", 2499]}, {"a1": [-1, 2499]}, {"a18": [None, 1, 0]}, {"a3": [10.5, 1]}]
)
def test_a_time_that_cannot_be_meant_is_refused(csv: dict[str, list[object]]) -> None:
    with pytest.raises(Unbelievable):
        wire.history(arrays(**csv), US)


def test_more_arrays_than_we_know_do_no_harm() -> None:
    assert wire.history([*arrays(), [10, 1], "new"], US) == ()
