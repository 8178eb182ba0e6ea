"""How the Creators API writes money and counts; all else is written as everywhere. Pure."""

from providers import reading
from providers.base import Money
from providers.reading import number


def whole(value: object) -> int | None:
    """Return a number of things, also one written 12.0, or None; raises Unbelievable."""
    found = number(value)
    return int(found) if found is not None and found == found.to_integral_value() else None


def money(value: object) -> Money | None:
    """Return an amount in the currency it names; without a currency it is unknown. Raises Unbelievable."""
    return reading.money(value, amounts=("amount",))
