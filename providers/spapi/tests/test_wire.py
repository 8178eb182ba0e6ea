"""Money, sizes and values as the Selling Partner API writes them."""

from decimal import Decimal
from typing import Any

import pytest

from providers.base import Money
from providers.marketplaces import MARKETPLACES
from providers.reading import GRAMS, MILLIMETRES, Unbelievable
from providers.spapi.wire import attribute, measure, money, place_in

BE, US = MARKETPLACES["BE"], MARKETPLACES["US"]


@pytest.mark.parametrize(
    ("raw", "amount", "currency"),
    [
        # the offers and getPricing
        ({"CurrencyCode": "USD", "Amount": 29.99}, "29.99", "USD"),
        ({"CurrencyCode": "JPY", "Amount": 1280}, "1280", "JPY"),
        ({"CurrencyCode": "USD", "Amount": "29.90"}, "29.90", "USD"),
        # the offers of a listing
        ({"currencyCode": "EUR", "amount": 60}, "60", "EUR"),
        ({"currencyCode": "EUR", "amount": "12.50"}, "12.50", "EUR"),
        # attributes of the catalogue, and those of a listing
        ({"currency": "USD", "value": 3799.99}, "3799.99", "USD"),
        ({"currency": "USD", "value_with_tax": 29.99}, "29.99", "USD"),
        ({"currency": "USD", "value_with_tax": "29.90"}, "29.90", "USD"),
        ({"currency": "PEN", "value": 0.0}, "0.0", "PEN"),
    ],
)
def test_money_is_read_in_every_spelling(raw: dict[str, Any], amount: str, currency: str) -> None:
    found = money(raw)
    assert found == Money(Decimal(amount), currency)
    assert str(found.amount) == amount


@pytest.mark.parametrize(
    "raw",
    [
        None, "29.99", 29.99, [], {}, {"Amount": 5}, {"CurrencyCode": "USD"},
        {"CurrencyCode": "USD", "Amount": None}, {"CurrencyCode": "US", "Amount": 5},
        {"CurrencyCode": "usd", "Amount": 5}, {"CurrencyCode": 8, "Amount": 5},
        {"CurrencyCode": "USD", "Amount": True}, {"CurrencyCode": "USD", "Amount": "12,99"},
        {"CurrencyCode": "USD", "Amount": "NaN"}, {"CurrencyCode": "USD", "Amount": "1_000"},
        {"CurrencyCode": "USD", "Amount": {}}, {"CurrencyCode": "USD", "Amount": "9" * 100},
    ],
)  # fmt: skip
def test_money_of_another_kind_is_unknown(raw: Any) -> None:
    assert money(raw) is None


@pytest.mark.parametrize("amount", [-1, -0.01, "-5", float("nan"), float("inf"), 1e300, 10**11])
def test_money_that_cannot_be_meant_is_not_believed(amount: Any) -> None:
    with pytest.raises(Unbelievable):
        money({"CurrencyCode": "USD", "Amount": amount})


@pytest.mark.parametrize(
    ("value", "unit", "found"),
    [
        (1, "inches", 25), (10, "centimeters", 100), (0.5, "meters", 500), (12, "MILLIMETERS", 12),
        (2, "feet", 610), (1, "yards", 914), (100, "hundredths_inches", 25),
        (3, "decimeters", 300), (0.01, "millimeters", 1), ("3.937007870", "inches", 100),
    ],
)  # fmt: skip
def test_sizes_become_millimetres(value: Any, unit: str, found: int) -> None:
    assert measure({"unit": unit, "value": value}, MILLIMETRES) == found


@pytest.mark.parametrize(
    ("value", "unit", "found"),
    [
        (0.00220462262, "pounds", 1), (2, "pounds", 907), (1, "ounces", 28), (180.0, "grams", 180),
        (62.142, "kilograms", 62142),
        (500, "milligrams", 1), (100, "hundredths_pounds", 454), (1, "tons", 1_000_000),
    ],
)  # fmt: skip
def test_weights_become_grams(value: Any, unit: str, found: int) -> None:
    assert measure({"unit": unit, "value": value}, GRAMS) == found


@pytest.mark.parametrize(
    "raw",
    [
        None, {}, {"unit": "inches"}, {"value": 3}, {"unit": "parsecs", "value": 3}, {"unit": 7, "value": 3},
        {"unit": "inches", "value": 0}, {"unit": "inches", "value": -3}, {"unit": "inches", "value": True},
        {"unit": "inches", "value": float("nan")}, {"unit": "inches", "value": 1e300},
        {"unit": "pounds", "value": 1},
    ],
)  # fmt: skip
def test_a_size_that_is_none_is_unknown(raw: Any) -> None:
    assert measure(raw, MILLIMETRES) is None


def test_a_rank_of_zero_is_none_and_one_below_is_not_believed() -> None:
    assert [place_in(rank) for rank in (1, 0, None, "1", True, 2.0)] == [1, None, None, None, None, None]
    for rank in (-1, 2**31):
        with pytest.raises(Unbelievable):
            place_in(rank)


def values(*entries: dict[str, Any]) -> list[Any]:
    return [one.get("value") for one in attribute({"attributes": {"style": list(entries)}}, "style", BE)]


def in_language(language: str | None, value: str) -> dict[str, Any]:
    return {"marketplace_id": BE.id, "language_tag": language, "value": value}


def test_a_value_is_taken_in_the_default_language_of_the_marketplace() -> None:
    dutch, french = in_language("nl_BE", "rood"), in_language("fr_BE", "rouge")
    assert values(dutch, french, in_language("fr_BE", "vif")) == ["rouge", "vif"]
    assert values(in_language("de_DE", "rot"), dutch) == ["rood"]


def test_without_a_language_of_the_marketplace_the_first_is_taken() -> None:
    german, polish = in_language("de_DE", "rot"), in_language("pl_PL", "czerwony")
    assert values(german, polish, in_language("de_DE", "hell")) == ["rot", "hell"]
    assert values({"value": "red"}, polish) == ["red"]


def test_a_value_for_another_marketplace_is_none_for_ours() -> None:
    assert values({"marketplace_id": US.id, "value": "red"}) == []
    assert attribute({"attributes": []}, "style", BE) == attribute({}, "style", BE) == []
