"""From Keepa's product object to ProductData. Pure: no network, no clock, no settings.

`null` and fields of an unexpected kind are unknown (None): Keepa leaves out what it has not seen, and the
rest is good. Money, ratings and times that cannot be meant raise Unbelievable: then the whole object is not
to be trusted.
"""

import re
from typing import Any

from providers import reading
from providers.base import Availability, Identifiers, ImageData, Measurements, Money, ProductData, RankData
from providers.keepa import wire
from providers.keepa.offers import offers
from providers.keepa.wire import money, stars
from providers.marketplaces import Marketplace
from providers.reading import Raw, Unbelievable, lines, listed, objects, table, whole
from providers.text import line, paragraphs

IMAGES = "https://m.media-amazon.com/images/I/"
NOT_FOUND_TYPES = (3, 4)  # nothing accessible; invalid or deprecated ASIN. An unknown ASIN is not an HTTP 404
_IMAGE = re.compile(r"[\w+%.,~-]+\.(?:jpe?g|png|gif|webp)", re.ASCII | re.IGNORECASE)
_DIGITS = re.compile(r"\d{8,14}", re.ASCII)
_AMAZON_OFFER = {
    0: Availability.IN_STOCK,
    1: Availability.PREORDER,
    3: Availability.BACKORDER,
    4: Availability.DELAYED,
}


def product(raw: Raw, place: Marketplace, *, with_offers: bool = False) -> ProductData | None:
    """Return what Keepa says of one product, None where it says there is none; raises Unbelievable."""
    asin, kind = raw.get("asin"), raw.get("productType")
    if not isinstance(asin, str) or raw.get("domainId", place.keepa_domain) != place.keepa_domain:
        raise Unbelievable("a product of no ASIN, or of another marketplace")
    if kind in NOT_FOUND_TYPES:
        return None
    price = _price(raw, place)
    found = ProductData(
        asin=asin,
        marketplace=place.code,
        title=line(raw.get("title")),
        brand=line(raw.get("brand")),
        manufacturer=line(raw.get("manufacturer")),
        description=paragraphs(raw.get("description")),
        bullets=lines(raw.get("features")),
        images=_images(raw.get("images")),
        categories=_categories(raw),
        product_type=line(raw.get("type")),
        url=f"https://www.{place.domain}/dp/{asin}",
        parent_asin=reading.asin(raw.get("parentAsin")),
        variation_asins=_variations(raw),
        price=price,
        list_price=money(_current(raw, wire.LIST_PRICE), place),
        availability=_availability(raw, price),
        rating=stars(_current(raw, wire.RATING)),
        rating_count=whole(_current(raw, wire.REVIEW_COUNT)),
        rank=_rank(raw),
        ranks=_ranks(raw),
        identifiers=_identifiers(raw),
        monthly_sold=whole(raw.get("monthlySold")),
        item=_measurements(raw, "item"),
        package=_measurements(raw, "package"),
        offer_count=_offer_count(raw),
        offers=offers(raw, place) if with_offers else None,
        history=wire.history(raw.get("csv"), place),
    )
    if not any((found.title, found.images, found.price, found.rank, found.variation_asins)):
        raise Unbelievable("a product without a single fact")
    return found


def codes(raw: Raw) -> frozenset[str]:
    """Return the product's EANs, UPCs and GTINs, padded to 14 digits so that one number is one code."""
    known = _identifiers(raw) or Identifiers()
    return frozenset(code.zfill(14) for code in (*known.eans, *known.upcs, *known.gtins))


def _stats(raw: Raw) -> Raw:
    return table(raw, "stats")


def _array(raw: Raw, index: int) -> list[Any]:
    csv = raw.get("csv")
    found = csv[index] if isinstance(csv, list) and index < len(csv) else None
    return found if isinstance(found, list) else []


def _current(raw: Raw, index: int) -> object:
    """Return the latest value of an array: what `stats` says, else its last entry."""
    current = _stats(raw).get("current")
    if isinstance(current, list) and index < len(current):
        return current[index]
    array = _array(raw, index)
    return array[-1] if array and len(array) % 2 == 0 else None


def _price(raw: Raw, place: Marketplace) -> Money | None:
    """Return the buy box's price without shipping, else the lowest new one, else Amazon's own.

    `stats.buyBoxPrice` is only filled when Keepa looked at offers; the last row of the buy box's array says
    the same.
    """
    stats, current, rows = _stats(raw), _current(raw, wire.BUY_BOX), _array(raw, wire.BUY_BOX)
    told = None if stats.get("buyBoxIsUsed") else stats.get("buyBoxPrice")
    last = rows[-2] if len(rows) >= 3 and len(rows) % 3 == 0 and current != wire.NONE else None
    told_new = (_current(raw, index) for index in (wire.NEW, wire.AMAZON))
    prices = (money(value, place) for value in (told, last, current, *told_new))
    return next((price for price in prices if price is not None), None)


