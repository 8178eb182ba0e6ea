"""What the header of a column says about the codes in it. Pure."""

import re
import unicodedata

from providers.kinds import Kind

_LONGEST = 100  # characters of a header that are looked at
# The words of reports, manifests and people, as `words` writes them; the first that occurs counts.
_NAMES: dict[Kind, tuple[str, ...]] = {
    Kind.FNSKU: (
        "fnsku",
        "fn sku",
        "fulfillment channel sku",
        "fulfilment channel sku",
        "fulfillment network sku",
        "fulfilment network sku",
    ),
    Kind.LPN: ("lpn", "license plate", "licence plate", "license plate number", "licence plate number"),
    Kind.ASIN: ("asin", "asin1", "asins"),
    Kind.GTIN: (
        *("upc", "upcs", "upc a", "upca", "ean", "eans", "ean13", "ean8", "gtin", "gtins", "gtin14"),
        *("isbn", "isbn10", "isbn13", "jan"),
    ),
    Kind.TRANSPARENCY: ("transparency", "transparency code"),
    Kind.SHIPMENT: ("shipment id", "fba shipment id"),
}
# What may hold codes of any kind: English, German, French, Spanish, Italian.
_GENERAL = (
    *("barcode", "barcodes", "bar code", "code", "codes", "sku", "skus", "item", "item number", "item no"),
    *("item id", "product id", "identifier", "label"),
    *("strichcode", "artikelnummer", "artikel nr", "artikelnr", "produktcode", "produktnummer"),
    *("code barres", "code a barres", "codes barres", "reference", "reference article"),
    *("codigo", "codigos", "codigo de barras", "referencia", "numero de articulo"),
    *("codice", "codici", "codice a barre", "codice articolo", "codice prodotto"),
)
# Codes of something else, whatever other words stand beside them.
_OTHERS = (
    "postal",
    "post code",
    "postcode",
    "zip",
    "country",
    "currency",
    "phone",
    "tax",
    "order",
    "hs code",
)


def words(header: str) -> str:
    """Return a header in small letters, without accents, with single spaces: "Code-barres (EAN)"."""
    plain = unicodedata.normalize("NFKD", header[:_LONGEST]).casefold()
    bare = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.findall(r"[a-z0-9]+", bare))


def names(header: str | None) -> Kind | None:
    """Return the kind of code that a header names, None when it names none."""
    padded = f" {words(header or '')} "
    return next(
        (kind for kind, known in _NAMES.items() if any(f" {word} " in padded for word in known)), None
    )


def is_general(header: str | None) -> bool:
    """Say whether a header may stand above codes without saying of which kind."""
    padded = f" {words(header or '')} "
    if any(f" {word} " in padded for word in _OTHERS):
        return False
    return any(f" {word} " in padded for word in _GENERAL)
