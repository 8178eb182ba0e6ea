"""From an item of the Creators API to a product."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.base import Availability, Identifiers, ImageData, Measurements, Money, ProductData, RankData
from providers.creators import parse
from providers.creators.tests.amazon import item, put
from providers.marketplaces import MARKETPLACES
from providers.reading import Unbelievable

US, DE = MARKETPLACES["US"], MARKETPLACES["DE"]
MEDIA = "https://m.media-amazon.com/images/I/"


def parsed(raw: dict[str, Any]) -> ProductData:
    return parse.product(raw, US)


def test_reads_a_whole_item() -> None:
    found = parsed(item())
    rank = RankData(rank=402, category="Automotive")
    assert found == ProductData(
        asin="B0PALLET01",
        marketplace="US",
        title="Ratchet Strap Set, 4 Pack & Bag",
        brand="Hold Fast",
        manufacturer="Hold Fast Ltd",
        bullets=("500 kg breaking strength", "Rubber grip"),
        images=(
            ImageData(url=f"{MEDIA}71abcDEFghL._SL1500_.jpg", width=1200, height=1500, variant="MAIN"),
            ImageData(url=f"{MEDIA}61secondviewL._SL1000_.jpg", width=1000, height=1000),
            ImageData(url=f"{MEDIA}41nolargeIL._SL500_.jpg", width=500, height=500),
        ),
        categories=("Automotive", "Exterior Accessories", "Ratchet Straps"),
        url="https://www.amazon.com/dp/B0PALLET01",
        parent_asin="B0PALLET00",
        price=Money(Decimal("18.49"), "USD"),
        list_price=Money(Decimal("29.99"), "USD"),
        availability=Availability.IN_STOCK,
        rating=Decimal("4.6"),
        rating_count=1287,
        rank=rank,
        ranks=(rank, RankData(rank=3, category="Ratchet Straps", category_id="15735161")),
        identifiers=Identifiers(eans=("4006381333931",), upcs=("036000291452",), isbns=("400320123X",)),
        item=Measurements(length_mm=305, width_mm=190, height_mm=40, weight_g=1801),
    )


def test_the_partners_tag_is_in_no_address() -> None:
    found = parse.product(item(), DE)
    assert found.url == "https://www.amazon.de/dp/B0PALLET01"
    assert "tag" not in str(found)


def test_offers_are_read_only_when_they_were_asked_for() -> None:
    assert parse.product(item(), US).offers is None
    assert len(parse.product(item(), US, with_offers=True).offers or ()) == 2


def test_what_amazon_leaves_out_is_unknown() -> None:
    found = parsed({"asin": "B0PALLET01", "itemInfo": {"title": {"displayValue": "Strap"}}})
    assert found == ProductData(
        asin="B0PALLET01", marketplace="US", title="Strap", url="https://www.amazon.com/dp/B0PALLET01"
    )


@pytest.mark.parametrize(
    "url", [None, "", 7, "http://m.media-amazon.com/x.jpg", "javascript:x", "https://a/\n", "//a/x.jpg"]
)
def test_a_picture_without_a_safe_address_is_left_out(url: object) -> None:
    image = {"hiRes": {"url": url}}
    assert parsed(item(images={"primary": image, "variants": [image, "text", {}]})).images == ()


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("inches", 2, 51),
        ("Centimeters", 2.5, 25),
        ("millimeters", 2, 2),
        ("meters", 2, 2000),
        ("feet", 1, 305),
        ("parsecs", 2, None),
        (None, 2, None),
        ("inches", "2", None),
        ("inches", 0, None),
        ("inches", None, None),
    ],
)
def test_sizes_are_in_millimetres(unit: object, value: object, expected: int | None) -> None:
    sizes = {"length": {"displayValue": value, "unit": unit}}
    found = parsed(put(item(), "itemInfo.productInfo.itemDimensions", sizes)).item
    assert found == (expected and Measurements(length_mm=expected))


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("grams", 2), ("Kilograms", 2000), ("ounces", 57), ("pounds", 907), ("stones", None)],
)
def test_weights_are_in_grams(unit: str, expected: int | None) -> None:
    sizes = {"weight": {"displayValue": 2, "unit": unit}}
    found = parsed(put(item(), "itemInfo.productInfo.itemDimensions", sizes)).item
    assert found == (expected and Measurements(weight_g=expected))


@pytest.mark.parametrize("rank", [None, 0, "402", 4.5, True, []])
def test_what_is_no_rank_is_unknown(rank: object) -> None:
    found = parsed(put(item(), "browseNodeInfo.websiteSalesRank.salesRank", rank))
    assert found.rank is None
    assert [one.rank for one in found.ranks or ()] == [3]


def test_without_any_word_of_ranks_they_are_unknown() -> None:
    assert parsed(item(browseNodeInfo=None)).ranks is None
    assert parsed(item(browseNodeInfo={"browseNodes": []})).ranks == ()


def test_a_code_that_is_none_is_left_out() -> None:
    codes = {
        "eans": {"displayValues": ["4006381333931", 7, "12x", "１２３４５６７８"]},
        "isbns": {"displayValues": "x"},
    }
    found = parsed(put(item(), "itemInfo.externalIds", codes)).identifiers
    assert found == Identifiers(eans=("4006381333931",))


@pytest.mark.parametrize("parent", [None, "", "B0", "b0pallet00", 7, ["B0PALLET00"]])
def test_a_parent_that_is_no_asin_is_unknown(parent: object) -> None:
    assert parsed(item(parentASIN=parent)).parent_asin is None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("customerReviews", {"count": -1}),
        ("customerReviews", {"starRating": {"value": 5.1}}),
        ("customerReviews", {"starRating": {"value": -1}}),
        ("browseNodeInfo.websiteSalesRank.salesRank", -3),
        ("itemInfo.productInfo.itemDimensions.weight.displayValue", -3),
        ("asin", None),
        ("asin", ["B0PALLET01"]),
    ],
)
def test_what_cannot_be_meant_is_refused(path: str, value: object) -> None:
    with pytest.raises(Unbelievable):
        parsed(put(item(), path, value))


def test_an_item_without_a_single_fact_is_refused() -> None:
    with pytest.raises(Unbelievable):
        parsed({"asin": "B0PALLET01", "detailPageURL": "https://www.amazon.com/dp/B0PALLET01"})


TOPS = ["itemInfo", "images", "customerReviews", "browseNodeInfo", "offersV2", "parentASIN"]
DEEP = [
    "itemInfo.title", "itemInfo.title.displayValue", "itemInfo.features", "itemInfo.features.displayValues",
    "itemInfo.externalIds.eans", "itemInfo.productInfo.itemDimensions", "images.primary", "images.variants",
    "customerReviews.starRating", "browseNodeInfo.browseNodes", "browseNodeInfo.websiteSalesRank",
    "offersV2.listings",
]  # fmt: skip


@pytest.mark.parametrize("path", TOPS + DEEP)
@pytest.mark.parametrize("value", [None, 7, "text", True, [], {}, [None, 7, "x", []], [{}, {"x": 1}]])
def test_a_field_of_an_unexpected_kind_is_unknown_and_the_rest_is_good(path: str, value: object) -> None:
    found = parse.product(put(item(), path, value), US, with_offers=True)
    assert found.title or found.images


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 2**33) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(path=st.sampled_from(TOPS + DEEP), value=JSON, listing=JSON)
def test_whatever_amazon_sends_it_is_read_or_refused(path: str, value: Any, listing: Any) -> None:
    raw = put(item(offersV2={"listings": [listing, {"price": listing, "condition": value}]}), path, value)
    try:
        found = parse.product(raw, US, with_offers=True)
    except Unbelievable:
        return
    assert found.asin == raw["asin"]
