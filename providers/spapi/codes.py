"""Which codes of an answer are what they should be. Pure."""

import re

from providers.kinds import Kind
from providers.recognition import recognise

# Nearly all are written as they should be, and need not be recognised among all other kinds.
_ASIN = re.compile("B0[A-Z0-9]{8}")
_FNSKU = re.compile("X[A-Z0-9]{9}")


def asin(value: object) -> str | None:
    """Return the ASIN (or a printed book's ISBN-10), or None for anything else."""
    if not isinstance(value, str):
        return None
    if _ASIN.fullmatch(value):
        return value
    found = recognise(value)
    return found.normal if found.kind in (Kind.ASIN, Kind.ISBN10) else None


def fnsku(value: object, asin: str) -> str | None:
    """Return the FNSKU, or the ASIN where it stands in its place, or None for anything else."""
    if not isinstance(value, str):
        return None
    if value == asin or _FNSKU.fullmatch(value):
        return value
    found = recognise(value)
    return found.normal if found.kind is Kind.FNSKU or found.normal == asin else None
