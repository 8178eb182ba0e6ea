"""Make the whole answer for one ASIN. Pure: the time is given, and nothing else changes what comes out."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache

from stdnum import ean, isbn

from providers.base import (
    FIELDS,
    Availability,
    HistoryPoint,
    Identifiers,
    ImageData,
    Measurements,
    Money,
    OfferData,
    Part,
    ProductData,
    RankData,
    ReviewData,
    Source,
)
from providers.marketplaces import Marketplace
from providers.sample import prices
from providers.sample.catalogue import Entry
from providers.sample.numbers import between, draw, pick

NAME = "sample"
HISTORY_DAYS = 90

_NOTICE = "Sample data from Pallet's built-in stand-in: plausible, but nothing here was said by Amazon."
_REVIEW = (
    "Generated sample text, written by no customer. It shows where a review stands and how long one gets."
)
_REVIEWS_BEGIN = date(2025, 6, 1)
_CONDITIONS = ("new", "new", "new", "used_like_new", "used_very_good", "used_good")


def product(
    entry: Entry, place: Marketplace, *, parts: frozenset[Part], at: datetime, image_url: str
) -> ProductData:
    """Return everything about an entry in a marketplace; offers and reviews only where they are wanted.

    `at` is the moment of the answer, timezone-aware; prices, ranks and ratings are those of its UTC day.
    """
    day = at.astimezone(UTC).date()
    offers = _offers(entry, place, at, day)
    rank = prices.rank_on(entry, place, day)
    root, leaf = entry.category[0], entry.category[-1]
    made = ProductData(
        asin=entry.asin,
        marketplace=place.code,
        title=entry.title,
        brand=entry.brand,
        manufacturer=None if entry.is_book else entry.brand,
        description=f"{entry.title} by {entry.brand}. {_NOTICE}",
        bullets=(f"By {entry.brand}", f"Found in {' > '.join(entry.category)}", _NOTICE),
        images=_images(image_url),
        categories=entry.category,
        product_type=root.upper().replace(" & ", "_").replace(" ", "_"),
        url=f"https://www.{place.domain}/dp/{entry.asin}",
        price=_money(prices.price_on(entry, place, day), place),
        list_price=_money(prices.list_price(entry, place), place),
        availability=Availability.IN_STOCK,
        rating=prices.rating_on(entry, place, day),
        rating_count=prices.rating_count(entry, place),
        rank=RankData(rank=rank, category=root),
        ranks=(RankData(rank=rank, category=root), RankData(rank=max(1, rank // 40), category=leaf)),
        identifiers=_identifiers(entry),
        monthly_sold=max(50, prices.rating_count(entry, place) // 500 * 50),
        item=_size(entry, wrapping=0),
        package=_size(entry, wrapping=15),
        offer_count=len(offers),
        offers=offers if Part.OFFERS in parts else None,
        reviews=_reviews(entry, place) if Part.REVIEWS in parts else None,
        history=_history(entry, place, day),
        is_sample=True,
    )
    return signed(made, at)


def signed(made: ProductData, at: datetime) -> ProductData:
    """Return the product with the stand-in named as the source of every field it has."""
    source = Source(NAME, at)
    given = {field: source for field in sorted(FIELDS) if getattr(made, field) is not None}
    return replace(made, provenance=given)


def _images(url: str) -> tuple[ImageData, ...]:
    """Name two views of the same drawing: the whole, and the detail the SVG defines as a view of its own."""
    return (
        ImageData(url=url, width=800, height=800, variant="MAIN"),
        ImageData(url=f"{url}#detail", width=800, height=800, variant="PT01"),
    )


def _identifiers(entry: Entry) -> Identifiers:
    """Give a book its true ISBN-13, anything else a number that GS1 keeps for use inside a shop (2...)."""
    if entry.is_book:
        long = isbn.to_isbn13(entry.asin)
        return Identifiers(eans=(long,), gtins=(f"0{long}",), isbns=(entry.asin, long))
    stem = f"2{between(0, 10**11 - 1, entry.asin, 'ean'):011d}"
    long = stem + ean.calc_check_digit(stem)
    return Identifiers(eans=(long,), gtins=(f"0{long}",))


def _size(entry: Entry, *, wrapping: int) -> Measurements:
    low, high = (110, 240) if entry.is_book else (40, 420)
    sides = sorted((between(low, high, entry.asin, side) for side in ("a", "b", "c")), reverse=True)
    thickness = between(12, 45, entry.asin, "pages") if entry.is_book else sides[2]
    return Measurements(
        length_mm=sides[0] + wrapping,
        width_mm=sides[1] + wrapping,
        height_mm=thickness + wrapping,
        weight_g=between(90, 2400, entry.asin, "weight") + 8 * wrapping,
    )


def _offers(entry: Entry, place: Marketplace, at: datetime, day: date) -> tuple[OfferData, ...]:
    """Return three to eight offers, the one in the buy box first and at the product's own price."""
    price = prices.price_on(entry, place, day)
    count = between(3, 8, entry.asin, place.code, "offers")
    return tuple(_offer(entry, place, price, number, at) for number in range(count))


