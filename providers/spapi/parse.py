"""From an item of the catalogue to ProductData. Pure: no network, no clock, no settings.

Fields of an unexpected kind are unknown (None). Money and ranks that cannot be meant raise Unbelievable:
then the whole item is not to be trusted.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from providers import reading
from providers.base import FIELDS, Identifiers, ImageData, Measurements, ProductData, RankData
from providers.marketplaces import Marketplace
from providers.reading import GRAMS, MILLIMETRES, Raw, Unbelievable, listed, table, whole, word
from providers.spapi.wire import attribute, measure, money, of_marketplace, place_in
from providers.text import line, paragraphs

DEEPEST = 30  # no category lies so deep
_LINK = re.compile(r"https://[\w.-]+/[\x21\x23-\x3b\x3d\x3f-\x7e]+", re.ASCII)  # no quotes, no < and >
_CODE = re.compile(r"\d{8,14}|\d{9}X", re.ASCII)


def product(raw: Raw, place: Marketplace) -> ProductData:
    """Return what the catalogue says of one item, as far as it goes; raises Unbelievable."""
    number = asin(raw)
    if number is None:
        raise Unbelievable("an item of no ASIN")
    summary = of_marketplace(raw, "summaries", place)
    ranks = _ranks(raw, place)
    found = ProductData(
        asin=number,
        marketplace=place.code,
        title=line(summary.get("itemName")) or _line(raw, "item_name", place),
        brand=line(summary.get("brand")) or _line(raw, "brand", place),
        manufacturer=line(summary.get("manufacturer")) or _line(raw, "manufacturer", place),
        description=_description(raw, place),
        bullets=_bullets(raw, place),
        images=_images(raw, place),
        categories=_categories(raw, place),
        product_type=line(of_marketplace(raw, "productTypes", place).get("productType")),
        parent_asin=next(iter(_related(raw, "parentAsins", place) or ()), None),
        variation_asins=_related(raw, "childAsins", place),
        list_price=next((p for p in map(money, attribute(raw, "list_price", place)) if p), None),
        rank=ranks[0] if ranks else None,
        ranks=ranks,
        identifiers=identifiers(raw, place),
        item=_measurements(raw, "item", "item", place),
        package=_measurements(raw, "package", "item_package", place),
    )
    if not any(getattr(found, name) for name in FIELDS):
        raise Unbelievable("a product without a single fact")
    return replace(found, url=f"https://www.{place.domain}/dp/{number}")


def asin(raw: Raw) -> str | None:
    """Return the item's ASIN, None when that is none."""
    return reading.asin(raw.get("asin"))


def codes(raw: Raw, place: Marketplace) -> frozenset[str]:
    """Return the item's EANs, UPCs and GTINs, padded to 14 digits so that one number is one code."""
    known = identifiers(raw, place) or Identifiers()
    return frozenset(code.zfill(14) for code in (*known.eans, *known.upcs, *known.gtins, *known.isbns))


def title(raw: Raw, place: Marketplace) -> str | None:
    """Return the item's name."""
    return line(of_marketplace(raw, "summaries", place).get("itemName"))


def identifiers(raw: Raw, place: Marketplace) -> Identifiers | None:
    """Return the item's other numbers; those that its seller assigned where the catalogue lists none."""
    known = of_marketplace(raw, "identifiers", place).get("identifiers")
    assigned = attribute(raw, "externally_assigned_product_identifier", place)
    if not isinstance(known, list) and not assigned:
        return None
    pairs = [(one.get("identifierType"), one.get("identifier")) for one in listed(known)]
    return _sorted_by_type(pairs or [(one.get("type"), one.get("value")) for one in assigned])


def _sorted_by_type(pairs: Iterable[tuple[object, object]]) -> Identifiers:
    by_type: dict[str, dict[str, None]] = {"EAN": {}, "UPC": {}, "GTIN": {}, "ISBN": {}}
    for kind, code in pairs:
        name = str(kind).upper().replace("JAN", "EAN")  # a Japanese article number is an EAN
        if name in by_type and isinstance(code, str) and _CODE.fullmatch(code):
            by_type[name][code] = None
    books = (code for code in by_type["EAN"] if len(code) == 13 and code.startswith(("978", "979")))
    isbns = dict.fromkeys((*by_type["ISBN"], *books))
    return Identifiers(
        eans=tuple(by_type["EAN"]),
        upcs=tuple(by_type["UPC"]),
        gtins=tuple(by_type["GTIN"]),
        isbns=tuple(isbns),
    )


