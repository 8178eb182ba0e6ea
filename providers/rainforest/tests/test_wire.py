"""Rainforest's money and times."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from providers.base import Money
from providers.rainforest import wire
from providers.reading import Unbelievable


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
