"""The offers of an item (`offersV2.listings`), of which Amazon names a few, and what a buyer pays. Pure."""

import re

from providers.base import Availability, Money, OfferData
from providers.creators.wire import money
from providers.reading import Raw, at, flag, objects, word
from providers.text import line

SUBSCRIPTION = "SUBSCRIBE_AND_SAVE"  # a price for those who commit themselves, not what a buyer pays
LIST_PRICE = "LIST_PRICE"  # of a saving: against the list price. Others: WAS_PRICE, LOWEST_PRICE

# Keys are without anything but letters: how Amazon spells them has changed from API to API.
_AVAILABILITY = {
    "INSTOCK": Availability.IN_STOCK,
    "INSTOCKSCARCE": Availability.IN_STOCK,
    "OUTOFSTOCK": Availability.OUT_OF_STOCK,
    "UNAVAILABLE": Availability.OUT_OF_STOCK,
    "PREORDER": Availability.PREORDER,
    "BACKORDER": Availability.BACKORDER,
    "AVAILABLEDATE": Availability.BACKORDER,  # to be had from a day in the future on
    "LEADTIME": Availability.DELAYED,
}
_CONDITIONS = {"NEW": "new", "USED": "used", "REFURBISHED": "refurbished", "COLLECTIBLE": "collectible"}
_GRADES = {
    "LIKENEW": "like_new",
    "VERYGOOD": "very_good",
    "GOOD": "good",
    "ACCEPTABLE": "acceptable",
}
_GRADED = ("used", "collectible")


def price(raw: Raw) -> Money | None:
    """Return the buy box's price without shipping, else the lowest new one."""
    return _price(_shown(raw))


def list_price(raw: Raw) -> Money | None:
    """Return what the same offer is compared with, when that is the list price."""
    basis = at(_shown(raw), "price", "savingBasis")
    return money(at(basis, "money")) if word(basis, "savingBasisType") in (None, LIST_PRICE) else None


def availability(raw: Raw) -> Availability | None:
    """Return whether the same offer can be had."""
    return _AVAILABILITY.get(_letters(at(_shown(raw), "availability", "type")))


def offers(raw: Raw) -> tuple[OfferData, ...] | None:
    """Return the offers in Amazon's order; None when there is no word of them."""
    listed = _listed(raw)
    return None if listed is None else tuple(map(_offer, listed))


def _listed(raw: Raw) -> list[Raw] | None:
    found = objects(raw, "offersV2", "listings")
    return found and [listing for listing in found if listing.get("type") != SUBSCRIPTION]


def _shown(raw: Raw) -> Raw:
    """Return the offer that a buyer is shown: the buy box's, else the cheapest new one, else {}."""
    listed = _listed(raw) or []
    winner = next((listing for listing in listed if listing.get("isBuyBoxWinner") is True), None)
    if winner is not None:
        return winner
    new = [listing for listing in listed if _condition(listing) in (None, "new")]  # new ones were asked for
    priced = [(found.amount, place) for place, one in enumerate(new) if (found := _price(one)) is not None]
    if priced:
        return new[min(priced)[1]]
    return new[0] if new else {}


def _price(listing: Raw) -> Money | None:
    """Return its price, unless that is below what the maker lets be shown: then it is not ours to show."""
    return None if listing.get("violatesMAP") is True else money(at(listing, "price", "money"))


def _offer(listing: Raw) -> OfferData:
    return OfferData(
        seller_id=line(at(listing, "merchantInfo", "id")),
        seller_name=line(at(listing, "merchantInfo", "name")),
        condition=_condition(listing),
        price=_price(listing),
        is_buy_box=flag(listing.get("isBuyBoxWinner")),
    )


def _condition(listing: Raw) -> str | None:
    condition = _CONDITIONS.get(_letters(at(listing, "condition", "value")))
    grade = _GRADES.get(_letters(at(listing, "condition", "subCondition")))
    return f"{condition}_{grade}" if condition in _GRADED and grade else condition


def _letters(value: object) -> str:
    return re.sub(r"[^A-Z]", "", value.upper()) if isinstance(value, str) else ""
