"""How Keepa writes things: time, money, and the numbered arrays. Pure.

Sources: Keepa's own Java client (keepacom/api_backend), structs Product, Stats, Offer and helper KeepaTime.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from providers.base import HistoryPoint, Money
from providers.marketplaces import Marketplace
from providers.reading import Unbelievable, whole

EPOCH = datetime(2011, 1, 1, tzinfo=UTC)  # Keepa counts minutes from here
NONE, NOT_ASKED = -1, -2  # "there was no offer"; "only filled when offers were requested"

AMAZON, NEW, RANK, LIST_PRICE, OFFER_COUNT, RATING, REVIEW_COUNT, BUY_BOX = 0, 1, 3, 4, 11, 16, 17, 18

MONEY_SERIES: Mapping[int, str] = {
    0: "amazon",
    1: "new",
    2: "used",
    4: "list_price",
    5: "collectible",
    6: "refurbished",
    8: "lightning_deal",
    9: "warehouse",
    10: "new_fba",
    30: "trade_in",
    31: "rent",
    33: "prime_exclusive",
}
# In threes: time, price, shipping. Each gives two series, the second called <name>_shipping.
SHIPPED_SERIES: Mapping[int, str] = {
    7: "new_fbm",
    18: "buy_box",
    19: "used_like_new",
    20: "used_very_good",
    21: "used_good",
    22: "used_acceptable",
    23: "collectible_like_new",
    24: "collectible_very_good",
    25: "collectible_good",
    26: "collectible_acceptable",
    27: "refurbished_offer",
    28: "ebay_new",
    29: "ebay_used",
    32: "buy_box_used",
}
NUMBER_SERIES: Mapping[int, str] = {
    3: "rank",
    11: "offer_count",  # new offers
    12: "used_offer_count",
    13: "refurbished_offer_count",
    14: "collectible_offer_count",
    16: "rating",
    17: "review_count",
    34: "fba_offer_count",
    35: "fbm_offer_count",
}
CONDITIONS = (
    None, "new", "used_like_new", "used_very_good", "used_good", "used_acceptable", "refurbished",
    "collectible_like_new", "collectible_very_good", "collectible_good", "collectible_acceptable",
)  # fmt: skip


def moment(minutes: int) -> datetime:
    """Return the time of a Keepa minute; 411180 is 2011-10-13 13:00 UTC."""
    return EPOCH + timedelta(minutes=minutes)


def amount(value: object, place: Marketplace) -> Decimal | None:
    """Return cents in the main unit (yen are undivided), None for -1 and -2; raises Unbelievable."""
    if value is None or value in (NONE, NOT_ASKED):
        return None
    cents = whole(value)
    if cents is None:
        raise Unbelievable(f"a price of {str(value)[:20]}")
    return Decimal(cents).scaleb(-place.minor_unit)


def money(value: object, place: Marketplace) -> Money | None:
    """Return `amount` with its currency."""
    found = amount(value, place)
    return None if found is None else Money(found, place.currency)


def stars(value: object) -> Decimal | None:
    """Return a rating of 0 to 5 from Keepa's 0 to 50, None for -1 and -2; raises Unbelievable."""
    if value is None or value in (NONE, NOT_ASKED):
        return None
    if type(value) is not int or not 0 <= value <= 50:
        raise Unbelievable(f"a rating of {str(value)[:20]}")
    return Decimal(value).scaleb(-1)


def history(csv: object, place: Marketplace) -> tuple[HistoryPoint, ...] | None:
    """Return every point of every series, in the order of Keepa's arrays; None when there are no arrays.

    A gap (-1) is a point without a value: from then on there was no offer, no rank. An array whose length
    does not fit its layout is left out: read in the wrong steps, it would be plausible and false.
    """
    if not isinstance(csv, list):
        return None
    return tuple(point for index, array in enumerate(csv) for point in _series(index, array, place))


def _series(index: int, array: Any, place: Marketplace) -> Iterator[HistoryPoint]:
    if not isinstance(array, list):
        return
    if index in MONEY_SERIES and len(array) % 2 == 0:
        for at, price in _rows(array, 2):
            yield HistoryPoint(MONEY_SERIES[index], at, amount(price, place), place.currency)
    elif index in SHIPPED_SERIES and len(array) % 3 == 0:
        rows = list(_rows(array, 3))
        for part, name in ((1, SHIPPED_SERIES[index]), (2, f"{SHIPPED_SERIES[index]}_shipping")):
            for row in rows:
                yield HistoryPoint(name, row[0], amount(row[part], place), place.currency)
    elif index in NUMBER_SERIES and len(array) % 2 == 0:
        for at, number in _rows(array, 2):
            yield HistoryPoint(NUMBER_SERIES[index], at, _number(index, number))


def _rows(array: list[Any], width: int) -> Iterator[tuple[Any, ...]]:
    for start in range(0, len(array), width):
        minutes = whole(array[start])
        if minutes is None:
            raise Unbelievable(f"a time of {str(array[start])[:20]}")
        yield moment(minutes), *array[start + 1 : start + width]


def _number(index: int, value: object) -> Decimal | None:
    if index == RATING:
        return stars(value)
    found = whole(value)
    return None if found is None else Decimal(found)
