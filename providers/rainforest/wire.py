"""How Rainforest writes money and times; all else is written as everywhere. Pure.

Every field may be missing or null, and every text is in the marketplace's language. Numbers stand beside
the text they were read from (`raw`), which is never read again: 1.139,00 and 1,139.00 are the same price.
"""

from collections.abc import Mapping
from datetime import datetime

from providers import reading
from providers.base import Money
from providers.reading import at


def money(price: object) -> Money | None:
    """Return a price object's `value` in its `currency`; None without either. Raises Unbelievable."""
    return reading.money(price, amounts=("value",))


def moment(value: object) -> datetime | None:
    """Return the time in {raw, utc}, or in a `utc` by itself (2018-06-17T00:00:00.000Z); else None.

    `raw` is a sentence ("Reviewed in France on..."), which nobody reads.
    """
    return reading.moment(at(value, "utc") if isinstance(value, Mapping) else value)
