"""Sizes and weights, which come in the unit of the marketplace. Pure."""

from collections.abc import Mapping
from decimal import Decimal

from providers.base import Measurements
from providers.reading import GRAMS, MILLIMETRES, Raw, at, number, word


def measurements(raw: Raw) -> Measurements | None:
    """Return the size and weight of the item itself, in millimetres and grams; None when nothing is known."""
    sizes = at(raw, "itemInfo", "productInfo", "itemDimensions")
    found = Measurements(
        length_mm=_in(MILLIMETRES, at(sizes, "length")),
        width_mm=_in(MILLIMETRES, at(sizes, "width")),
        height_mm=_in(MILLIMETRES, at(sizes, "height")),
        weight_g=_in(GRAMS, at(sizes, "weight")),
    )
    return None if found == Measurements() else found


def _in(units: Mapping[str, Decimal], measure: object) -> int | None:
    value, unit = number(at(measure, "displayValue")), word(measure, "unit")
    factor = units.get((unit or "").lower())
    return round(value * factor) or None if value is not None and factor is not None else None