def _availability(raw: Raw, price: Money | None) -> Availability | None:
    amazon = whole(raw.get("availabilityAmazon"))
    if amazon in _AMAZON_OFFER:
        return _AMAZON_OFFER[amazon]
    if price is not None:
        return Availability.IN_STOCK
    return Availability.OUT_OF_STOCK if _current(raw, wire.NEW) == wire.NONE else None


def _tree(raw: Raw) -> dict[str, str]:
    """Return the names of the product's categories by their id, root first."""
    names = ((str(node.get("catId")), line(node.get("name"))) for node in listed(raw, "categoryTree"))
    return {key: name for key, name in names if name is not None}


def _categories(raw: Raw) -> tuple[str, ...] | None:
    return tuple(_tree(raw).values()) or None


def _rank(raw: Raw) -> RankData | None:
    """Return the rank in the category that Keepa's main rank refers to (-1: it does not say which)."""
    return _place_in(_tree(raw), raw.get("salesRankReference"), _current(raw, wire.RANK))


def _ranks(raw: Raw) -> tuple[RankData, ...] | None:
    """Return the latest rank in every category in which Keepa follows the product."""
    ranks, tree = raw.get("salesRanks"), _tree(raw)
    if not isinstance(ranks, dict):
        return None
    latest = ((key, row[-1]) for key, row in ranks.items() if isinstance(row, list) and row)
    places = (_place_in(tree, key, rank) for key, rank in latest)
    return tuple(place for place in places if place is not None)


def _place_in(tree: dict[str, str], category: object, rank: object) -> RankData | None:
    number, key = whole(rank), str(category)
    if not number:
        return None
    known = key.isascii() and key.isdigit() and key != "0"
    return RankData(rank=number, category=tree.get(key), category_id=key if known else None)


def _images(values: object) -> tuple[ImageData, ...] | None:
    """Return each picture's largest size: `l`, or `m` where that is missing. What is no file is left out."""
    if not isinstance(values, list):
        return None
    found = [image for image in map(_image, values) if image is not None]
    return tuple(
        ImageData(url=url, width=width, height=height, variant="MAIN" if place == 0 else None)
        for place, (url, width, height) in enumerate(found)
    )


def _image(value: object) -> tuple[str, int | None, int | None] | None:
    if not isinstance(value, dict):
        return None
    for size in ("l", "m"):
        name = value.get(size)
        if isinstance(name, str) and _IMAGE.fullmatch(name):
            return IMAGES + name, whole(value.get(f"{size}W")), whole(value.get(f"{size}H"))
    return None


def _variations(raw: Raw) -> tuple[str, ...] | None:
    variations = objects(raw, "variations")
    if variations is None:
        return None
    asins = (reading.asin(variation.get("asin")) for variation in variations)
    return tuple(asin for asin in asins if asin is not None)


def _identifiers(raw: Raw) -> Identifiers | None:
    lists = {name: raw.get(f"{name}List") for name in ("ean", "upc", "gtin")}
    if not any(isinstance(values, list) for values in lists.values()):
        return None
    eans, upcs, gtins = (_digits(values) for values in lists.values())
    isbns = tuple(code for code in eans if len(code) == 13 and code.startswith(("978", "979")))
    return Identifiers(eans=eans, upcs=upcs, gtins=gtins, isbns=isbns)


def _digits(values: object) -> tuple[str, ...]:
    texts = values if isinstance(values, list) else []
    return tuple(text for text in texts if isinstance(text, str) and _DIGITS.fullmatch(text))


def _measurements(raw: Raw, what: str) -> Measurements | None:
    """Return size and weight, which Keepa has in millimetres and grams, with 0 and -1 for unknown."""
    length, width, height, weight = (
        whole(raw.get(what + name)) or None for name in ("Length", "Width", "Height", "Weight")
    )
    found = Measurements(length_mm=length, width_mm=width, height_mm=height, weight_g=weight)
    return None if found == Measurements() else found


def _offer_count(raw: Raw) -> int | None:
    """Return the number of offers in all conditions, else that of new ones."""
    total = whole(_stats(raw).get("totalOfferCount"))
    return whole(_current(raw, wire.OFFER_COUNT)) if total is None else total
