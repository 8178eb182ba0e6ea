"""What a code can be, what can be wrong with one, and how it is shown. Pure."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

# Longer than any address Amazon writes; nothing beyond it is looked at, so time is bounded.
MAX_LENGTH = 4096
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


class Flaw(StrEnum):
    """What is wrong with a text; all but PREFIX leave it unknown."""

    EMPTY = "empty"
    LENGTH = "length"  # too many or too few characters
    CHARACTER = "character"  # one that occurs in no code, seen or unseen
    CHECK_DIGIT = "check_digit"
    LOST_ZERO = "lost_zero"  # a spreadsheet took leading zeros away
    ROUNDED = "rounded"  # a spreadsheet wrote 6.19E+11
    LINK = "link"  # an address without a product in it
    SEVERAL = "several"
    SHAPE = "shape"  # none of the forms there are
    PREFIX = "prefix"  # an FNSKU that does not begin with X00


@dataclass(frozen=True, slots=True)
class Recognised:
    """A code, its kind, its normal form, and what there is to say about it.

    For a known kind the notes are remarks (a doubt, where it was found); for UNKNOWN the one note says why,
    and `normal` is the text as it can be shown. `repaired` names what was mended, `suggestions` other
    readings, in normal form, that a person may have meant: nothing applies them. `gtin` has 14 digits.
    `sentence` is for people.
    """

    kind: Kind
    normal: str
    notes: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    flaw: Flaw | None = None
    gtin: str | None = None
    sentence: str = ""

    @property
    def is_usable(self) -> bool:
        """Whether a product can be found by it: looked up as it is, or converted."""
        return self.kind in (Kind.ASIN, Kind.ISBN10, Kind.FNSKU) or self.gtin is not None


def unknown(code: str, flaw: Flaw, why: str) -> Recognised:
    """Return a text that is no code, and a sentence that says why."""
    return Recognised(Kind.UNKNOWN, shown(code), (why,), flaw=flaw)


def shown(code: str) -> str:
    """Shorten what was sent and drop what cannot be printed, so that it can stand in a message."""
    short = code if len(code) <= 40 else f"{code[:37]}..."
    return "".join(char if char.isprintable() else "\ufffd" for char in short)


def name_of(char: str) -> str:
    """Name a character so that it can be found even where it cannot be seen."""
    name = unicodedata.name(char, "")
    if not char.isprintable() or not name:
        return f"an invisible character (U+{ord(char):04X}{f' {name}' if name else ''})"
    return f"{char!r} ({name.lower()})"
