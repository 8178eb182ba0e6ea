"""How the Selling Partner API writes money, sizes, weights, and values by marketplace and language. Pure.

Money has four spellings (`CurrencyCode/Amount`, `currencyCode/amount`, `currency/value`,
`currency/value_with_tax`) and comes as a number or as a string.
"""

from collections.abc import Mapping
from decimal import Decimal

from providers import reading
from providers.base import Money
from providers.belief import MOST
from providers.marketplaces import Marketplace
from providers.reading import Raw, listed, rounded, table, whole, word, written

CURRENCIES = ("CurrencyCode", "currencyCode", "currency")
AMOUNTS = ("Amount", "amount", "value_with_tax", "value")


def place_in(value: object) -> int | None:
    """Return a best-seller rank, None where there is none (0 too); raises Unbelievable."""
    return reading.rank(value, lowest=0)


def money(value: object) -> Money | None:
    """Return an amount and the currency named beside it, None when either is missing; raises Unbelievable."""
    return reading.money(value, amounts=AMOUNTS, currencies=CURRENCIES, read=written)


def measure(value: object, units: Mapping[str, Decimal]) -> int | None:
    """Return a size in millimetres, or a weight in grams, of something that has one; None: unknown."""
    raw = table(value)
    number, unit = written(raw.get("value")), units.get(str(raw.get("unit")).lower())
    if number is None or unit is None or not number.is_finite() or number <= 0:
        return None
    return whole(max(1, rounded(min(number, MOST) * unit)))


def of_marketplace(raw: Raw, name: str, place: Marketplace) -> Raw:
    """Return from a list like `summaries`, which has an entry for each marketplace, that of ours; else {}."""
    ours = (one for one in listed(raw, name) if one.get("marketplaceId", place.id) == place.id)
    return next(ours, {})


def attribute(raw: Raw, name: str, place: Marketplace) -> list[Raw]:
    """Return an attribute's entries for our marketplace in its default language, else in the one that comes
    first; an entry without a language is a language of its own.
    """
    entries = listed(raw, "attributes", name)
    ours = [one for one in entries if one.get("marketplace_id", place.id) == place.id]
    tags = [one.get("language_tag") for one in ours]
    best = next((tag for tag in place.languages if tag in tags), tags[0] if tags else None)
    return [one for one in ours if one.get("language_tag") == best]


def next_token(body: Raw) -> str:
    """Return what leads to the next page, "" when there is none."""
    return word(body, "pagination", "nextToken") or ""
