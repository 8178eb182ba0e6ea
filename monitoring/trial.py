"""Ask upstreams for one product, each directly: past store, cache and order, to see what it says."""

import time
from collections.abc import Iterable
from typing import Any

import structlog

from providers.base import FIELDS, Part, ProductData, ProductProvider
from providers.belief import cleaned, doubt
from providers.errors import ErrorClass, ProviderError

log = structlog.stdlib.get_logger("pallet.monitoring")

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
    try:
        found = upstream.products([asin], marketplace=marketplace, parts=CORE)
    except ProviderError as failure:
        return failure.reason, str(failure), None
    except Exception as error:  # a fault of one adapter is no reason not to ask the others
        log.exception("provider_broke", provider=upstream.name)
        return ErrorClass.INVALID_ANSWER, f"the adapter broke ({type(error).__name__})", None
    if asin not in found:
        return ErrorClass.PARTIAL, "it said nothing about this ASIN", None
    product = found[asin]
    if product is None:
        return NO_SUCH_PRODUCT, None, None
    if why := doubt(product, asin=asin, marketplace=marketplace):
        return ErrorClass.INVALID_ANSWER, why, None
    return OK, None, cleaned(product)


def price_of(product: ProductData | None) -> Facts | None:
    """Return the price as the API gives it."""
    if product is None or product.price is None:
        return None
    return {"amount": str(product.price.amount), "currency": product.price.currency}
