"""Sizes and weights from sentences such as "7.5 x 3.2 x 0.3 inches; 6.2 ounces". Pure.

What can be read in two ways is not read: 1.250 kg is one and a quarter in London, a ton and a quarter in
Berlin. Neither are units that we do not know.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from providers import reading
from providers.base import Measurements
from providers.reading import rounded

LONGEST = 200  # characters; a size is never more
_MARKS = str.maketrans(
    "\u00a0", " ", "\u200e\u200f\u202a\u202b\u202c"
)  # Amazon's, for writing from the right
_NUMBER = r"(\d{1,6}(?:[.,](?:\d{1,2}|\d{4,8}))?|0[.,]\d{3})"
_UNIT = r"([^\W\d_]+)\.?"
_WEIGHT = re.compile(rf"{_NUMBER}\s*{_UNIT}")
_SIZE = re.compile(
    rf"{_NUMBER}\s*[x×]\s*{_NUMBER}\s*[x×]\s*{_NUMBER}\s*{_UNIT}(?:\s*[;,]\s*(.+))?", re.IGNORECASE
)


def _units(words: Mapping[str, str], known: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {word: known[unit] for unit, line in words.items() for word in line.split()}


MILLIMETRES = _units(
    {
        "millimeters": "mm millimeter millimeters millimetre millimetres millimètres milímetros millimetri",
        "centimeters": "cm centimeter centimeters centimetre centimetres "
        "zentimeter centimètres centímetros centimetri",
        "meters": "m meter meters metre metres mètres metros metri",
        "inches": "in inch inches zoll pouces pulgadas pollici",
    },
    reading.MILLIMETRES,
)
GRAMS = _units(
    {
        "milligrams": "mg milligram milligrams",
        "grams": "g gram grams gramme grammes gramm gramos grammi gramas",
        "kilograms": "kg kilogram kilograms kilogramme kilogrammes kilogramm "
        "kilogramos chilogrammi quilogramas",
        "ounces": "oz ounce ounces",
        "pounds": "lb lbs pound pounds",
    },
    reading.GRAMS,
)


def measurements(size: object, weight: object = None) -> Measurements | None:
    """Return what both texts say; a weight behind the size counts when there is no other. None: nothing."""
    length, width, height, rest = _size(size)
    grams = _weight(weight)
    found = Measurements(
        length_mm=length, width_mm=width, height_mm=height, weight_g=_weight(rest) if grams is None else grams
    )
    return None if found == Measurements() else found


def _size(text: object) -> tuple[int | None, int | None, int | None, str | None]:
    """Return length, width and height in millimetres, as Amazon orders them, and what follows."""
    match = _SIZE.fullmatch(_clean(text))
    factor = MILLIMETRES.get(match[4].casefold()) if match else None
    if match is None or factor is None:
        return None, None, None, None
    length, width, height = (_rounded(match[number], factor) for number in (1, 2, 3))
    return length, width, height, match[5]


def _weight(text: object) -> int | None:
    match = _WEIGHT.fullmatch(_clean(text))
    factor = GRAMS.get(match[2].casefold()) if match else None
    return None if match is None or factor is None else _rounded(match[1], factor)


def _clean(text: object) -> str:
    return text[:LONGEST].translate(_MARKS).strip() if isinstance(text, str) else ""


def _rounded(number: str, factor: Decimal) -> int | None:
    """Return whole millimetres or grams; what is nearer to none is unknown."""
    exact = Decimal(number.replace(",", ".")) * factor
    return rounded(exact) or None
