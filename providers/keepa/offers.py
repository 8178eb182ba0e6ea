"""Keepa's offers, of which it also keeps those that are long gone. Pure."""

from providers.base import OfferData
from providers.keepa.wire import CONDITIONS, moment, money
from providers.marketplaces import Marketplace
from providers.reading import Raw, at, flag, whole, word


def offers(raw: Raw, place: Marketplace) -> tuple[OfferData, ...] | None:
    """Return the live offers in the order of Amazon's page; None when Keepa could not fetch them."""
    listed, order = raw.get("offers"), raw.get("liveOffersOrder")
    if raw.get("offersSuccessful") is False or not isinstance(listed, list):
        return None
    live = listed
    if isinstance(order, list):
        seen = dict.fromkeys(index for index in map(whole, order) if index is not None)
        live = [listed[index] for index in seen if index < len(listed)]
    return tuple(_offer(offer, raw, place) for offer in live if isinstance(offer, dict))


def _offer(offer: Raw, raw: Raw, place: Marketplace) -> OfferData:
    """Read one offer; the last three entries of its array are the newest time, price and shipping."""
    rows = offer.get("offerCSV")
    price, shipping = rows[-2:] if isinstance(rows, list) and len(rows) >= 3 else (None, None)
    condition, seen = whole(offer.get("condition")), whole(offer.get("lastSeen"))
    return OfferData(
        seller_id=word(offer.get("sellerId")),
        seller_name=word(offer.get("sellerName")),
        condition=CONDITIONS[condition] if condition is not None and condition < len(CONDITIONS) else None,
        price=money(price, place),
        shipping=money(shipping, place),
        is_fba=flag(offer.get("isFBA")),
        is_prime=flag(offer.get("isPrime")),
        is_buy_box=_is_buy_box(offer, raw, condition),
        seen_at=moment(seen) if seen else None,
    )


def _is_buy_box(offer: Raw, raw: Raw, condition: int | None) -> bool | None:
    """The buy box names its seller only; of a seller's offers the new one is meant. None: nobody said."""
    winner = at(raw, "stats", "buyBoxSellerId")
    if not isinstance(winner, str):
        return None
    return winner == offer.get("sellerId") and condition == 1
