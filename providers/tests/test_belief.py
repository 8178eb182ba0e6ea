"""What no upstream is believed."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from providers.base import HistoryPoint, ImageData, Money, OfferData, RankData, ReviewData
from providers.belief import LONGEST_LINE, LONGEST_TEXT, MOST_ENTRIES, cleaned, doubt
from providers.tests.stand_ins import ASIN, full

NOW = datetime.now(UTC)


def test_a_sound_product_is_believed() -> None:
    sound = full(
        price=Money(Decimal(0), "USD"),
        list_price=Money(Decimal(10**10), "JPY"),
        rating=Decimal(5),
        rating_count=0,
        rank=RankData(rank=1),
        ranks=(RankData(rank=2),),
        offers=(OfferData(price=Money(Decimal(1), "USD")), OfferData()),
        history=(HistoryPoint("new", NOW, None), HistoryPoint("new", NOW, Decimal(3), "USD")),
    )
    assert doubt(sound, asin=ASIN, marketplace="US") is None
    assert doubt(full(price=None, rating=None), asin=ASIN, marketplace="US") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"asin": "B0STRANGER"},
        {"marketplace": "DE"},
        {"price": Money(Decimal(-1), "USD")},
        {"price": Money(Decimal("NaN"), "USD")},
        {"list_price": Money(Decimal("Infinity"), "USD")},
        {"price": Money(Decimal(10**11), "USD")},
        {"price": Money(Decimal(1), "usd")},
        {"price": Money(Decimal(1), "$")},
        {"offers": (OfferData(price=Money(Decimal(-1), "USD")),)},
        {"offers": (OfferData(shipping=Money(Decimal("sNaN"), "USD")),)},
        {"rating": Decimal("5.1")},
        {"rating": Decimal("-0.1")},
        {"rating": Decimal("NaN")},
        {"rating_count": -1},
        {"offer_count": -1},
        {"monthly_sold": -1},
        {"rank": RankData(rank=0)},
        {"ranks": (RankData(rank=-5),)},
        {"reviews": (ReviewData(rating=Decimal(6)),)},
        {"history": (HistoryPoint("new", NOW, Decimal(-1), "USD"),)},
        {"history": (HistoryPoint("rank", NOW, Decimal("NaN")),)},
    ],
)
def test_what_cannot_be_true_is_doubted(changes: dict[str, Any]) -> None:
    why = doubt(full(**changes), asin=ASIN, marketplace="US")
    assert why
    assert len(why) < 80


# --- what is mended ---------------------------------------------------------------------------------------

SCRIPT = "<b>Strap</b><script>alert(1)</script>\x00\u0085 &amp; Bag"


def test_text_loses_markup_and_control_characters_wherever_it_stands() -> None:
    product = cleaned(
        full(
            title=SCRIPT,
            brand=SCRIPT,
            manufacturer=SCRIPT,
            product_type=SCRIPT,
            description=SCRIPT,
            bullets=(SCRIPT, "<br>"),
            categories=(SCRIPT,),
            images=(ImageData(url="https://m.media-amazon.com/a.jpg", variant=SCRIPT),),
            rank=RankData(rank=1, category=SCRIPT, category_id=SCRIPT),
            ranks=(RankData(rank=1, category=SCRIPT),),
            offers=(OfferData(seller_name=SCRIPT, condition=SCRIPT),),
            reviews=(ReviewData(title=SCRIPT, body=SCRIPT, author=SCRIPT),),
        )
    )
    images, ranks = product.images or (), (product.rank, *(product.ranks or ()))
    texts = [
        product.title, product.brand, product.manufacturer, product.product_type, product.description,
        *(product.bullets or ()), *(product.categories or ()), *(image.variant for image in images),
        *(rank and rank.category for rank in ranks), product.rank and product.rank.category_id,
        *(text for offer in product.offers or () for text in (offer.seller_name, offer.condition)),
        *(text for one in product.reviews or () for text in (one.title, one.body, one.author)),
    ]  # fmt: skip
    assert texts == ["Strap & Bag"] * 16


@pytest.mark.parametrize(
    "url",
    [
        "https://m.media-amazon.com/images/I/a.jpg",
        "https://images-na.ssl-images-amazon.com/images/I/a.jpg",
        "https://media-amazon.com/a.jpg",
    ],
)
def test_pictures_on_amazons_hosts_stay(url: str) -> None:
    assert cleaned(full(images=(ImageData(url=url),))).images == (ImageData(url=url),)


@pytest.mark.parametrize(
    "url",
    [
        "http://m.media-amazon.com/a.jpg",
        "https://evil.example/a.jpg",
        "https://m.media-amazon.com.evil.example/a.jpg",
        "https://evilmedia-amazon.com/a.jpg",
        "https://user@m.media-amazon.com/a.jpg",
        "https://m.media-amazon.com:8443/a.jpg",
        "https://127.0.0.1/a.jpg",
        "https://[::1/a.jpg",
        "javascript:alert(1)",
        "//m.media-amazon.com/a.jpg",
        "",
    ],
)
def test_other_pictures_are_left_out(url: str) -> None:
    assert cleaned(full(images=(ImageData(url=url),))).images == ()


def test_a_page_that_is_not_amazons_is_not_linked_to() -> None:
    assert cleaned(full(url="https://www.amazon.com.evil.example/dp/B0PALLET01")).url is None
    assert cleaned(full(url="https://www.amazon.co.jp/dp/B0PALLET01")).url


def test_what_is_endless_is_cut() -> None:
    product = cleaned(
        full(
            title="x" * 10**6, description="y" * 10**6, bullets=("z",) * 10**4, offers=(OfferData(),) * 10**4
        )
    )
    assert (len(product.title or ""), len(product.description or "")) == (LONGEST_LINE, LONGEST_TEXT)
    assert (len(product.bullets or ()), len(product.offers or ())) == (MOST_ENTRIES, MOST_ENTRIES)


def test_silence_stays_silence() -> None:
    product = full(bullets=None, images=None, description=None, url=None, categories=None)
    assert cleaned(product) == product


def test_what_the_stand_in_makes_is_ours() -> None:
    sample = full(is_sample=True, images=(ImageData(url="/static/img/sample-product.svg"),))
    assert cleaned(sample) == sample
