"""How Rainforest writes things: money, stars, ranks, times. Pure.

Every field may be missing or null, and every text is in the marketplace's language. Numbers stand beside
the text they were read from (`raw`), which is never read again: 1.139,00 and 1,139.00 are the same price.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from providers.base import Money
from providers.belief import MOST

MOST_THINGS = 2**31 - 1  # of anything that is counted
_CURRENCY = re.compile(r"[A-Z]{3}")
_ASIN = re.compile(r"[A-Z0-9]{10}")


class Unbelievable(ValueError):
    """Rainforest wrote something that cannot be meant; the message says what."""


def inner(raw: object, *names: str) -> Any:
    """Return what stands under these names, one within the other; None when one is missing."""
    for name in names:
        raw = raw.get(name) if isinstance(raw, Mapping) else None
    return raw


def objects(value: object) -> list[dict[str, Any]] | None:
    """Return the objects of a list, None when it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else None


def whole(value: object) -> int | None:
    """Return a number of things, or None for anything that is no such number."""
    return value if type(value) is int and 0 <= value <= MOST_THINGS else None


def flag(value: object) -> bool | None:
    """Return true or false, None for anything else."""
    return value if isinstance(value, bool) else None


def asin(value: object) -> str | None:
    """Return the ASIN, None for what does not look like one."""
    return value if isinstance(value, str) and _ASIN.fullmatch(value) else None


def number(value: object) -> Decimal | None:
    """Return a number as it was written, None for what is none; raises Unbelievable below 0 and for NaN."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    found = Decimal(str(value))
    if not found.is_finite() or not 0 <= found <= MOST:
        raise Unbelievable(f"a number of {str(value)[:20]}")
    return found


def money(price: object) -> Money | None:
    """Return a price object's `value` in its `currency`; None without either. Raises Unbelievable.

    The currency is the one it names: it depends on where the page was read from, amazon.com shows soles too.
    """
    amount, currency = number(inner(price, "value")), inner(price, "currency")
    if amount is None or not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        return None
    return Money(amount, currency)


def stars(value: object) -> Decimal | None:
    """Return a rating of 0 to 5, None for what is no number; raises Unbelievable."""
    found = number(value)
    if found is not None and found > 5:
        raise Unbelievable(f"a rating of {str(value)[:20]}")
    return found


def place(value: object) -> int | None:
    """Return a place in a best-seller list, None for what is no whole number; raises Unbelievable below 1."""
    if type(value) is not int:
        return None
    if not 1 <= value <= MOST_THINGS:
        raise Unbelievable(f"a rank of {str(value)[:20]}")
    return value


def moment(value: object) -> datetime | None:
    """Return the time in {raw, utc}, or in a `utc` by itself (2018-06-17T00:00:00.000Z); else None.

    `raw` is a sentence ("Reviewed in France on..."), which nobody reads.
    """
    told = inner(value, "utc") if isinstance(value, Mapping) else value
    try:
        found = datetime.fromisoformat(told) if isinstance(told, str) else None
        return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
