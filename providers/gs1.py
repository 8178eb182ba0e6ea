"""Barcodes of GS1: the digits that name an article, and the element strings that carry them. Pure."""

import re

from stdnum import ean, isbn

from providers.kinds import GTIN_NAMES, Flaw, Kind, Recognised, unknown

# A GTIN after 01 and, mostly, a serial number after 21: with brackets as printed, bare as scanned. Scanners
# put the name of the symbology (]d2) before it, and FNC1, sent as GS, before it and after the serial number.
# Separators, quotation marks and brackets, which GS1 allows in a serial number, are not read: lists use them.
_SERIAL = r"[!%&*+./0-9:<=>?A-Z_a-z-]{1,20}"
_PRINTED = re.compile(rf"\(01\)([0-9]{{14}})(?:\(21\)({_SERIAL})(?:\(.*)?)?")
_SCANNED = re.compile(rf"01([0-9]{{14}})(?:\x1d?21({_SERIAL})(?:\x1d.*)?)?")
_MARK = re.compile(r"^(?:\][A-Za-z]\d)?\x1d?")
_SPACE = re.compile(r"[^\S\x1d]")


def read_element_string(text: str) -> Recognised | None:
    """Return the article, or the unit of it, that an element string names; None for anything else."""
    plain = _MARK.sub("", _SPACE.sub("", text), count=1)
    found = _PRINTED.fullmatch(plain) or _SCANNED.fullmatch(plain)
    if found is None:
        return None
    gtin, serial = found.groups()
    right = ean.calc_check_digit(gtin[:-1])
    if gtin[-1] != right:
        why = f"The GTIN in this label, {gtin}, would have to end in {right}: scan the label again."
        return unknown(text, Flaw.CHECK_DIGIT, why)
    if serial is None:
        return Recognised(Kind.GTIN, gtin, gtin=gtin, repaired=("taken out of a GS1 label",))
    return Recognised(Kind.TRANSPARENCY, f"01{gtin}21{serial}", gtin=gtin, suggestions=(gtin,))


def read_gtin(code: str) -> Recognised | None:
    """Return the barcode that 8, 12, 13 or 14 digits are; unknown where the check digit is wrong."""
    if not code.isdigit() or len(code) not in GTIN_NAMES:
        return None
    right = ean.calc_check_digit(code[:-1])
    if code[-1] != right:
        name = GTIN_NAMES[len(code)]
        why = f"{code} looks like a barcode ({name}), but {last_digit(right)}: scan it again."
        return unknown(code, Flaw.CHECK_DIGIT, why)
    return Recognised(Kind.GTIN, code, gtin=code.zfill(14), suggestions=_books(code))


def read_isbn10(code: str) -> Recognised | None:
    """Return the book that nine digits and a check digit, or X, are."""
    if re.fullmatch(r"\d{9}[\dX]", code) is None:
        return None
    right = next(digit for digit in "0123456789X" if isbn.is_valid(code[:9] + digit))
    if code[9] != right:
        why = f"{code} looks like an ISBN-10, but {last_digit(right)}: compare it with the book."
        return unknown(code, Flaw.CHECK_DIGIT, why)
    return Recognised(Kind.ISBN10, code, gtin=isbn.to_isbn13(code).zfill(14))


def _books(code: str) -> tuple[str, ...]:
    """Return the ISBN-10, under which Amazon sells the printed book that this barcode names."""
    bare = code.zfill(14)
    return (isbn.to_isbn10(bare[1:]),) if bare.startswith("0978") else ()


def last_digit(right: str) -> str:
    """Return how the digit that would have been right is named."""
    return f"its last digit would have to be {right}"
