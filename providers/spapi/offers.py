"""From the offers of one ASIN (`getItemOffers`, one or many at a time) to facts about its price. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from providers.base import Availability, Money, OfferData, Part, ProductData, RankData
from providers.reading import Raw, at, flag, listed, table, whole, word
from providers.spapi.wire import money, place_in

TELLING = ("Success", "NoBuyableOffers")  # two more say that Amazon does not know yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What the offers say of a product."""

    price: Money | None = None
    list_price: Money | None = None
    availability: Availability | None = None
    offer_count: int | None = None
    ranks: tuple[RankData, ...] | None = None
    offers: tuple[OfferData, ...] | None = None
    undelivered: frozenset[Part] = frozenset()

    def added_to(self, product: ProductData) -> ProductData:
        """Return the product with its price; what the catalogue says of list price and ranks stands."""
        ranks = product.ranks or self.ranks
        return replace(
            product,
            price=self.price,
            list_price=product.list_price or self.list_price,
            availability=self.availability,
            rank=product.rank or (ranks[0] if ranks else None),
            ranks=ranks,
            offer_count=self.offer_count,
            offers=self.offers,
            undelivered=self.undelivered,
        )


def offered(payload: Raw, *, with_offers: bool = False) -> Offered:
    """Return what a payload says; raises Unbelievable."""
    if payload.get("status", "Success") not in TELLING:
        return Offered()
    summary = table(payload.get("Summary"))
    price = _price(payload, summary)
    return Offered(
        price=price,
        list_price=money(summary.get("ListPrice")),
        availability=_availability(payload, summary, price),
        offer_count=whole(summary.get("TotalOfferCount")),
        ranks=_ranks(summary),
        offers=_offers(payload) if with_offers else None,
    )


def _price(payload: Raw, summary: Raw) -> Money | None:
    """Return the price of the new buy box, else of the new offer that costs least; both without shipping."""
    for prices in (_new(summary.get("BuyBoxPrices")), _new(summary.get("LowestPrices"))):
        lowest = _lowest(prices)
        if lowest is not None:
            return lowest
    return _lowest(iter(listed(payload.get("Offers")))) if _kind(payload) == "new" else None


def _new(prices: object) -> Iterator[Raw]:
    """Return what consumers pay for one new piece; businesses have prices of their own."""
    return (
        one
        for one in listed(prices)
        if str(one.get("condition")).lower() == "new" and one.get("offerType", "B2C") == "B2C"
    )


def _lowest(prices: Iterator[Raw]) -> Money | None:
    """Return the price without shipping of what costs least with it."""
    priced = [(price, one) for one in prices if (price := money(one.get("ListingPrice"))) is not None]
    return min(priced, key=_landed)[0] if priced else None


def _landed(priced: tuple[Money, Raw]) -> Decimal:
    price, one = priced
    shipping = money(one.get("Shipping"))
    return price.amount + (shipping.amount if shipping and shipping.currency == price.currency else 0)


def _availability(payload: Raw, summary: Raw, price: Money | None) -> Availability | None:
    """Return the best that any new offer promises; without one there is none in stock."""
    offers = payload.get("Offers")
    promises = {word(one, "ShippingTime", "availabilityType") for one in listed(offers)}
    if "NOW" in promises:
        return Availability.IN_STOCK
    if promises & {"FUTURE_WITH_DATE", "FUTURE_WITHOUT_DATE"}:
        return Availability.BACKORDER
    if price is not None or listed(offers):
        return Availability.IN_STOCK
    is_none = offers == [] or whole(summary.get("TotalOfferCount")) == 0
    return Availability.OUT_OF_STOCK if is_none or payload.get("status") == "NoBuyableOffers" else None


def _ranks(summary: Raw) -> tuple[RankData, ...] | None:
    known = listed(summary.get("SalesRankings"))
    ranks = ((place_in(one.get("Rank")), word(one, "ProductCategoryId")) for one in known)
    return (
        tuple(RankData(rank=rank, category_id=category) for rank, category in ranks if rank is not None)
        or None
    )


def _offers(payload: Raw) -> tuple[OfferData, ...] | None:
    if not isinstance(payload.get("Offers"), list):
        return None
    return tuple(_offer(one, payload) for one in listed(payload["Offers"]))


def _offer(raw: Raw, payload: Raw) -> OfferData:
    return OfferData(
        seller_id=word(raw, "SellerId"),
        condition=_condition(raw, payload),
        price=money(raw.get("ListingPrice")),
        shipping=money(raw.get("Shipping")),
        is_fba=flag(raw.get("IsFulfilledByAmazon")),
        is_prime=flag(at(raw, "PrimeInformation", "IsPrime")),
        is_buy_box=flag(raw.get("IsBuyBoxWinner")),
    )


def _kind(payload: Raw) -> str | None:
    """Return the condition asked for in lower case: new, used..."""
    found = word(payload, "ItemCondition") or word(payload, "Identifier", "ItemCondition")
    return found and found.lower()


def _condition(raw: Raw, payload: Raw) -> str | None:
    """Return "new", "used_good" and the like."""
    kind, fine = _kind(payload), word(raw, "SubCondition")
    if kind not in ("used", "collectible") or fine is None:
        return kind
    return f"{kind}_{fine.lower().replace(' ', '_')}"
