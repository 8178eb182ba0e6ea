"""Say what a typed, scanned or pasted code is. Pure.

An ASIN is B0 and eight more letters or digits, or, for printed books, the ISBN-10 with a correct check
digit; an FNSKU is X00 and seven more. The letters O and I occur in FNSKUs, so they are never replaced by
0 and 1: at most they are suggested.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice

from providers import readings
from providers.gs1 import read_element_string, read_gtin, read_isbn10
from providers.kinds import GTIN_NAMES, MAX_LENGTH, Flaw, Kind, Recognised, name_of, shown, unknown
from providers.links import UnreadableLink, is_link, read_link
from providers.sentences import sentence

__all__ = ["GTIN_NAMES", "MAX_LENGTH", "Flaw", "Kind", "Recognised", "recognise", "shown"]

_SPACES = "".join(char for char in map(chr, range(0x3001)) if char.isspace() and not "\x1c" <= char <= "\x1f")
_QUOTES = "'\"`\u00ab\u00bb\u2018\u2019\u201a\u201c\u201d\u201e"
_SEPARATORS = ",;"  # a code cut out of a list brings its separator along
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_ALPHABET = "only the letters A to Z and the digits 0 to 9 occur in a code"
_PLAIN = re.compile(r"[A-Z0-9]{8,14}")
_SCANNER = re.compile(r"\][A-Za-z]\d")  # what a scanner calls the symbology


def recognise(text: str) -> Recognised:
    """Say what a code is; never raises, and takes time in proportion to at most MAX_LENGTH characters."""
    found = _read(text)
    return replace(found, sentence=sentence(found))


def _read(text: str) -> Recognised:
    if _PLAIN.fullmatch(text):  # as nearly all are: nothing has to be mended
        return _classify(text)
    if len(text) > MAX_LENGTH:
        why = f"This has {len(text)} characters; a code has 10, an address at most {MAX_LENGTH}."
        return unknown(text, Flaw.LENGTH, why)
    trimmed, repaired = _trim(text)
    if not trimmed:
        return unknown("", Flaw.EMPTY, "Nothing was given: send an ASIN such as B07ZPKCJ6X.")
    found = read_element_string(trimmed) or _without_control(trimmed)
    return replace(found, repaired=(*repaired, *found.repaired))


def _trim(text: str) -> tuple[str, list[str]]:
    """Take away what stands around a code, and what spreadsheets and scanners add; say what that was."""
    inner = text.strip(_SPACES + _QUOTES + _SEPARATORS)
    start = text.find(inner)
    cut = text[:start] + text[start + len(inner) :]
    repaired = [name for name, chars in _AROUND.items() if set(chars) & set(cut)]
    if inner.startswith('="'):
        inner, repaired = inner[2:], [*repaired, "read from a formula"]
    if _SCANNER.match(inner) and not read_element_string(inner):
        inner, repaired = inner[3:], [*repaired, "mark of the scanner removed"]
    if re.fullmatch(r"[0-9]{6,14}\.0{1,4}", inner):
        inner, repaired = inner.partition(".")[0], [*repaired, ".0 at the end removed"]
    return inner, repaired


_AROUND = {
    "spaces removed": _SPACES,
    "quotation marks removed": _QUOTES,
    "separator removed": _SEPARATORS,
}


def _without_control(text: str) -> Recognised:
    control = next((char for char in text if char < " " and char not in "\t\r\n"), None)
    if control is not None:
        why = f"The text contains {name_of(control)}; type the code again."
        return _suggesting(unknown(text, Flaw.CHARACTER, why), readings.of_foreign(text))
    return _in_link(text) if is_link(text) else _in_code(text)


def _in_link(text: str) -> Recognised:
    try:
        link = read_link(text)
    except UnreadableLink as problem:
        return unknown(text, Flaw.LINK, str(problem))
    found = _classify(link.code)
    if found.kind is Kind.UNKNOWN:
        return found
    origin = (f"Read from a link to {link.host}.",) if link.host else ()
    return replace(found, notes=found.notes + origin, repaired=("read from a link", *found.repaired))


def _in_code(text: str) -> Recognised:
    parts = re.split(r"[\s,;]+", text)
    if len(parts) > 1 and all(len(part) >= 8 for part in parts):
        return unknown(text, Flaw.SEVERAL, f"These are {len(parts)} codes: send them one at a time.")
    plain = "".join(text.split()).translate(_DASHES)
    foreign = next((char for char in plain if not char.isascii()), None)
    if foreign is not None:
        why = f"The code contains {name_of(foreign)}; {_ALPHABET}."
        return _suggesting(unknown(plain, Flaw.CHARACTER, why), readings.of_foreign(plain))
    found = _classify(plain.upper())
    mended = ["spaces removed"] * (len(parts) > 1) + ["put in capitals"] * (plain.upper() != plain)
    return replace(found, repaired=(*mended, *found.repaired))


def _classify(code: str) -> Recognised:
    """Try the known shapes in order; the code is ASCII, upper case, without spaces."""
    bare = code.replace("-", "")
    if bare != code and re.fullmatch(r"\d+X?", bare):
        # a printed ISBN has hyphens; a hyphen elsewhere belongs to an SKU
        return replace(_classify(bare), repaired=("hyphens removed",))
    found = _known(code)
    if found is None or found.kind is Kind.UNKNOWN:
        return _suggesting(found or _why_unknown(code), readings.of_unknown(code))
    if found.kind in (Kind.FNSKU, Kind.ASIN):
        return _suggesting(found, readings.of_unit(code))
    return found


def _known(code: str) -> Recognised | None:
    return next((found for shape in _SHAPES if (found := shape(code)) is not None), None)


def _is_known(code: str) -> bool:
    found = _known(code)
    return found is not None and found.kind is not Kind.UNKNOWN


def _suggesting(found: Recognised, candidates: Iterable[str]) -> Recognised:
    """Add those of the readings that are codes."""
    suggestions = tuple(islice(filter(_is_known, candidates), readings.MAX_SUGGESTIONS))
    if suggestions and found.flaw in (Flaw.CHARACTER, Flaw.LENGTH, Flaw.SHAPE):
        why = found.notes[0].removesuffix(".")
        notes = (why if why.endswith("?") else f"{why}: is it {suggestions[0]}?",)
        return replace(found, suggestions=suggestions, notes=notes)
    return replace(found, suggestions=suggestions)


def _transparency(code: str) -> Recognised | None:
    return Recognised(Kind.TRANSPARENCY, code) if re.fullmatch(r"(?:AZ|ZA):.{26}", code) else None


def _lpn(code: str) -> Recognised | None:
    return Recognised(Kind.LPN, code) if re.fullmatch(r"LPN[A-Z0-9]{5,20}", code) else None


def _shipment(code: str) -> Recognised | None:
    """Recognise a shipment, or one of its boxes: FBA15DJ9SVVD, FBA15DJ9SVVDU000001."""
    is_one = re.fullmatch(r"FBA[A-Z0-9]{8,10}(?:U[0-9]{6})?", code)
    return Recognised(Kind.SHIPMENT, code) if is_one else None


def _fnsku(code: str) -> Recognised | None:
    if re.fullmatch(r"X[A-Z0-9]{9}", code) is None:
        return None
    if code.startswith("X00"):
        return Recognised(Kind.FNSKU, code)
    doubt = f"{code} does not begin with X00 as FNSKUs do: read the label again."
    return Recognised(Kind.FNSKU, code, (doubt,), flaw=Flaw.PREFIX)


def _asin(code: str) -> Recognised | None:
    return Recognised(Kind.ASIN, code) if re.fullmatch(r"B0[A-Z0-9]{8}", code) else None


_SHAPES: tuple[Callable[[str], Recognised | None], ...] = (
    _transparency,
    _lpn,
    _shipment,
    _fnsku,
    _asin,
    read_isbn10,
    read_gtin,
)


def _why_unknown(code: str) -> Recognised:
    """Explain a code of no known shape: by a wrong character, else by its length, else by its start."""
    damaged = _spreadsheet(code)
    if damaged:
        return damaged
    name = shown(code)
    foreign = next((char for char in code if not char.isalnum()), None)
    if foreign is not None:
        return unknown(code, Flaw.CHARACTER, f"{name} contains {name_of(foreign)}; {_ALPHABET}.")
    if code.startswith("X0") or (code.startswith("X") and len(code) == 11):
        why = f"{name} has {len(code)} characters; an FNSKU has exactly 10, X00 and seven more."
        return unknown(code, Flaw.LENGTH, why)
    if len(code) == 10 and code.startswith("BO"):
        why = f"{name} begins with B and the letter O, an ASIN with B and the digit 0: is it B0{code[2:]}?"
        return unknown(code, Flaw.SHAPE, why)
    if len(code) != 10:
        characters = "1 character" if len(code) == 1 else f"{len(code)} characters"
        why = f"{name} has {characters}; an ASIN has exactly 10, and so has an FNSKU."
        return unknown(code, Flaw.LENGTH, why)
    why = f"{name} is no ASIN (B0 and eight more, or a book's ISBN-10) and no FNSKU (X00 and seven more)."
    return unknown(code, Flaw.SHAPE, why)


def _spreadsheet(code: str) -> Recognised | None:
    """Find what spreadsheets do to numbers: 6.19E+11, and leading zeros gone."""
    if re.fullmatch(r"\d(?:[.,]\d+)?E\+?\d+", code):
        whole = list(filter(_is_known, readings.written_out(code)))
        advice = "format the column as text, then paste the code again"
        why = f"{shown(code)} is a number that a spreadsheet has rounded: {advice}."
        if whole:
            why = f"{code} is how a spreadsheet writes a long number: is it {whole[0]}?"
        return unknown(code, Flaw.ROUNDED, why)
    whole = list(filter(_is_known, readings.with_zeros(code)))
    if not whole:
        return None
    zeros = "zero" if len(whole[0]) - len(code) == 1 else "zeros"
    why = f"{code} may have lost its leading {zeros} in a spreadsheet: is it {' or '.join(whole)}?"
    return unknown(code, Flaw.LOST_ZERO, why)
