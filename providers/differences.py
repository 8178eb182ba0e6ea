"""Where two upstreams contradict each other. Pure.

Not every difference is a contradiction: prices and ratings move between two looks. What lies within the
tolerance is agreement.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from providers.base import Claim, Money, ProductData

PRICES_APART = Decimal("0.05")  # of the higher one; what a buy box moves in an hour is less
RATINGS_APART = Decimal("0.3")  # stars


def _moneys_agree(one: Money, other: Money) -> bool:
    high, low = max(one.amount, other.amount), min(one.amount, other.amount)
    return one.currency == other.currency and high - low <= high * PRICES_APART


def _ratings_agree(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) <= RATINGS_APART


def _names_agree(one: str, other: str) -> bool:
    """Say whether it is the same name: "HOLD FAST" is "Hold Fast®"."""
    return _letters(one) == _letters(other)


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


AGREE: Mapping[str, Callable[[Any, Any], bool]] = {
    "brand": _names_agree,
    "price": _moneys_agree,
    "list_price": _moneys_agree,
    "availability": lambda one, other: one == other,
    "rating": _ratings_agree,
    "parent_asin": lambda one, other: one == other,
}
"""The fields in which upstreams can contradict each other; of the rest each has its own words."""


def contradictions(first: ProductData, then: ProductData) -> dict[str, tuple[Claim, ...]]:
    """Return what `then` claims of fields in which it contradicts `first`."""
    found: dict[str, tuple[Claim, ...]] = {}
    for name, agree in AGREE.items():
        held, told = getattr(first, name), getattr(then, name)
        if held is not None and told is not None and not agree(held, told):
            found[name] = (Claim(then.provenance[name], told),)
    return found
