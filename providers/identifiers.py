"""Check the identifiers people send, and refuse the rest in one helpful sentence. Pure.

What a code is, `recognise` says; what to do about one that is not the code asked for, is said here.
"""

from stdnum import isbn

from providers.recognition import GTIN_NAMES, MAX_LENGTH, Kind, Recognised, recognise, shown

__all__ = [
    "MAX_LENGTH",
    "InvalidASIN",
    "InvalidFNSKU",
    "InvalidIdentifier",
    "Kind",
    "Recognised",
    "asin",
    "fnsku",
    "recognise",
]


class InvalidIdentifier(ValueError):
    """The text is not the identifier asked for; the message says what it is and what to do."""


class InvalidASIN(InvalidIdentifier):
    """Not an ASIN."""


class InvalidFNSKU(InvalidIdentifier):
    """Not an FNSKU."""


def asin(text: str) -> str:
    """Return the ASIN in the text: spaces, lower case and an Amazon product address are mended.

    Raises InvalidASIN, with a sentence that says what the text is instead.
    """
    found = recognise(text)
    if found.kind in (Kind.ASIN, Kind.ISBN10):
        return found.normal
    raise InvalidASIN(_why_no_asin(found))


def fnsku(text: str) -> str:
    """Return the FNSKU in the text, X and nine more letters or digits; raises InvalidFNSKU.

    One that does not begin with X00 is accepted, since no rule of Amazon's forbids it; recognise() notes it.
    """
    found = recognise(text)
    if found.kind is Kind.FNSKU:
        return found.normal
    raise InvalidFNSKU(_why_no_fnsku(found))


def _why_no_asin(found: Recognised) -> str:
    code = shown(found.normal)
    match found.kind:
        case Kind.FNSKU:
            advice = f"{code} is an FNSKU; convert it first, then look up the ASIN it leads to."
            return " ".join((advice, *found.notes))
        case Kind.LPN:
            return (
                f"{code} is an LPN return sticker: it names one returned unit, not a product. "
                "The FNSKU (X00...) is usually beneath it; take that, or the ASIN."
            )
        case Kind.TRANSPARENCY:
            inside = f" It carries the GTIN {found.gtin}." if found.gtin else ""
            advice = (
                "This is a Transparency code: it names one unit, not a product. Use the FNSKU or the ASIN."
            )
            return advice + inside
        case Kind.SHIPMENT:
            return f"{code} is the number of a shipment box, not of a product. Use the FNSKU or the ASIN."
        case Kind.GTIN:
            return _why_no_asin_but_gtin(code)
        case _:
            return found.notes[0]


def _why_no_asin_but_gtin(code: str) -> str:
    if len(code) == 13 and code.startswith("978"):
        short = isbn.to_isbn10(code)
        return f"{code} is an ISBN-13: the printed book's ASIN is usually its ISBN-10, {short}."
    if len(code) == 13 and code.startswith("979"):
        return (
            f"{code} is an ISBN-13 without an ISBN-10: take the ASIN (B0...) from the book's page on Amazon."
        )
    article = "an" if len(code) in (8, 13) else "a"
    return (
        f"{code} is {article} {GTIN_NAMES[len(code)]}, the manufacturer's barcode, not an ASIN: "
        "take the ASIN (B0...) from the product's page on Amazon."
    )


def _why_no_fnsku(found: Recognised) -> str:
    code = found.normal
    match found.kind:
        case Kind.ASIN | Kind.ISBN10:
            return f"{code} is already an ASIN: look it up, nothing has to be converted."
        case Kind.GTIN:
            name = GTIN_NAMES[len(code)]
            return f"{code} is the manufacturer's barcode ({name}); an FNSKU is X00 and seven more."
        case Kind.UNKNOWN:
            return found.notes[0].replace("an ASIN such as B07ZPKCJ6X", "an FNSKU such as X0001ABCDE")
        case _:
            return _why_no_asin(found)
