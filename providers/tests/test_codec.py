"""Products to JSON and back."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest

from providers import codec
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
    StoredProduct,
)

NOW = datetime(2026, 11, 20, 12, 30, 15, 250000, tzinfo=UTC)
PRICE = Money(Decimal("18.40"), "USD")
KEEPA, OTHER = Source("keepa", NOW), Source("other", NOW)


def everything() -> ProductData:
    """Return a product of which every field is known."""
    return ProductData(
        asin="B0PALLET01",
        marketplace="US",
        title="Strap",
        brand="Hold Fast",
        manufacturer="Hold Fast Ltd",
        description="Holds",
        bullets=("a", "b"),
        images=(ImageData(url="https://x/a.jpg", width=1, height=2, variant="MAIN"), ImageData(url="b")),
        categories=("Automotive", "Straps"),
        product_type="STRAP",
        url="https://www.amazon.com/dp/B0PALLET01",
        parent_asin="B0PALLET00",
        variation_asins=(),
        price=PRICE,
        list_price=Money(Decimal(4900), "JPY"),
        availability=Availability.IN_STOCK,
        rating=Decimal("4.60"),
        rating_count=12,
        rank=RankData(rank=1, category="Straps", category_id="7"),
        ranks=(RankData(rank=1), RankData(rank=2, category="x")),
        identifiers=Identifiers(eans=("4006381333931",), isbns=("9784003201237",)),
        monthly_sold=700,
        item=Measurements(length_mm=1, weight_g=2),
        package=Measurements(width_mm=3, height_mm=4),
        offer_count=2,
        offers=(OfferData(seller_id="A1", price=PRICE, shipping=PRICE, seen_at=NOW), OfferData()),
        reviews=(ReviewData(rating=Decimal("4.0"), title="Good", reviewed_at=NOW), ReviewData()),
        history=(
            HistoryPoint("new", NOW, Decimal("24.90"), "USD"),
            HistoryPoint("new", NOW, None, "USD"),
            HistoryPoint("rank", NOW, Decimal(402)),
        ),
        provenance=dict.fromkeys(FIELDS - {"title"}, KEEPA) | {"title": OTHER},
        is_sample=True,
    )


def test_every_field_survives_the_way_there_and_back() -> None:
    product = everything()
    assert all(getattr(product, name) is not None for name in FIELDS)
    again = codec.from_json(codec.to_json(product))
    assert again == product
    assert again.price is not None
    assert str(again.price.amount) == "18.40"
    assert str(again.rating) == "4.60"


def test_what_is_unknown_stays_unknown() -> None:
    bare = ProductData(asin="B0PALLET01", marketplace="US")
    assert codec.from_json(codec.to_json(bare)) == bare


def test_the_history_can_be_left_out() -> None:
    again = codec.from_json(codec.to_json(everything(), history=False))
    assert again is not None
    assert again.history is None
    assert again.title == "Strap"


@pytest.mark.parametrize("product", [everything(), None])
def test_what_the_store_keeps_survives_as_well(product: ProductData | None) -> None:
    stored = StoredProduct(
        asin="B0PALLET01",
        marketplace="US",
        product=product,
        asked={Part.CORE: NOW, Part.OFFERS: NOW},
        fetched_at=NOW,
    )
    assert codec.load(codec.dump(stored)) == stored


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x04pickle",
        b"null",
        b"[]",
        b"{}",
        b'{"v": 0}',
        b'{"v": 1}',
        b'{"v": 1, "asin": "B0PALLET01"}',
        b'{"v": 1, "asin": "B0PALLET01", "marketplace": "US", "price": 18.4, "provenance": []}',
        b'{"v": 1, "asin": "B0PALLET01", "marketplace": "US", "price": {"amount": "x", "currency": "USD"}}',
        b'{"v": 1, "asin": "B0PALLET01", "marketplace": "US", "images": [{"size": 1}]}',
        b'{"v": 1, "asin": "B0PALLET01", "marketplace": "US", "availability": "perhaps"}',
        b'{"v": 1, "asin": "B0PALLET01", "marketplace": "US", "history": {"new": {"currency": "USD", '
        b'"points": [[1e30, "1"]]}}}',
    ],
)
def test_what_does_not_read_is_a_miss(data: bytes) -> None:
    assert codec.from_json(data) is None
    assert codec.load(data) is None


def test_a_document_of_another_version_is_a_miss() -> None:
    stored = StoredProduct(
        asin="B0PALLET01", marketplace="US", product=everything(), asked={Part.CORE: NOW}, fetched_at=NOW
    )
    document = orjson.loads(codec.dump(stored))
    assert codec.load(orjson.dumps(document | {"v": 0})) is None
    assert codec.from_json(orjson.dumps(document["product"] | {"v": 0})) is None


def test_fields_this_version_does_not_know_are_left_aside() -> None:
    document = orjson.loads(codec.to_json(everything()))
    assert codec.from_json(orjson.dumps(document | {"aplus": [1]})) == everything()


def test_what_could_not_be_had_just_now_is_not_kept() -> None:
    document = codec.to_json(replace(everything(), undelivered=frozenset({Part.OFFERS})))
    assert codec.from_json(document) == everything()
    assert b"undelivered" not in document
