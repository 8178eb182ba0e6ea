"""Reading what upstreams write: nested objects, texts, numbers, money, stars, ranks, times. Pure.

What is missing or of an unexpected kind is unknown (None). A number that cannot be meant raises Unbelievable:
then whatever it stands in is not to be trusted.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from providers.base import Money
from providers.belief import CURRENCY, is_sane
from providers.text import line

Raw = Mapping[str, Any]

MOST_THINGS = 2**31 - 1  # of anything that is counted or measured
# By Amazon's words for them. Units in words we do not know are no size at all: better unknown than wrong.
MILLIMETRES: Mapping[str, Decimal] = {
    "millimeters": Decimal(1),
    "centimeters": Decimal(10),
    "decimeters": Decimal(100),
    "meters": Decimal(1000),
    "inches": Decimal("25.4"),
    "hundredths_inches": Decimal("0.254"),
    "feet": Decimal("304.8"),
    "yards": Decimal("914.4"),
}
GRAMS: Mapping[str, Decimal] = {
    "milligrams": Decimal("0.001"),
    "grams": Decimal(1),
    "kilograms": Decimal(1000),
    "tons": Decimal(1_000_000),
    "ounces": Decimal("28.349523125"),
    "pounds": Decimal("453.59237"),
    "hundredths_pounds": Decimal("4.5359237"),
}
_ASIN = re.compile(r"[A-Z0-9]{10}")
_NUMBER = re.compile(r"-?\d{1,20}(\.\d{1,20})?", re.ASCII)


class Unbelievable(ValueError):
    """An upstream wrote something that cannot be meant; the message says what."""


# --- objects and lists --------------------------------------------------------------------------------------


def at(node: object, *names: str) -> object:
    """Return what stands at this path, None when the path ends before."""
    for name in names:
        node = node.get(name) if isinstance(node, Mapping) else None
    return node


def table(node: object, *names: str) -> Raw:
    """Return the object at this path, {} for anything else."""
    found = at(node, *names)
    return found if isinstance(found, dict) else {}


def objects(node: object, *names: str) -> list[Raw] | None:
    """Return the objects in the list at this path, None when there is no list."""
    found = at(node, *names)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else None


def listed(node: object, *names: str) -> list[Raw]:
    """Return the same, [] when there is no list."""
    return objects(node, *names) or []


def length(node: object, *names: str) -> int:
    """Return how many entries, of any kind, the list at this path has; 0 when there is no list."""
    found = at(node, *names)
    return len(found) if isinstance(found, list) else 0


# --- values -------------------------------------------------------------------------------------------------


def word(node: object, *names: str) -> str | None:
    """Return the text at this path as it is, None when there is none or it is empty."""
    found = at(node, *names)
    return found if isinstance(found, str) and found else None


def lines(values: object) -> tuple[str, ...] | None:
    """Return the texts of a list, each without markup on one line; None when there is no list."""
    if not isinstance(values, list):
        return None
    return tuple(text for text in map(line, values) if text is not None)


def asin(value: object) -> str | None:
    """Return the ASIN, None for what does not look like one."""
    return value if isinstance(value, str) and _ASIN.fullmatch(value) else None


def flag(value: object) -> bool | None:
    """Return true or false."""
    return value if isinstance(value, bool) else None


def whole(value: object) -> int | None:
    """Return a number of things, None for anything that is no such number."""
    return value if type(value) is int and 0 <= value <= MOST_THINGS else None


def moment(value: object) -> datetime | None:
    """Return the time that is written as in ISO 8601 (2026-06-17T00:00:00.000Z), if it names its zone."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def written(value: object) -> Decimal | None:
    """Return a number, written as one or as a string, exactly as it is written: NaN and -1 too."""
    if isinstance(value, str):
        return Decimal(value) if _NUMBER.fullmatch(value) else None
    return Decimal(str(value)) if type(value) in (int, float) else None


def number(value: object) -> Decimal | None:
    """Return a number that is written as one; raises Unbelievable below 0, for NaN and the like."""
    found = None if isinstance(value, str) else written(value)
    if found is not None and not is_sane(found):
        raise Unbelievable(f"a number of {str(value)[:20]}")
    return found


def rounded(exact: Decimal) -> int:
    """Return the nearest whole number; halves are rounded up."""
    return int(exact.to_integral_value(ROUND_HALF_UP))


# --- what Amazon's pages show, whoever read them ------------------------------------------------------------


def money(
    value: object,
    *,
    amounts: Iterable[str],
    currencies: Iterable[str] = ("currency",),
    read: Callable[[object], Decimal | None] = number,
) -> Money | None:
    """Return an amount in the currency named beside it, None when either is missing; raises Unbelievable.

    `amounts` and `currencies` are the names that they may have, in order of preference; `read` reads the
    amount. The currency is never inferred: amazon.com shows prices in soles, too.
    """
    raw = table(value)
    found = (read(raw.get(name)) for name in amounts)
    amount = next((one for one in found if one is not None), None)
    currency = next((raw[name] for name in currencies if isinstance(raw.get(name), str)), "")
    if amount is None or not CURRENCY.fullmatch(currency):
        return None
    if not is_sane(amount):
        raise Unbelievable(f"a price of {str(amount)[:20]}")
    return Money(amount, currency)


def stars(value: object) -> Decimal | None:
    """Return a rating of 0 to 5, None for what is no number; raises Unbelievable."""
    found = number(value)
    if found is not None and found > 5:
        raise Unbelievable(f"a rating of {str(value)[:20]}")
    return found


def rank(value: object, *, lowest: int = 1) -> int | None:
    """Return a place in a best-seller list, None for what is no whole number; raises Unbelievable below
    `lowest`, which is 0 where that is written for "no place".
    """
    if type(value) is not int:
        return None
    if not lowest <= value <= MOST_THINGS:
        raise Unbelievable(f"a rank of {str(value)[:20]}")
    return value or None
