"""Sizes and weights, which come in the unit of the marketplace. Pure."""

from decimal import Decimal

from providers.base import Measurements
from providers.creators.wire import Raw, at, number, word

# Units in words we do not know are no size at all: better unknown than wrong by a factor.
_MILLIMETRES = {
    "millimeters": Decimal(1),
    "centimeters": Decimal(10),
    "meters": Decimal(1000),
    "inches": Decimal("25.4"),
    "feet": Decimal("304.8"),
}
_GRAMS = {
    "grams": Decimal(1),
    "kilograms": Decimal(1000),
    "ounces": Decimal("28.349523125"),
    "pounds": Decimal("453.59237"),
}


def measurements(raw: Raw) -> Measurements | None:
    """Return the size and weight of the item itself, in millimetres and grams; None when nothing is known."""
    sizes = at(raw, "itemInfo", "productInfo", "itemDimensions")
    found = Measurements(
        length_mm=_in(_MILLIMETRES, at(sizes, "length")),
        width_mm=_in(_MILLIMETRES, at(sizes, "width")),
        height_mm=_in(_MILLIMETRES, at(sizes, "height")),
        weight_g=_in(_GRAMS, at(sizes, "weight")),
    )
    return None if found == Measurements() else found


def _in(units: dict[str, Decimal], measure: object) -> int | None:
    value, unit = number(at(measure, "displayValue")), word(measure, "unit")
    factor = units.get((unit or "").lower())
    return round(value * factor) or None if value is not None and factor is not None else None
