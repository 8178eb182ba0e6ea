"""From Rainforest's product answer to ProductData. Pure: no network, no clock, no settings.

Fields that are missing, null or of an unexpected kind are unknown (None): what a page does not show, an
answer leaves out. Money, ratings and ranks that cannot be meant raise Unbelievable: then the whole answer is
not to be trusted.
"""

import re
from collections.abc import Mapping

from stdnum import ean, isbn

from providers import reading
from providers.base import Availability, Identifiers, ImageData, Money, ProductData, RankData
from providers.belief import is_picture
from providers.marketplaces import Marketplace
from providers.rainforest.measures import measurements
from providers.rainforest.reviews import reviews
from providers.rainforest.wire import money
from providers.reading import Raw, Unbelievable, at, lines, listed, objects, stars, whole
from providers.text import line, paragraphs

# in_stock was seen; the others are ways in which the rest may be written. All else is unknown.
AVAILABILITY: Mapping[str, Availability] = {
    "in_stock": Availability.IN_STOCK,
    "out_of_stock": Availability.OUT_OF_STOCK,
    "unavailable": Availability.OUT_OF_STOCK,
    "preorder": Availability.PREORDER,
    "pre_order": Availability.PREORDER,
    "backorder": Availability.BACKORDER,
    "back_order": Availability.BACKORDER,
    "delayed": Availability.DELAYED,
}


def article(body: Raw) -> Raw | None:
    """Return the product of an answer, None where it says that there is none; raises Unbelievable.

    How "no such product" is told is not documented. A request that succeeded and brought no product, or one
    without name and number, is taken for it; an answer that does not even say that it succeeded is not.
    """
    found = body.get("product")
    if found is not None and not isinstance(found, dict):
        raise Unbelievable("a product that is none")
    if found and any(found.get(name) not in (None, "") for name in ("title", "asin")):
        return found
    if at(body, "request_info", "success") is not True:
        raise Unbelievable("neither a product nor a word that there is none")
    return None


def product(body: Raw, asin: str, place: Marketplace, *, with_reviews: bool = False) -> ProductData | None:
    """Return what an answer says of the ASIN, None where it says there is no product; raises Unbelievable."""
    raw = article(body)
    if raw is None:
        return None
    if (reading.asin(raw.get("asin")) or at(body, "request_parameters", "asin")) != asin:
        raise Unbelievable("a product of no ASIN, or of another one")
    box, specifications = at(raw, "buybox_winner"), _specifications(raw)
    ranks, package = _ranks(raw), specifications.get("package dimensions")
    found = ProductData(
        asin=asin,
        marketplace=place.code,
        title=line(raw.get("title")),
        brand=line(raw.get("brand")),
        manufacturer=line(raw.get("manufacturer")) or specifications.get("manufacturer"),
        description=paragraphs(raw.get("description")),
        bullets=lines(raw.get("feature_bullets")),
        images=_images(raw),
        categories=_categories(raw),
        url=f"https://www.{place.domain}/dp/{asin}",
        parent_asin=reading.asin(raw.get("parent_asin")),
        variation_asins=_variations(raw),
        price=_price(box),
        list_price=money(at(box, "rrp")),
        availability=_availability(box),
        rating=stars(raw.get("rating")),
        rating_count=whole(raw.get("ratings_total")),
        rank=ranks[0] if ranks else None,
        ranks=ranks,
        identifiers=_identifiers(raw, specifications),
        item=measurements(_unless(raw.get("dimensions"), package), raw.get("weight")),
        package=measurements(package),
        offer_count=whole(at(box, "mixed_offers_count")),
        reviews=reviews(raw) if with_reviews else None,
    )
    if not any((found.title, found.images, found.price, found.rank, found.variation_asins)):
        raise Unbelievable("a product without a single fact")
    return found


def _price(box: object) -> Money | None:
    """Return the buy box's price. A used buy box does not count; "from" prices may be those of used ones."""
    price = money(at(box, "price"))
    return None if _is_used(box) else price


