"""Say what a typed, scanned or pasted code is. Pure.

An ASIN is B0 and eight more letters or digits, or, for printed books, the ISBN-10 with a correct check
digit; an FNSKU is X00 and seven more. The letters O and I occur in FNSKUs, so they are never replaced by
0 and 1: at most a sentence suggests it.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from stdnum import ean, isbn

from providers.links import UnreadableLink, is_link, read_link

# Longer than any address Amazon writes; nothing beyond it is looked at, so time is bounded.
MAX_LENGTH = 4096

_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_ALPHABET = "only the letters A to Z and the digits 0 to 9 occur in a code"
GTIN_NAMES = {8: "EAN-8", 12: "UPC", 13: "EAN", 14: "GTIN-14"}


class Kind(StrEnum):
    """What a code can be."""

    ASIN = "asin"
    ISBN10 = "isbn10"
    FNSKU = "fnsku"
    GTIN = "gtin"
    LPN = "lpn"
    TRANSPARENCY = "transparency"
    SHIPMENT = "shipment"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Recognised:
    """A code, its kind, its normal form, and sentences about it.

    For a known kind the notes are remarks (a doubt, where it was found); for UNKNOWN the one note says why.
    """

    kind: Kind
    normal: str
    notes: tuple[str, ...] = ()


def recognise(text: str) -> Recognised:
    """Say what a code is; never raises, and takes time in proportion to at most MAX_LENGTH characters."""
    if len(text) > MAX_LENGTH:
        return _unknown(
            text, f"This has {len(text)} characters; a code has 10, an address at most {MAX_LENGTH}."
        )
    trimmed = text.strip().strip(",;").strip()  # a code cut out of a list brings its separator along
    if not trimmed:
        return _unknown("", "Nothing was given: send an ASIN such as B07ZPKCJ6X.")
    control = next((char for char in trimmed if char < " " and char not in "\t\r\n"), None)
    if control is not None:
        return _unknown(trimmed, f"The text contains {_name(control)}; type the code again.")
    return _in_link(trimmed) if is_link(trimmed) else _in_code(trimmed)


def shown(code: str) -> str:
    """Shorten what was sent and drop what cannot be printed, so that it can stand in a message."""
    short = code if len(code) <= 40 else f"{code[:37]}..."
    return "".join(char if char.isprintable() else "\ufffd" for char in short)


def _in_link(text: str) -> Recognised:
    try:
        link = read_link(text)
    except UnreadableLink as problem:
        return _unknown(text, str(problem))
    found = _classify(link.code)
    origin = (f"Read from a link to {link.host}.",) if link.host else ()
    return replace(found, notes=found.notes + origin) if found.kind is not Kind.UNKNOWN else found


def _in_code(text: str) -> Recognised:
    parts = re.split(r"[\s,;]+", text)
    if len(parts) > 1 and all(len(part) >= 8 for part in parts):
        return _unknown(text, f"These are {len(parts)} codes: send them one at a time.")
    plain = "".join(text.translate(_DASHES).split())
    foreign = next((char for char in plain if not char.isascii()), None)
    if foreign is not None:
        return _unknown(plain, f"The code contains {_name(foreign)}; {_ALPHABET}.")
    return _classify(plain.upper())


def _classify(code: str) -> Recognised:
    """Try the known shapes in order; the code is ASCII, upper case, without spaces."""
    bare = code.replace("-", "")
    if re.fullmatch(r"\d+X?", bare):  # a printed ISBN has hyphens; a hyphen elsewhere belongs to an SKU
        code = bare
    for shape in _SHAPES:
        found = shape(code)
        if found is not None:
            return found
    return _unknown(code, _why_unknown(code))


def _transparency(code: str) -> Recognised | None:
    if re.fullmatch(r"(?:AZ|ZA):.{26}", code) is None:
        return None
    return Recognised(Kind.TRANSPARENCY, code)


def _lpn(code: str) -> Recognised | None:
    return Recognised(Kind.LPN, code) if re.fullmatch(r"LPN[A-Z0-9]{5,20}", code) else None


def _shipment(code: str) -> Recognised | None:
    return Recognised(Kind.SHIPMENT, code) if re.fullmatch(r"FBA[A-Z0-9]{8,10}", code) else None


def _fnsku(code: str) -> Recognised | None:
    if re.fullmatch(r"X[A-Z0-9]{9}", code) is None:
        return None
    doubt = f"{code} does not begin with X00 as FNSKUs do: read the label again."
    return Recognised(Kind.FNSKU, code, () if code.startswith("X00") else (doubt,))


def _asin(code: str) -> Recognised | None:
    return Recognised(Kind.ASIN, code) if re.fullmatch(r"B0[A-Z0-9]{8}", code) else None


def _isbn10(code: str) -> Recognised | None:
    if re.fullmatch(r"\d{9}[\dX]", code) is None:
        return None
    right = next(digit for digit in "0123456789X" if isbn.is_valid(code[:9] + digit))
    if code[9] == right:
        return Recognised(Kind.ISBN10, code)
    return _unknown(
        code, f"{code} looks like an ISBN-10, but {_last_digit(right)}: compare it with the book."
    )


def _gtin(code: str) -> Recognised | None:
    if not code.isdigit() or len(code) not in GTIN_NAMES:
        return None
    right = ean.calc_check_digit(code[:-1])
    if code[-1] == right:
        return Recognised(Kind.GTIN, code)
    name = GTIN_NAMES[len(code)]
    return _unknown(code, f"{code} looks like a barcode ({name}), but {_last_digit(right)}: scan it again.")


def _spreadsheet(code: str) -> Recognised | None:
    """Find what spreadsheets do to numbers: 6.19E+11, and leading zeros gone."""
    if re.fullmatch(r"\d(?:\.\d+)?E\+?\d+", code):
        advice = "format the column as text, then paste the code again"
        return _unknown(code, f"{shown(code)} is a number that a spreadsheet has rounded: {advice}.")
    whole = f"0{code}"
    if (len(whole) == 10 and isbn.is_valid(whole)) or (len(whole) == 12 and ean.is_valid(whole)):
        return _unknown(code, f"{code} may have lost its leading zero in a spreadsheet: is it {whole}?")
    return None


_SHAPES: tuple[Callable[[str], Recognised | None], ...] = (
    _transparency,
    _lpn,
    _shipment,
    _fnsku,
    _asin,
    _isbn10,
    _gtin,
    _spreadsheet,
)


def _last_digit(right: str) -> str:
    return f"its last digit would have to be {right}"


def _unknown(code: str, why: str) -> Recognised:
    return Recognised(Kind.UNKNOWN, shown(code), (why,))


def _why_unknown(code: str) -> str:
    """Explain a code of no known shape: by a wrong character, else by its length, else by its start."""
    name = shown(code)
    foreign = next((char for char in code if not char.isalnum()), None)
    if foreign is not None:
        return f"{name} contains {_name(foreign)}; {_ALPHABET}."
    if code.startswith("X0") or (code.startswith("X") and len(code) == 11):
        return f"{name} has {len(code)} characters; an FNSKU has exactly 10, X00 and seven more."
    if len(code) == 10 and code.startswith("BO"):
        return f"{name} begins with B and the letter O, an ASIN with B and the digit 0: is it B0{code[2:]}?"
    if len(code) != 10:
        return f"{name} has {len(code)} characters; an ASIN has exactly 10, and so has an FNSKU."
    return f"{name} is no ASIN (B0 and eight more, or a book's ISBN-10) and no FNSKU (X00 and seven more)."


def _name(char: str) -> str:
    """Name a character so that it can be found even where it cannot be seen."""
    name = unicodedata.name(char, "")
    if not char.isprintable() or not name:
        return f"an invisible character (U+{ord(char):04X}{f' {name}' if name else ''})"
    return f"{char!r} ({name.lower()})"
