"""How the Selling Partner API writes money, sizes, weights, and values by marketplace and language. Pure.

Money has four spellings (`CurrencyCode/Amount`, `currencyCode/amount`, `currency/value`,
`currency/value_with_tax`) and comes as a number or as a string.
"""

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from providers.base import Money
from providers.marketplaces import Marketplace

Raw = Mapping[str, Any]

LATEST = 2**31 - 1  # no count, rank, size or weight is above
MOST_MONEY = Decimal(10**10)
CURRENCIES = ("CurrencyCode", "currencyCode", "currency")
AMOUNTS = ("Amount", "amount", "value_with_tax", "value")
MILLIMETRES = {
    "millimeters": Decimal(1),
    "centimeters": Decimal(10),
    "decimeters": Decimal(100),
    "meters": Decimal(1000),
    "inches": Decimal("25.4"),
    "hundredths_inches": Decimal("0.254"),
    "feet": Decimal("304.8"),
    "yards": Decimal("914.4"),
}
GRAMS = {
    "milligrams": Decimal("0.001"),
    "grams": Decimal(1),
    "kilograms": Decimal(1000),
    "tons": Decimal(1_000_000),
    "ounces": Decimal("28.349523125"),
    "pounds": Decimal("453.59237"),
    "hundredths_pounds": Decimal("4.5359237"),
}
_CURRENCY = re.compile(r"[A-Z]{3}")
_NUMBER = re.compile(r"-?\d{1,20}(\.\d{1,20})?", re.ASCII)


class Unbelievable(ValueError):
    """Amazon wrote something that cannot be meant; the message says what."""


def listed(value: object) -> list[Raw]:
    """Return the objects in a list; [] when it is none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def table(value: object) -> Raw:
    """Return an object, {} for anything else."""
    return value if isinstance(value, dict) else {}


def text(value: object) -> str | None:
    """Return a string that is not empty."""
    return value if isinstance(value, str) and value else None


def flag(value: object) -> bool | None:
    """Return true or false."""
    return value if isinstance(value, bool) else None


def whole(value: object) -> int | None:
    """Return a number of things, or None for anything that is no such number."""
    return value if type(value) is int and 0 <= value <= LATEST else None


def place_in(value: object) -> int | None:
    """Return a best-seller rank, None where there is none (0 too); raises Unbelievable."""
    if type(value) is int and not 0 <= value <= LATEST:
        raise Unbelievable(f"a rank of {str(value)[:20]}")
    return whole(value) or None


def money(value: object) -> Money | None:
    """Return an amount and the currency named beside it, None when either is missing; raises Unbelievable."""
    raw = table(value)
    currency = next((raw[name] for name in CURRENCIES if isinstance(raw.get(name), str)), "")
    amount = next(
        (number for number in (_number(raw.get(name)) for name in AMOUNTS) if number is not None), None
    )
    if amount is None or not _CURRENCY.fullmatch(currency):
        return None
    if not amount.is_finite() or not 0 <= amount <= MOST_MONEY:
        raise Unbelievable(f"a price of {str(amount)[:20]}")
    return Money(amount, currency)


def measure(value: object, units: Mapping[str, Decimal]) -> int | None:
    """Return a size in millimetres, or a weight in grams, of something that has one; None: unknown."""
    raw = table(value)
    number, unit = _number(raw.get("value")), units.get(str(raw.get("unit")).lower())
    if number is None or unit is None or not number.is_finite() or number <= 0:
        return None
    found = (min(number, MOST_MONEY) * unit).to_integral_value(ROUND_HALF_UP)
    return whole(max(1, int(found)))


def of_marketplace(raw: Raw, name: str, place: Marketplace) -> Raw:
    """Return from a list like `summaries`, which has an entry for each marketplace, that of ours; else {}."""
    ours = (one for one in listed(raw.get(name)) if one.get("marketplaceId", place.id) == place.id)
    return next(ours, {})


def attribute(raw: Raw, name: str, place: Marketplace) -> list[Raw]:
    """Return an attribute's entries for our marketplace in its default language, else in the one that comes
    first; an entry without a language is a language of its own.
    """
    entries = listed(table(raw.get("attributes")).get(name))
    ours = [one for one in entries if one.get("marketplace_id", place.id) == place.id]
    tags = [one.get("language_tag") for one in ours]
    best = next((tag for tag in place.languages if tag in tags), tags[0] if tags else None)
    return [one for one in ours if one.get("language_tag") == best]


def _number(value: object) -> Decimal | None:
    """Return a number, written as one or as a string, exactly as it is written; None for anything else."""
    if isinstance(value, str):
        return Decimal(value) if _NUMBER.fullmatch(value) else None
    return Decimal(str(value)) if type(value) in (int, float) else None
