"""What a seller asks for its own listings, as `getPricing` and `getListingsItem` word it. Pure."""

from typing import Any

from providers.base import Money
from providers.spapi.wire import Raw, listed, money, table


def from_pricing(body: Raw) -> dict[str, Money]:
    """Return the price of each ASIN in an answer of getPricing, without shipping; raises Unbelievable."""
    products = [table(one.get("Product")) for one in listed(body.get("payload"))]
    asins = [table(table(one.get("Identifiers")).get("MarketplaceASIN")).get("ASIN") for one in products]
    offers = [listed(one.get("Offers")) for one in products]
    prices = [
        _first(table(offer.get("BuyingPrice")).get("ListingPrice") for offer in each) for each in offers
    ]
    return {asin: price for asin, price in zip(asins, prices, strict=True) if isinstance(asin, str) and price}


def from_listing(body: Raw) -> Money | None:
    """Return the price in an answer of getListingsItem, from whichever place has it; raises Unbelievable."""
    purchasable = table(body.get("attributes")).get("purchasable_offer")
    entries = listed(purchasable) or [table(purchasable)]
    direct = [offer.get("price") for offer in listed(body.get("offers"))]
    offered = [offer.get("price") for entry in entries for offer in listed(entry.get("offers"))]
    ours = [step | {"currency": entry.get("currency")} for entry in entries for step in _schedule(entry)]
    return _first([*direct, *offered, *ours])


def _schedule(entry: Raw) -> list[dict[str, Any]]:
    return [dict(step) for price in listed(entry.get("our_price")) for step in listed(price.get("schedule"))]


def _first(prices: Any) -> Money | None:
    return next((price for price in map(money, prices) if price is not None), None)
