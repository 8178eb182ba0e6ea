"""Rainforest's money, stars, ranks and times."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from providers.base import Money
from providers.rainforest import wire
from providers.rainforest.wire import Unbelievable


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ({"symbol": "$", "value": 18.49, "currency": "USD", "raw": "$18.49"}, ("18.49", "USD")),
        ({"symbol": "PEN", "value": 156.22, "currency": "PEN", "raw": "PEN 156.22"}, ("156.22", "PEN")),
        ({"symbol": "TL", "value": 1139, "currency": "TRY", "raw": "1.139,00TL"}, ("1139", "TRY")),
        ({"symbol": "￥", "value": 4480, "currency": "JPY", "raw": "￥4,480"}, ("4480", "JPY")),
        ({"value": 0, "currency": "EUR", "raw": "GRATUITE", "is_free": True}, ("0", "EUR")),
        ({"value": 0.1, "currency": "EUR"}, ("0.1", "EUR")),
    ],
)
def test_money_is_the_value_in_the_currency_that_is_named(price: object, expected: tuple[str, str]) -> None:
    amount, currency = expected
    assert wire.money(price) == Money(Decimal(amount), currency)


@pytest.mark.parametrize(
    "price",
    [
        None,
        {},
        "18.49",
        18.49,
        {"raw": "See all buying options"},
        {"raw": "$18.49", "currency": "USD", "symbol": "$"},
        {"raw": "$18.49", "value": 18.49, "symbol": "$"},
        {"value": "18.49", "currency": "USD"},
        {"value": True, "currency": "USD"},
        {"value": 18.49, "currency": "$"},
        {"value": 18.49, "currency": 840},
    ],
)
def test_money_without_value_or_currency_is_unknown_whatever_the_text_says(price: object) -> None:
    assert wire.money(price) is None


@pytest.mark.parametrize("value", [-0.01, -5, 10**11, float("nan"), float("inf")])
def test_money_that_cannot_be_meant_is_refused(value: float) -> None:
    with pytest.raises(Unbelievable):
        wire.money({"value": value, "currency": "USD"})


@pytest.mark.parametrize(
    ("value", "expected"), [(4.6, "4.6"), (5, "5"), (0, "0"), (None, None), ("4,7", None), (True, None)]
)
def test_stars_are_numbers(value: object, expected: str | None) -> None:
    assert wire.stars(value) == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize("value", [5.1, -1, 47, float("nan")])
def test_stars_that_cannot_be_meant_are_refused(value: float) -> None:
    with pytest.raises(Unbelievable):
        wire.stars(value)


@pytest.mark.parametrize(
    ("value", "expected"), [(1, 1), (402, 402), (None, None), ("402", None), (4.5, None)]
)
def test_a_rank_is_a_whole_number(value: object, expected: int | None) -> None:
    assert wire.place(value) == expected


@pytest.mark.parametrize("value", [0, -3, 2**31])
def test_a_rank_that_cannot_be_meant_is_refused(value: int) -> None:
    with pytest.raises(Unbelievable):
        wire.place(value)


@pytest.mark.parametrize("value", [-1, None, 1.0, "23.496", True, 2**31])
def test_what_is_no_number_of_things_is_unknown(value: object) -> None:
    assert wire.whole(value) is None


@pytest.mark.parametrize(
    "value",
    [
        {"raw": "Commenté en France le 17 juin 2026", "utc": "2026-06-17T00:00:00.000Z"},
        "2026-06-17T00:00:00Z",
        {"utc": "2026-06-17T02:00:00+02:00"},
    ],
)
def test_times_are_utc(value: object) -> None:
    assert wire.moment(value) == datetime(2026, 6, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        None,
        17,
        {},
        {"raw": "June 17, 2026"},
        "June 17, 2026",
        "2026-06-17",
        {"utc": 1781654400},
        {"utc": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_a_time_that_is_only_a_sentence_is_unknown(value: object) -> None:
    assert wire.moment(value) is None
