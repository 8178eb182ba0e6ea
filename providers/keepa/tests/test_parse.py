"""From Keepa's product object to ours."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.base import (
    Availability,
    Identifiers,
    ImageData,
    Measurements,
    Money,
    ProductData,
    RankData,
)
from providers.keepa import parse
from providers.keepa.tests.upstream import fixture, product
from providers.marketplaces import MARKETPLACES
from providers.reading import Unbelievable

US, JP = MARKETPLACES["US"], MARKETPLACES["JP"]


def parsed(raw: dict[str, Any]) -> ProductData:
    found = parse.product(raw, US)
    assert found is not None
    return found


def stats(**changes: Any) -> dict[str, Any]:
    return {"stats": product()["stats"] | changes}


def current(**values: object) -> dict[str, Any]:
    """Return stats in which these values are current: c18=2248."""
    known = list(product()["stats"]["current"])
    for name, value in values.items():
        known[int(name[1:])] = value
    return stats(current=known)


def test_reads_a_whole_product() -> None:
    found = parsed(product())
    assert found.asin == "B0PALLET01"
    assert found.marketplace == "US"
    assert found.title == "Ratchet Strap Set, 4 Pack & Bag"
    assert found.brand == "Hold Fast"
    assert found.manufacturer == "Hold Fast Ltd"
    assert found.description == "Holds 500 kg.\nRubber grip\nSoft loops & hooks"
    assert found.bullets == ("500 kg breaking strength", "Rubber grip")
    assert found.categories == ("Automotive", "Exterior Accessories", "Ratchet Straps")
    assert found.product_type == "CARGO_STRAP"
    assert found.url == "https://www.amazon.com/dp/B0PALLET01"
    assert found.parent_asin == "B0PALLET00"
    assert found.variation_asins is None
    assert found.price == Money(Decimal("18.49"), "USD")
    assert found.list_price == Money(Decimal("29.99"), "USD")
    assert found.availability is Availability.IN_STOCK
    assert found.rating == Decimal("4.6")
    assert found.rating_count == 1287
    assert found.rank == RankData(rank=402, category="Automotive", category_id="15684181")
    assert found.ranks == (found.rank, RankData(rank=3, category="Ratchet Straps", category_id="15735161"))
    assert found.identifiers == Identifiers(eans=("4006381333931",), upcs=("036000291452",))
    assert found.monthly_sold == 700
    assert found.item == Measurements(length_mm=300, width_mm=200, height_mm=40, weight_g=1800)
    assert found.package == Measurements(length_mm=320, width_mm=220, height_mm=60, weight_g=1950)
    assert found.offer_count == 4
    assert found.offers is None
    assert found.reviews is None
    assert found.history is not None
    assert not found.is_sample


def test_takes_the_large_picture_or_else_the_medium_one() -> None:
    first, second = parsed(product()).images or ()
    assert first == ImageData(
        url="https://m.media-amazon.com/images/I/71abcDEFghL.jpg", width=1200, height=1500, variant="MAIN"
    )
    assert second == ImageData(
        url="https://m.media-amazon.com/images/I/41nolargeIL.jpg", width=500, height=500
    )


@pytest.mark.parametrize("name", ["../../x.jpg", "a/b.jpg", "a.svg", "a.jpg?x", "", None, 7, "ä.jpg"])
def test_a_picture_whose_name_is_no_file_is_left_out(name: object) -> None:
    assert parsed(product(images=[{"l": name}, "text", {}])).images == ()


def test_yen_are_not_divided() -> None:
    found = parse.product(fixture("yen")["products"][0], JP)
    assert found is not None
    assert found.price == Money(Decimal(4480), "JPY")
    assert found.title == "荷締めベルト"
    assert found.url == "https://www.amazon.co.jp/dp/4003201234"
    assert found.rating is None
    assert found.rating_count == 0
    assert found.identifiers == Identifiers(
        eans=("4006381333931", "9784003201237"), upcs=("036000291452",), isbns=("9784003201237",)
    )
    assert found.history is not None
    assert {point.value for point in found.history if point.series == "new"} == {Decimal(4900), Decimal(4500)}


@pytest.mark.parametrize("kind", [3, 4])
def test_an_invalid_or_inaccessible_asin_is_not_found(kind: int) -> None:
    assert parse.product(product(productType=kind), US) is None
    assert parse.product(fixture("not_found")["products"][0], US) is None


@pytest.mark.parametrize("kind", [0, 1, 2, 5, None, "new"])
def test_every_other_kind_of_product_is_read(kind: object) -> None:
    assert parsed(product(productType=kind)).title


def test_a_variation_parent_names_its_children_and_has_no_price() -> None:
    found = parsed(fixture("parent")["products"][0])
    assert found.variation_asins == ("B0PALLET01", "B0PALLET02")
    assert found.price is None
    assert found.images == ()
    assert found.availability is None
    assert found.history is None


@pytest.mark.parametrize(
    ("changes", "price"),
    [
        (stats(), "18.49"),
        (stats(buyBoxPrice=-2), "18.49"),  # nobody looked at offers: the array's last row, without shipping
        (stats(buyBoxPrice=-1, buyBoxIsUsed=True), "18.49"),
        (stats(buyBoxPrice=500, buyBoxIsUsed=True), "18.49"),  # a used buy box is not what a buyer expects
        (stats(buyBoxPrice=-2) | {"csv": None}, "22.48"),
        (stats(buyBoxPrice=-2) | {"csv": [None] * 18 + [[7, 1849]]}, "22.48"),
        (current(c18=-1) | {"csv": None}, "18.49"),
    ],
)
def test_the_price_is_the_buy_boxs(changes: dict[str, Any], price: str) -> None:
    assert parsed(product(**changes)).price == Money(Decimal(price), "USD")


def test_without_a_buy_box_the_price_is_the_lowest_new_one() -> None:
    changes = current(c18=-1)
    changes["stats"]["buyBoxPrice"] = -1
    assert parsed(product(**changes)).price == Money(Decimal("18.99"), "USD")


def test_without_any_new_offer_there_is_no_price() -> None:
    changes = current(c0=-1, c1=-1, c18=-1)
    changes["stats"]["buyBoxPrice"] = -1
    found = parsed(product(**changes))
    assert found.price is None
    assert found.availability is Availability.OUT_OF_STOCK


def test_without_stats_the_arrays_tell_what_is_current() -> None:
    found = parsed(product(stats=None))
    assert found.price == Money(Decimal("18.49"), "USD")
    assert found.rating == Decimal("4.6")
    assert found.rank is not None
    assert found.rank.rank == 402
    assert found.offer_count == 3
    assert found.rating_count == 1287


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (0, Availability.IN_STOCK),
        (1, Availability.PREORDER),
        (3, Availability.BACKORDER),
        (4, Availability.DELAYED),
        (-1, Availability.IN_STOCK),  # somebody else has it
        (2, Availability.IN_STOCK),
        (None, Availability.IN_STOCK),
        ([0], Availability.IN_STOCK),
    ],
)
def test_availability_is_amazons_or_else_that_of_anyone(code: object, expected: Availability) -> None:
    assert parsed(product(availabilityAmazon=code)).availability is expected


@pytest.mark.parametrize("reference", [-1, 0, None, "x", 1.5])
def test_a_rank_of_no_known_category_is_a_rank_all_the_same(reference: object) -> None:
    assert parsed(product(salesRankReference=reference)).rank == RankData(rank=402)


def test_a_rank_in_a_category_outside_the_tree_has_its_number() -> None:
    assert parsed(product(salesRankReference=99)).rank == RankData(rank=402, category_id="99")


@pytest.mark.parametrize("rank", [-1, 0, None])
def test_no_rank_is_unknown(rank: object) -> None:
    assert parsed(product(**current(c3=rank))).rank is None


def test_ranks_that_ended_are_left_out() -> None:
    ranks = {"1": [10, 5, 20, -1], "2": [], "3": None, "15735161": [10, 4]}
    found = parsed(product(salesRanks=ranks)).ranks
    assert found == (RankData(rank=4, category="Ratchet Straps", category_id="15735161"),)


def test_measures_of_nothing_are_unknown() -> None:
    found = parsed(product(itemHeight=-1, itemLength=0, itemWidth=None, itemWeight="1", packageHeight=-1))
    assert found.item is None
    assert found.package == Measurements(length_mm=320, width_mm=220, weight_g=1950)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", 7),
        ("brand", ["x"]),
        ("features", "text"),
        ("images", {}),
        ("categoryTree", "x"),
        ("categoryTree", [1, {"catId": 5}, {"name": 5}]),
        ("parentAsin", "not an ASIN"),
        ("variations", "B0PALLET02"),
        ("salesRanks", [1]),
        ("monthlySold", -1),
        ("stats", "none"),
        ("csv", "none"),
        ("csv", [7, "x", {}]),
    ],
)
def test_a_field_of_an_unexpected_kind_is_unknown_and_the_rest_is_good(field: str, value: object) -> None:
    found = parsed(product() | {field: value})
    assert found.title or found.brand


def test_no_lists_of_numbers_means_that_nobody_knows_them() -> None:
    assert parsed(product(eanList=None, upcList=None)).identifiers is None
    assert parsed(product(eanList=["4006381333931", 7, "12x"], upcList=None)).identifiers == Identifiers(
        eans=("4006381333931",)
    )


def test_codes_are_compared_with_14_digits() -> None:
    assert parse.codes(product()) == {"04006381333931", "00036000291452"}
    assert parse.codes(product(eanList=None, upcList=None)) == frozenset()


@pytest.mark.parametrize(
    "changes",
    [
        {"asin": None},
        {"domainId": 3},
        stats(buyBoxPrice=-5),
        stats(buyBoxPrice=18.49),
        stats(buyBoxPrice="18.49"),
        current(c4=-2999),
        current(c16=99),
        {"csv": [[10, -7]]},
        {"title": None, "images": None, "stats": None, "csv": None},
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Unbelievable):
        parse.product({**product(), **changes}, US)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 2**33) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(changes=st.dictionaries(st.sampled_from(sorted(product())), JSON, max_size=4), deep=JSON)
def test_whatever_keepa_sends_it_is_read_or_refused(changes: dict[str, Any], deep: Any) -> None:
    raw = product() | {"stats": product()["stats"] | {"current": deep}} | changes
    try:
        found = parse.product(raw, US, with_offers=True)
    except Unbelievable:
        return
    assert found is None or found.asin == raw["asin"]
