"""From an item of the Creators API to ProductData. Pure: no network, no clock, no settings.

The address of the page is made by us: Amazon's `detailPageURL` carries the partner's tag.
"""

import re
from collections.abc import Iterator

from providers import reading
from providers.base import Identifiers, ImageData, ProductData, RankData
from providers.creators import listings
from providers.creators.measures import measurements
from providers.creators.wire import whole
from providers.marketplaces import Marketplace
from providers.reading import Raw, Unbelievable, at, lines, listed, objects, stars, word
from providers.text import line

SIZES = ("hiRes", "large")  # of a picture, the largest first
_DIGITS = re.compile(r"\d{8,14}", re.ASCII)
_ISBN = re.compile(r"\d{9}[\dX]|\d{13}", re.ASCII)


def product(raw: Raw, place: Marketplace, *, with_offers: bool = False) -> ProductData:
    """Return what Amazon says of one item; raises Unbelievable."""
    asin = word(raw, "asin")
    if asin is None:
        raise Unbelievable("an item of no ASIN")
    found = ProductData(
        asin=asin,
        marketplace=place.code,
        title=line(at(raw, "itemInfo", "title", "displayValue")),
        brand=line(at(raw, "itemInfo", "byLineInfo", "brand", "displayValue")),
        manufacturer=line(at(raw, "itemInfo", "byLineInfo", "manufacturer", "displayValue")),
        bullets=lines(at(raw, "itemInfo", "features", "displayValues")),
        images=_images(at(raw, "images")),
        categories=_categories(raw),
        url=f"https://www.{place.domain}/dp/{asin}",
        parent_asin=reading.asin(raw.get("parentASIN")),
        price=listings.price(raw),
        list_price=listings.list_price(raw),
        availability=listings.availability(raw),
        rating=stars(at(raw, "customerReviews", "starRating", "value")),
        rating_count=whole(at(raw, "customerReviews", "count")),
        rank=_website_rank(raw),
        ranks=_ranks(raw),
        identifiers=_identifiers(at(raw, "itemInfo", "externalIds")),
        item=measurements(raw),
        offers=listings.offers(raw) if with_offers else None,
    )
    if not any((found.title, found.images, found.price, found.ranks, found.identifiers)):
        raise Unbelievable("an item without a single fact")
    return found


def _images(images: object) -> tuple[ImageData, ...] | None:
    """Return the main picture and the others, each in its largest size."""
    if not isinstance(images, dict):
        return None
    main = _image(images.get("primary"), "MAIN")
    others = (_image(image, None) for image in listed(images, "variants"))
    return tuple(image for image in (main, *others) if image is not None)


def _image(image: object, variant: str | None) -> ImageData | None:
    for size in SIZES:
        url = word(image, size, "url")
        if url is not None and url.startswith("https://") and url.isprintable():
            width, height = (whole(at(image, size, side)) or None for side in ("width", "height"))
            return ImageData(url=url, width=width, height=height, variant=variant)
    return None


def _nodes(raw: Raw) -> list[Raw] | None:
    return objects(raw, "browseNodeInfo", "browseNodes")


def _categories(raw: Raw) -> tuple[str, ...] | None:
    """Return the way from the root to the first category that the item is in."""
    first = next(iter(_nodes(raw) or ()), None)
    names = (line(node.get("displayName")) for node in _upwards(first))
    return tuple(name for name in names if name is not None)[::-1] or None


def _upwards(node: object) -> Iterator[Raw]:
    while isinstance(node, dict):
        yield node
        node = node.get("ancestor")


def _website_rank(raw: Raw) -> RankData | None:
    return _rank(at(raw, "browseNodeInfo", "websiteSalesRank"))


def _ranks(raw: Raw) -> tuple[RankData, ...] | None:
    """Return the rank in the main category and those in others; None when there is no word of either."""
    main, nodes = _website_rank(raw), _nodes(raw)
    if main is None and nodes is None:
        return None
    return tuple(rank for rank in (main, *map(_rank, nodes or ())) if rank is not None)


def _rank(node: object) -> RankData | None:
    rank = whole(at(node, "salesRank"))
    if not rank:
        return None
    return RankData(rank=rank, category=line(at(node, "displayName")), category_id=word(node, "id"))


def _identifiers(known: object) -> Identifiers | None:
    lists = {name: at(known, name, "displayValues") for name in ("eans", "upcs", "isbns")}
    if not any(isinstance(values, list) for values in lists.values()):
        return None
    return Identifiers(
        eans=_codes(lists["eans"], _DIGITS),
        upcs=_codes(lists["upcs"], _DIGITS),
        isbns=_codes(lists["isbns"], _ISBN),
    )


def _codes(values: object, shape: re.Pattern[str]) -> tuple[str, ...]:
    texts = values if isinstance(values, list) else []
    return tuple(text for text in texts if isinstance(text, str) and shape.fullmatch(text))
