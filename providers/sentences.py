"""One sentence for people about what a code is. Pure."""

from providers.kinds import GTIN_NAMES, Kind, Recognised

_FIXED = {
    Kind.ASIN: "This is an ASIN: it can be looked up as it is.",
    Kind.ISBN10: "This is an ISBN-10, which is the ASIN of the printed book: it can be looked up as it is.",
    Kind.LPN: "This is an LPN return sticker; the FNSKU is usually beneath it.",
    Kind.SHIPMENT: "This is the number of a shipment box; the FNSKUs are on the articles inside.",
}


def sentence(found: Recognised) -> str:
    """Return what to tell a person who typed or scanned this."""
    if found.kind is Kind.UNKNOWN or found.flaw:
        return found.notes[0]
    match found.kind:
        case Kind.FNSKU if found.suggestions:
            return (
                "This is an FNSKU: convert it to find the ASIN. 0 and O, 1 and I are easily mistaken in it."
            )
        case Kind.FNSKU:
            return "This is an FNSKU: convert it to find the ASIN."
        case Kind.TRANSPARENCY:
            return _transparency(found)
        case Kind.GTIN:
            return _gtin(found)
        case _:
            return _FIXED[found.kind]


def _transparency(found: Recognised) -> str:
    one = "This is a Transparency code, which names one unit"
    if found.gtin:
        return f"{one}; the GTIN in it, {found.gtin}, names the product."
    return f"{one}; the FNSKU or barcode is elsewhere on the article."


def _gtin(found: Recognised) -> str:
    code = found.normal
    is_book = len(code) == 13 and code.startswith(("978", "979"))
    if is_book and found.suggestions:
        return f"This is an ISBN-13; the printed book's ASIN is usually its ISBN-10, {found.suggestions[0]}."
    if is_book:
        return "This is an ISBN-13 without an ISBN-10; such a book's ASIN begins with B0."
    article = "an" if len(code) in (8, 13) else "a"
    return f"This is {article} {GTIN_NAMES[len(code)]}, the manufacturer's barcode."
