"""What an upstream says is checked before it is believed. Pure; the same for every provider.

What cannot be true makes the whole answer doubtful: somebody who says that a thing costs minus one may be
wrong about the rest. What is only unfit to be shown (markup in a title, a picture from anywhere) is mended
or left out, and the rest is good.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar
from urllib.parse import urlsplit

from providers.base import ImageData, Money, OfferData, ProductData, RankData, ReviewData
from providers.marketplaces import MARKETPLACES
from providers.text import line, paragraphs

T = TypeVar("T")

MOST = Decimal(10**10)  # more than anything on sale, in any currency
LONGEST_TEXT = 20_000  # characters; Amazon's own limits are a tenth of that
LONGEST_LINE = 2_000
MOST_ENTRIES = 1_000  # in any list of an answer but the history
CURRENCY = re.compile(r"[A-Z]{3}")

IMAGE_HOSTS = ("media-amazon.com", "ssl-images-amazon.com", "images-amazon.com")  # and all names below them
PAGE_HOSTS = tuple(place.domain for place in MARKETPLACES.values())


def doubt(product: ProductData, *, asin: str, marketplace: str) -> str | None:
    """Return why this cannot be an answer about the ASIN, or None when it can."""
    if (product.asin, product.marketplace) != (asin, marketplace):
        return "it is about another product"
    return next(_doubts(product), None)


def _doubts(product: ProductData) -> Iterator[str]:
    for name, value in _money(product):
        if not is_sane(value.amount) or not CURRENCY.fullmatch(value.currency):
            yield f"{name} is {str(value.amount)[:20]} {value.currency[:3]}"
    if product.rating is not None and not (is_sane(product.rating) and product.rating <= 5):
        yield f"rating is {str(product.rating)[:20]}"
    if any(review.rating is not None and not 0 <= review.rating <= 5 for review in product.reviews or ()):
        yield "a review's rating is out of range"
    for name in ("rating_count", "offer_count", "monthly_sold"):
        if (getattr(product, name) or 0) < 0:
            yield f"{name} is negative"
    if any(rank.rank < 1 for rank in (product.rank, *(product.ranks or ())) if rank is not None):
        yield "a rank is below 1"
    if any(point.value is not None and not is_sane(point.value) for point in product.history or ()):
        yield "its history holds an impossible value"


def _money(product: ProductData) -> Iterator[tuple[str, Money]]:
    named = [("price", product.price), ("list_price", product.list_price)]
    for offer in product.offers or ():
        named += [("an offer's price", offer.price), ("an offer's shipping", offer.shipping)]
    return ((name, value) for name, value in named if value is not None)


def is_sane(value: Decimal) -> bool:
    """Say whether this can be an amount of anything."""
    return value.is_finite() and 0 <= value <= MOST


# --- what is mended -----------------------------------------------------------------------------------------


def cleaned(product: ProductData) -> ProductData:
    """Return the product fit to be shown: text without markup and control characters, known addresses only.

    What the stand-in makes is ours, with an address of ours for its picture.
    """
    if product.is_sample:
        return product
    return replace(
        product,
        title=_line(product.title),
        brand=_line(product.brand),
        manufacturer=_line(product.manufacturer),
        product_type=_line(product.product_type),
        description=(paragraphs(product.description) or "")[:LONGEST_TEXT] or None,
        bullets=_lines(product.bullets),
        categories=_lines(product.categories),
        url=product.url if _leads_to(product.url, PAGE_HOSTS) else None,
        images=_images(product.images),
        rank=product.rank and _rank(product.rank),
        ranks=_each(_rank, product.ranks),
        offers=_each(_offer, product.offers),
        reviews=_each(_review, product.reviews),
        variation_asins=product.variation_asins and product.variation_asins[:MOST_ENTRIES],
    )


def _line(text: str | None) -> str | None:
    return (line(text) or "")[:LONGEST_LINE] or None


def _lines(texts: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if texts is None:
        return None
    return tuple(text for text in map(_line, texts[:MOST_ENTRIES]) if text is not None)


def _images(images: tuple[ImageData, ...] | None) -> tuple[ImageData, ...] | None:
    if images is None:
        return None
    known = (image for image in images[:MOST_ENTRIES] if is_picture(image.url))
    return tuple(replace(image, variant=_line(image.variant)) for image in known)


def _each(mend: Callable[[T], T], entries: tuple[T, ...] | None) -> tuple[T, ...] | None:
    return None if entries is None else tuple(mend(entry) for entry in entries[:MOST_ENTRIES])


def _rank(rank: RankData) -> RankData:
    return replace(rank, category=_line(rank.category), category_id=_line(rank.category_id))


def _offer(offer: OfferData) -> OfferData:
    return replace(offer, seller_name=_line(offer.seller_name), condition=_line(offer.condition))


def _review(review: ReviewData) -> ReviewData:
    return replace(
        review,
        title=_line(review.title),
        body=(paragraphs(review.body) or "")[:LONGEST_TEXT] or None,
        author=_line(review.author),
    )


def is_picture(url: str | None) -> bool:
    """Say whether the address is one of Amazon's for pictures."""
    return _leads_to(url, IMAGE_HOSTS)


def _leads_to(url: str | None, domains: Iterable[str]) -> bool:
    """Say whether the address is one of https on one of these domains, and not one that only looks so."""
    try:
        parts = urlsplit(url or "")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    is_plain = parts.scheme == "https" and port is None and "@" not in parts.netloc
    return is_plain and any(host == domain or host.endswith(f".{domain}") for domain in domains)
