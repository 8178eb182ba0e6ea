"""Ask upstreams for one product, each directly: past store, cache and order, to see what it says."""

import time
from collections.abc import Iterable
from typing import Any

from providers.base import FIELDS, Part, ProductData, ProductProvider
from providers.quest import Quest, pursue

Facts = dict[str, Any]
CORE = frozenset({Part.CORE})
OK, NO_SUCH_PRODUCT, NOT_SERVED = "ok", "no_such_product", "marketplace_not_served"
ANSWERS = frozenset({OK, NO_SUCH_PRODUCT})


def tried(upstreams: Iterable[ProductProvider], asin: str, marketplace: str) -> list[Facts]:
    """Ask each in turn, and return how it went."""
    return [trial(upstream, asin, marketplace) for upstream in upstreams]


def trial(upstream: ProductProvider, asin: str, marketplace: str) -> Facts:
    """Ask one upstream: `outcome` is ok, no_such_product, marketplace_not_served or a reason to fail."""
    began = time.perf_counter()
    outcome, why, product = asked(upstream, asin, marketplace)
    return {
        "provider": upstream.name,
        "credential": upstream.credential,
        "outcome": str(outcome),
        "seconds": round(time.perf_counter() - began, 3),
        "why": why,
        "fields": sorted(name for name in FIELDS if product and getattr(product, name) is not None),
        "title": product and product.title,
        "price": price_of(product),
    }


def asked(
    upstream: ProductProvider, asin: str, marketplace: str
) -> tuple[str, str | None, ProductData | None]:
    """Return the outcome, why it failed if it did, and the product if it is one to be believed."""
    if marketplace not in upstream.marketplaces:
        return NOT_SERVED, f"it does not serve {marketplace}", None
    quest = Quest(asin, marketplace, CORE, None)
    pursue([quest], {part: [upstream] for part in Part})
    if quest.failures:
        _, failure = quest.failures[0]
        return failure.reason, str(failure), None
    return (OK if quest.product else NO_SUCH_PRODUCT), None, quest.product


def price_of(product: ProductData | None) -> Facts | None:
    """Return the price as the API gives it."""
    if product is None or product.price is None:
        return None
    return {"amount": str(product.price.amount), "currency": product.price.currency}
