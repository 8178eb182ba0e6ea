"""What an upstream says is checked before it is believed. Pure; the same for every provider."""

import re
from collections.abc import Iterator
from decimal import Decimal

from providers.base import Money, ProductData

MOST = Decimal(10**10)  # more than anything on sale, in any currency
_CURRENCY = re.compile(r"[A-Z]{3}")


def doubt(product: ProductData, *, asin: str, marketplace: str) -> str | None:
    """Return why this cannot be an answer about the ASIN, or None when it can."""
    if (product.asin, product.marketplace) != (asin, marketplace):
        return "it is about another product"
    return next(_doubts(product), None)


def _doubts(product: ProductData) -> Iterator[str]:
    for name, value in _money(product):
        if not _is_sane(value.amount) or not _CURRENCY.fullmatch(value.currency):
            yield f"{name} is {str(value.amount)[:20]} {value.currency[:3]}"
    if product.rating is not None and not (_is_sane(product.rating) and product.rating <= 5):
        yield f"rating is {str(product.rating)[:20]}"
    for name in ("rating_count", "offer_count", "monthly_sold"):
        if (getattr(product, name) or 0) < 0:
            yield f"{name} is negative"
    if any(rank.rank < 1 for rank in (product.rank, *(product.ranks or ())) if rank is not None):
        yield "a rank is below 1"
    if any(point.value is not None and not _is_sane(point.value) for point in product.history or ()):
        yield "its history holds an impossible value"


def _money(product: ProductData) -> Iterator[tuple[str, Money]]:
    named = [("price", product.price), ("list_price", product.list_price)]
    for offer in product.offers or ():
        named += [("an offer's price", offer.price), ("an offer's shipping", offer.shipping)]
    return ((name, value) for name, value in named if value is not None)


def _is_sane(value: Decimal) -> bool:
    return value.is_finite() and 0 <= value <= MOST
