"""How the Creators API writes things: nested objects, money, stars, measures. Pure.

A field that is missing or of an unexpected kind is unknown (None). A number that cannot be meant raises
Unbelievable: then the whole item is not to be trusted.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from providers.base import Money
from providers.belief import MOST

Raw = Mapping[str, Any]

_CURRENCY = re.compile(r"[A-Z]{3}")


class Unbelievable(ValueError):
    """Amazon wrote something that cannot be meant; the message says what."""


def at(node: object, *names: str) -> object:
    """Return what stands at this path, None when the path ends before."""
    for name in names:
        node = node.get(name) if isinstance(node, dict) else None
    return node


def objects(node: object, *names: str) -> list[Raw] | None:
    """Return the objects in the list at this path, None when there is no list."""
    found = at(node, *names)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else None


def word(node: object, *names: str) -> str | None:
    """Return the text at this path as it is, None when there is none."""
    found = at(node, *names)
    return found if isinstance(found, str) and found else None


def number(value: object) -> Decimal | None:
    """Return a number as it was written, None for what is none; raises Unbelievable when it cannot be."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    found = Decimal(str(value))
    if not (found.is_finite() and 0 <= found <= MOST):
        raise Unbelievable(f"a number of {str(value)[:20]}")
    return found


def whole(value: object) -> int | None:
    """Return a number of things, or None; raises Unbelievable."""
    found = number(value)
    return int(found) if found is not None and found == found.to_integral_value() else None


def money(value: object) -> Money | None:
    """Return an amount in the currency it names; without a currency it is unknown. Raises Unbelievable."""
    amount, currency = number(at(value, "amount")), at(value, "currency")
    if amount is None or not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        return None
    return Money(amount, currency)


def stars(value: object) -> Decimal | None:
    """Return a rating of 0 to 5; raises Unbelievable."""
    found = number(value)
    if found is not None and found > 5:
        raise Unbelievable(f"a rating of {str(value)[:20]}")
    return found
