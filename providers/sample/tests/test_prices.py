"""Prices look as they do in each marketplace, and never change for a day that has passed."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.marketplaces import MARKETPLACES, marketplace
from providers.sample import prices
from providers.sample.catalogue import catalogue, entry_for
from providers.sample.numbers import between, draw, pick

DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(120)]


def test_the_list_price_in_the_us_is_the_catalogues() -> None:
    for entry in catalogue().values():
        assert prices.list_price(entry, marketplace("US")) == entry.list_price


@pytest.mark.parametrize(
    ("code", "amount", "expected"),
    [
        ("US", "39.20", "39.99"),
        ("US", "0.10", "0.99"),
        ("DE", "40.00", "40.99"),
        ("JP", "5987.4", "5990"),
        ("JP", "0.4", "10"),
        ("IN", "3359.49", "3359.00"),
        ("TR", "0.2", "1.00"),
    ],
)
def test_a_price_is_rounded_as_the_shops_there_do(code: str, amount: str, expected: str) -> None:
    rounded = prices.neat(Decimal(amount), marketplace(code))
    assert rounded == Decimal(expected)


@settings(deadline=None)
@given(
    st.sampled_from(sorted(MARKETPLACES)),
    st.sampled_from([*sorted(catalogue()), "B0ABCDEFGH", "0306406152"]),
    st.dates(date(2020, 1, 1), date(2040, 12, 31)),
)
def test_every_price_rank_and_rating_is_possible(code: str, asin: str, day: date) -> None:
    entry, place = entry_for(asin), marketplace(code)
    price, full = prices.price_on(entry, place, day), prices.list_price(entry, place)
    assert 0 < price <= full
    assert price == round(price, place.minor_unit)
    assert full == round(full, place.minor_unit)
    assert 1 <= prices.rating_on(entry, place, day) <= 5
    assert prices.rank_on(entry, place, day) >= 1
    assert prices.rating_count(entry, place) >= 1
    assert prices.price_on(entry, place, day) == price


def test_a_price_holds_for_a_calendar_week_and_moves_over_the_months() -> None:
    entry, place = entry_for("B07ZPKCJ6X"), marketplace("US")
    by_week: dict[tuple[int, int], set[Decimal]] = {}
    for day in DAYS:
        by_week.setdefault(day.isocalendar()[:2], set()).add(prices.price_on(entry, place, day))
    assert all(len(found) == 1 for found in by_week.values())
    assert len(set().union(*by_week.values())) > 1


def test_the_more_ratings_the_better_the_rank() -> None:
    day, place = DAYS[0], marketplace("US")
    assert prices.rank_on(entry_for("B07FZ8S74R"), place, day) < prices.rank_on(
        entry_for("0201896834"), place, day
    )


def test_ranks_differ_from_day_to_day_and_ratings_by_at_most_a_tenth() -> None:
    entry, place = entry_for("B07ZPKCJ6X"), marketplace("US")
    assert len({prices.rank_on(entry, place, day) for day in DAYS}) > 60
    stars = {prices.rating_on(entry, place, day) for day in DAYS}
    assert stars <= {entry.rating, entry.rating - Decimal("0.1")}


@settings(deadline=None)
@given(st.lists(st.one_of(st.text(), st.integers(), st.dates()), max_size=4))
def test_drawn_numbers_stay_in_their_range_and_never_change(keys: list[object]) -> None:
    assert 0 <= draw(*keys) < 1
    assert draw(*keys) == draw(*keys)
    assert 3 <= between(3, 8, *keys) <= 8
    assert pick("abc", *keys) in "abc"


def test_drawn_numbers_use_the_whole_range() -> None:
    assert {between(1, 6, n, "die") for n in range(200)} == {1, 2, 3, 4, 5, 6}


def test_a_drawn_number_is_the_same_on_every_machine() -> None:
    assert draw("B07ZPKCJ6X", "US") == pytest.approx(0.18988078258445307)
