"""Rainforest's offers (`type=offers`): the first page, the buy box on top. Pure."""

import re
from collections.abc import Mapping, Sequence

from providers.base import Money, OfferData
from providers.rainforest.wire import money
from providers.reading import Raw, Unbelievable, asin, at, flag, objects
from providers.text import line

_GRADES = ("like_new", "very_good", "good", "acceptable")
CONDITIONS: Mapping[str, str] = {
    "new": "new",
    "refurbished": "refurbished",
    "renewed": "refurbished",
    **{f"{kind}_{grade}": f"{kind}_{grade}" for kind in ("used", "collectible") for grade in _GRADES},
}
"""What titles become; those of other languages are unknown, whether they mean used or refurbished."""


def offers(body: Raw, wanted: str) -> tuple[OfferData, ...] | None:
    """Return the offers of this ASIN, None when the answer lists none; raises Unbelievable."""
    about = asin(at(body, "product", "asin"))
    if about is not None and about != wanted:
        raise Unbelievable("offers of another ASIN")
    listed = objects(body.get("offers"))
    if listed is None:
        return None
    own = [offer for offer in listed if (asin(offer.get("offer_asin")) or wanted) == wanted]
    is_told = any(offer.get("buybox_winner") is True for offer in listed)
    return tuple(_offer(offer, is_told) for offer in own)


def lowest_new(listed: Sequence[OfferData] | None) -> Money | None:
    """Return the lowest price of the new offers, without shipping; None when they are not in one currency."""
    prices = [offer.price for offer in listed or () if offer.condition == "new" and offer.price is not None]
    if len({price.currency for price in prices}) != 1:
        return None
    return min(prices, key=lambda price: price.amount)


def _offer(offer: Raw, is_buy_box_told: bool) -> OfferData:
    """Read one offer. Only the buy box says what it is: once one does, the others are not it."""
    delivery = offer.get("delivery")
    is_buy_box = flag(offer.get("buybox_winner"))
    return OfferData(
        seller_id=line(at(offer, "seller", "id")),
        seller_name=line(at(offer, "seller", "name")),
        condition=_condition(offer.get("condition")),
        price=money(offer.get("price")),
        shipping=_shipping(offer),
        is_fba=_first_flag(at(delivery, "fulfilled_by_amazon"), offer.get("fulfilled_by_amazon")),
        is_prime=flag(offer.get("is_prime")),
        is_buy_box=False if is_buy_box is None and is_buy_box_told else is_buy_box,
    )


def _condition(condition: object) -> str | None:
    if at(condition, "is_new") is True:
        return "new"
    title = line(at(condition, "title")) or ""
    known = CONDITIONS.get(re.sub(r"[^a-z]+", "_", title.casefold()).strip("_"))
    return None if known == "new" and at(condition, "is_new") is False else known


def _shipping(offer: Raw) -> Money | None:
    """Return what the delivery costs; older answers have it elsewhere."""
    places = (at(offer, "delivery", "price"), offer.get("delivery"), offer.get("shipping"))
    return next((found for found in map(money, places) if found is not None), None)


def _first_flag(*values: object) -> bool | None:
    return next((value for value in values if isinstance(value, bool)), None)
