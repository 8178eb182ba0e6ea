"""What an article costs where and when, and how it ranks there. Pure, and the same for the same day."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import cache

from providers.marketplaces import Marketplace
from providers.sample.catalogue import Entry
from providers.sample.numbers import between, draw, draws, pick

# About what one US dollar buys, fixed for good: a price level for samples, not an exchange rate.
_PER_DOLLAR = {
    "USD": Decimal("1"),
    "CAD": Decimal("1.35"),
    "MXN": Decimal("18.5"),
    "BRL": Decimal("5.4"),
    "GBP": Decimal("0.82"),
    "EUR": Decimal("0.95"),
    "SEK": Decimal("10.9"),
    "PLN": Decimal("4.1"),
    "TRY": Decimal("36"),
    "SAR": Decimal("3.75"),
    "AED": Decimal("3.67"),
    "EGP": Decimal("49"),
    "ZAR": Decimal("18.5"),
    "INR": Decimal("84"),
    "JPY": Decimal("150"),
    "AUD": Decimal("1.55"),
    "SGD": Decimal("1.36"),
}
_COARSE_FROM = Decimal("5")  # where a unit is small money, shops drop the decimals
_USUAL_DISCOUNTS = (0, 0, 0, 5, 10, 15, 20)  # per cent off the list price
# Ratings per hundred in the US; 6 where nothing is said.
_SHARE = {"US": 100, "UK": 35, "DE": 35, "JP": 25, "IN": 20, "CA": 15, "FR": 15, "IT": 15, "ES": 12}


def list_price(entry: Entry, place: Marketplace) -> Decimal:
    """Return the list price in the marketplace's currency."""
    if place.code == "US":
        return entry.list_price
    level = Decimal(between(94, 106, entry.asin, place.code, "level")) / 100
    return neat(entry.list_price * _PER_DOLLAR[place.currency] * level, place)


def price_on(entry: Entry, place: Marketplace, day: date) -> Decimal:
    """Return what it costs on a day: a usual price, and less in about every sixth calendar week."""
    return price_by_week(entry, place)(day)


def price_by_week(entry: Entry, place: Marketplace) -> Callable[[date], Decimal]:
    """Return what gives the price of a day; asked for many days, it works each week out once."""
    full = list_price(entry, place)
    usual = pick(_USUAL_DISCOUNTS, entry.asin, place.code, "discount")

    @cache
    def of(year: int, week: int) -> Decimal:
        percent = usual
        if draw(entry.asin, place.code, year, week, "sale") < 1 / 6:
            percent += between(8, 25, entry.asin, place.code, year, week, "off")
        return min(full, neat(full * (100 - percent) / 100, place)) if percent else full

    return lambda day: of(*day.isocalendar()[:2])


def neat(amount: Decimal, place: Marketplace) -> Decimal:
    """Round as shops do: 39.99, 3,980 yen, 1,299.00 rupees; never below the smallest such price."""
    if place.minor_unit == 0:
        tens = (amount / 10).quantize(Decimal(1), ROUND_HALF_UP)
        return max(tens, Decimal(1)) * 10
    if _PER_DOLLAR[place.currency] >= _COARSE_FROM:
        return max(amount.quantize(Decimal(1), ROUND_HALF_UP), Decimal(1)).quantize(Decimal("0.01"))
    return amount.quantize(Decimal(1), ROUND_FLOOR) + Decimal("0.99")


def rating_count(entry: Entry, place: Marketplace) -> int:
    """Return how many ratings it has in this marketplace."""
    return max(1, entry.rating_count * _SHARE.get(place.code, 6) // 100)


def rating_on(entry: Entry, place: Marketplace, day: date) -> Decimal:
    """Return the stars on a day: those of the catalogue, in some months a tenth fewer."""
    return rating_by_month(entry, place)(day)


def rating_by_month(entry: Entry, place: Marketplace) -> Callable[[date], Decimal]:
    """Return what gives the stars on a day; asked for many days, it works each month out once."""

    @cache
    def of(year: int, month: int) -> Decimal:
        dip = draw(entry.asin, place.code, year, month, "dip") < 0.3
        return max(entry.rating - Decimal("0.1") * dip, Decimal(1))

    return lambda day: of(day.year, day.month)


def rank_on(entry: Entry, place: Marketplace, day: date) -> int:
    """Return the sales rank on a day: the more ratings, the nearer to 1."""
    return ranks_on(entry, place, [day])[0]


def ranks_on(entry: Entry, place: Marketplace, days: Iterable[date]) -> list[int]:
    """Return the sales rank on each day."""
    usual = 20_000_000 / (rating_count(entry, place) + 100)
    drawn = draws(entry.asin, place.code, last=[f"{day}|rank" for day in days])
    return [max(1, round(usual * (0.75 + 0.5 * share))) for share in drawn]