def _line(raw: Raw, name: str, place: Marketplace) -> str | None:
    return next((text for text in _lines(raw, name, place)), None)


def _lines(raw: Raw, name: str, place: Marketplace) -> Iterator[str]:
    texts = (line(one.get("value")) for one in attribute(raw, name, place))
    return (text for text in texts if text is not None)


def _bullets(raw: Raw, place: Marketplace) -> tuple[str, ...] | None:
    known = isinstance(table(raw.get("attributes")).get("bullet_point"), list)
    return tuple(_lines(raw, "bullet_point", place)) if known else None


def _description(raw: Raw, place: Marketplace) -> str | None:
    entries = attribute(raw, "product_description", place)
    texts = (paragraphs(one.get("value")) for one in entries)
    return "\n".join(text for text in texts if text is not None) or None


def _images(raw: Raw, place: Marketplace) -> tuple[ImageData, ...] | None:
    """Return the largest picture of every view, the main one first."""
    known = of_marketplace(raw, "images", place).get("images")
    if not isinstance(known, list):
        return None
    best: dict[str | None, ImageData] = {}
    for image in filter(None, map(_image, listed(known))):
        if image.variant not in best or _area(image) > _area(best[image.variant]):
            best[image.variant] = image
    return tuple(sorted(best.values(), key=lambda image: image.variant != "MAIN"))


def _image(raw: Raw) -> ImageData | None:
    link = raw.get("link")
    if not isinstance(link, str) or not _LINK.fullmatch(link):
        return None
    return ImageData(
        url=link,
        width=whole(raw.get("width")) or None,
        height=whole(raw.get("height")) or None,
        variant=line(raw.get("variant")),
    )


def _area(image: ImageData) -> int:
    return (image.width or 0) * (image.height or 0)


def _categories(raw: Raw, place: Marketplace) -> tuple[str, ...] | None:
    """Return the first classification's names from the root down, or the one that the summary names."""
    classifications = listed(of_marketplace(raw, "classifications", place).get("classifications"))
    browse = of_marketplace(raw, "summaries", place).get("browseClassification")
    node: object = classifications[0] if classifications else browse
    names: list[str] = []
    while isinstance(node, dict) and len(names) < DEEPEST:
        name = line(node.get("displayName"))
        if name is None:
            break
        names.append(name)
        node = node.get("parent")
    return tuple(reversed(names)) or None


def _related(raw: Raw, name: str, place: Marketplace) -> tuple[str, ...] | None:
    """Return the parents or children among an item's variations; None where there are none to speak of."""
    relations = listed(of_marketplace(raw, "relationships", place).get("relationships"))
    lists = [one.get(name) for one in relations if one.get("type") == "VARIATION"]
    asins = (reading.asin(value) for known in lists if isinstance(known, list) for value in known)
    return tuple(number for number in asins if number is not None) or None


def _ranks(raw: Raw, place: Marketplace) -> tuple[RankData, ...] | None:
    """Return the places in the lists of departments first, then those of finer categories."""
    known = of_marketplace(raw, "salesRanks", place)
    wide = (_rank(one, "websiteDisplayGroup") for one in listed(known.get("displayGroupRanks")))
    fine = (_rank(one, "classificationId") for one in listed(known.get("classificationRanks")))
    return tuple(rank for rank in (*wide, *fine) if rank is not None) or None


def _rank(raw: Raw, category_id: str) -> RankData | None:
    rank = place_in(raw.get("rank"))
    if rank is None:
        return None
    return RankData(rank=rank, category=line(raw.get("title")), category_id=word(raw, category_id))


def _measurements(raw: Raw, what: str, name: str, place: Marketplace) -> Measurements | None:
    """Return size and weight: what the catalogue measured, else what the seller wrote."""
    measured = table(of_marketplace(raw, "dimensions", place).get(what))
    size = next(iter(attribute(raw, f"{name}_dimensions", place)), {})
    weights = (measured.get("weight"), next(iter(attribute(raw, f"{name}_weight", place)), None))
    length, width, height = (
        measure(measured.get(side), MILLIMETRES) or measure(size.get(side), MILLIMETRES)
        for side in ("length", "width", "height")
    )
    weight = next((grams for grams in (measure(one, GRAMS) for one in weights) if grams), None)
    found = Measurements(length_mm=length, width_mm=width, height_mm=height, weight_g=weight)
    return None if found == Measurements() else found