def _availability(box: object) -> Availability | None:
    kind = at(box, "availability", "type")
    return AVAILABILITY.get(kind) if isinstance(kind, str) and not _is_used(box) else None


def _is_used(box: object) -> bool:
    return at(box, "condition", "is_new") is False


def _specifications(raw: Raw) -> dict[str, str]:
    """Return the table of specifications by its names in lower case; the first of a name counts."""
    rows = [(line(row.get("name")), line(row.get("value"))) for row in listed(raw, "specifications")]
    return {name.casefold(): value for name, value in reversed(rows) if name and value}


def _unless(text: object, other: str | None) -> object:
    """Return the text unless it is the other one: on some pages the only size is that of the package."""
    return None if other is not None and line(text) == other else text


def _images(raw: Raw) -> tuple[ImageData, ...] | None:
    """Return the pictures, the main one first; it is not repeated when both places have it."""
    pictures, main = objects(raw, "images"), _address(at(raw, "main_image", "link"))
    links = [(_address(one.get("link")), line(one.get("variant"))) for one in pictures or ()]
    found = [ImageData(url=url, variant=variant) for url, variant in links if url is not None]
    if main is not None and _picture(main) not in {_picture(image.url) for image in found}:
        found.append(ImageData(url=main, variant="MAIN"))
    if pictures is None and not found:
        return None
    return tuple(sorted(found, key=lambda image: not _is_main(image, main)))


def _is_main(image: ImageData, main: str | None) -> bool:
    return image.variant == "MAIN" or (main is not None and _picture(main) == _picture(image.url))


def _address(link: object) -> str | None:
    """Return the address of a picture of Amazon's; what is none is left out."""
    if not isinstance(link, str) or re.search(r"[\s\"'<>\\]", link):
        return None
    return link if is_picture(link) else None


def _picture(url: str) -> str:
    """Return the picture's own name: .../91RL.jpg and .../91RL._AC_SL1500_.jpg are two sizes of one."""
    return url.rpartition("/")[2].partition(".")[0]


def _categories(raw: Raw) -> tuple[str, ...] | None:
    names = (line(category.get("name")) for category in listed(raw, "categories"))
    return tuple(name for name in names if name is not None) or None


def _variations(raw: Raw) -> tuple[str, ...] | None:
    variants = objects(raw, "variants")
    if variants is None:
        return None
    asins = (reading.asin(variant.get("asin")) for variant in variants)
    return tuple(dict.fromkeys(asin for asin in asins if asin is not None))


def _ranks(raw: Raw) -> tuple[RankData, ...] | None:
    """Return the place in each category; Amazon names the main one first."""
    rows = objects(raw, "bestsellers_rank")
    if rows is None:
        return None
    places = ((reading.rank(row.get("rank")), line(row.get("category"))) for row in rows)
    return tuple(RankData(rank=rank, category=category) for rank, category in places if rank is not None)


def _identifiers(raw: Raw, specifications: Mapping[str, str]) -> Identifiers | None:
    """Return the numbers that a page shows: a book's ISBNs, and barcodes where the table has them.

    An ISBN-13 is an EAN too. What has a wrong check digit is left out.
    """
    books = [isbn.compact(text) for text in (raw.get("isbn_10"), raw.get("isbn_13")) if isinstance(text, str)]
    isbns = tuple(code for code in books if isbn.is_valid(code))
    eans = _barcodes(specifications.get("ean"), 13) + tuple(code for code in isbns if len(code) == 13)
    found = Identifiers(
        eans=tuple(dict.fromkeys(eans)), upcs=_barcodes(specifications.get("upc"), 12), isbns=isbns
    )
    return None if found == Identifiers() else found


def _barcodes(text: str | None, length: int) -> tuple[str, ...]:
    """Return the barcodes of this many digits in a text; a page may show several."""
    codes = re.findall(r"(?<!\d)\d{8,14}(?!\d)", text or "", re.ASCII)
    return tuple(code for code in codes if len(code) == length and ean.is_valid(code))