def _offer(entry: Entry, place: Marketplace, price: Decimal, number: int, at: datetime) -> OfferData:
    keys = (entry.asin, place.code, number)
    condition = "new" if number == 0 else pick(_CONDITIONS, *keys, "condition")
    is_fba = number == 0 or draw(*keys, "fba") < 0.5
    percent = 0 if number == 0 else between(1, 18, *keys, "percent")
    factor = Decimal(100 + percent if condition == "new" else 100 - percent) / 100
    shipping = Decimal(0) if is_fba else prices.neat(price * 6 / 100, place)
    return OfferData(
        seller_id=f"A{between(0, 16**12 - 1, *keys, 'seller'):012X}S",
        seller_name=f"Sample Seller {number + 1}",
        condition=condition,
        price=_money(prices.neat(price * factor, place) if percent else price, place),
        shipping=_money(shipping, place),
        is_fba=is_fba,
        is_prime=is_fba,
        is_buy_box=number == 0,
        seen_at=at,
    )


def _reviews(entry: Entry, place: Marketplace) -> tuple[ReviewData, ...]:
    """Return three to five reviews without authors, each of which says that nobody wrote it."""
    return tuple(
        ReviewData(
            rating=Decimal(between(3, 5, entry.asin, place.code, number, "stars")),
            title=f"Sample review {number}",
            body=_REVIEW,
            is_verified=False,
            helpful_count=between(0, 40, entry.asin, place.code, number, "helpful"),
            reviewed_at=_midnight(
                _REVIEWS_BEGIN + timedelta(days=between(0, 180, entry.asin, place.code, number))
            ),
        )
        for number in range(1, between(3, 5, entry.asin, place.code, "reviews") + 1)
    )


def _history(entry: Entry, place: Marketplace, today: date) -> tuple[HistoryPoint, ...]:
    """Return one point per series and day, the oldest first; today's come last and agree with the product."""
    price, rating = prices.price_by_week(entry, place), prices.rating_by_month(entry, place)
    days = _days(today)
    ranks = prices.ranks_on(entry, place, (day for day, _ in days))
    return (
        *(HistoryPoint("buy_box", at, price(day), place.currency) for day, at in days),
        *(HistoryPoint("rank", at, Decimal(rank)) for (_, at), rank in zip(days, ranks, strict=True)),
        *(HistoryPoint("rating", at, rating(day)) for day, at in days),
    )


@lru_cache(maxsize=4)
def _days(today: date) -> tuple[tuple[date, datetime], ...]:
    """Return the days of a history, the oldest first, each with the moment it began."""
    days = (today - timedelta(days=ago) for ago in reversed(range(HISTORY_DAYS)))
    return tuple((day, _midnight(day)) for day in days)


def _money(amount: Decimal, place: Marketplace) -> Money:
    """Write the amount with as many decimals as the currency has."""
    return Money(amount.quantize(Decimal(1).scaleb(-place.minor_unit)), place.currency)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
