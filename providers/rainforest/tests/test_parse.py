"""From Rainforest's product to ours."""

from datetime import UTC, datetime
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
    ReviewData,
)
from providers.belief import doubt
from providers.marketplaces import MARKETPLACES
from providers.rainforest import parse
from providers.rainforest.tests.upstream import answer, box, fixture
from providers.reading import Unbelievable

US, FR = MARKETPLACES["US"], MARKETPLACES["FR"]
PICTURES = "https://m.media-amazon.com/images/I/"


def parsed(body: dict[str, Any]) -> ProductData:
    found = parse.product(body, "B0PALLET01", US, with_reviews=True)
    assert found is not None
    return found


def test_reads_a_whole_product() -> None:
    found = parsed(answer())
    assert found.asin == "B0PALLET01"
    assert found.marketplace == "US"
    assert found.title == "Ratchet Strap Set, 4 Pack & Bag"
    assert found.brand == "Hold Fast"
    assert found.manufacturer == "Hold Fast Ltd"
    assert found.description == "Holds 500 kg.\nRubber grip"
    assert found.bullets == ("500 kg breaking strength", "Rubber grip")
    assert found.categories == ("Automotive", "Ratchet Straps")
    assert found.url == "https://www.amazon.com/dp/B0PALLET01"
    assert found.parent_asin == "B0PALLET00"
    assert found.variation_asins == ("B0PALLET01", "B0PALLET02")
    assert found.price == Money(Decimal("18.49"), "USD")
    assert found.list_price == Money(Decimal("29.99"), "USD")
    assert found.availability is Availability.IN_STOCK
    assert found.rating == Decimal("4.6")
    assert found.rating_count == 1287
    assert found.rank == RankData(rank=402, category="Automotive")
    assert found.ranks == (found.rank, RankData(rank=3, category="Ratchet Straps"))
    assert found.identifiers == Identifiers(eans=("4006381333931",), upcs=("036000291452", "123456789999"))
    assert found.item == Measurements(length_mm=300, width_mm=200, height_mm=40, weight_g=1801)
    assert found.package == Measurements(length_mm=320, width_mm=220, height_mm=60, weight_g=1950)
    assert found.offer_count == 9
    assert found.offers is None
    assert found.monthly_sold is None
    assert found.history is None
    assert not found.is_sample


def test_the_main_picture_is_the_first_and_is_not_repeated() -> None:
    assert parsed(answer()).images == (
        ImageData(url=f"{PICTURES}71strapSet._AC_SL1500_.jpg", variant="MAIN"),
        ImageData(url=f"{PICTURES}61strapBag._AC_SL1500_.jpg", variant="PT01"),
    )


def test_the_main_picture_is_recognised_when_no_view_is_named() -> None:
    images = [{"link": f"{PICTURES}61strapBag.jpg"}, {"link": f"{PICTURES}71strapSet._SL1500_.jpg"}]
    found = parsed(answer(images=images)).images or ()
    assert [image.url for image in found] == [
        f"{PICTURES}71strapSet._SL1500_.jpg",
        f"{PICTURES}61strapBag.jpg",
    ]


def test_a_main_picture_that_is_not_listed_is_added() -> None:
    main = ImageData(url=f"{PICTURES}71strapSet.jpg", variant="MAIN")
    assert parsed(answer(images=None)).images == (main,)
    assert parsed(answer(images=[])).images == (main,)
    assert parsed(answer(images=[], main_image=None)).images == ()
    assert parsed(answer(images=None, main_image=None)).images is None


@pytest.mark.parametrize(
    "link",
    [
        "http://m.media-amazon.com/images/I/x.jpg",
        "https://example.com/images/I/x.jpg",
        "https://media-amazon.com.example.com/x.jpg",
        "javascript:alert(1)//m.media-amazon.com",
        'https://m.media-amazon.com/x.jpg" onload="x',
        "https://[::1",
        "",
        None,
        7,
    ],
)
def test_a_picture_that_is_none_of_amazons_is_left_out(link: object) -> None:
    assert parsed(answer(images=[{"link": link}, "text", {}], main_image={"link": link})).images == ()


def test_reviews_are_those_on_the_page_and_only_when_wanted() -> None:
    assert parsed(answer()).reviews == (
        ReviewData(
            rating=Decimal(5), title="Holds", body="Moved a piano with it. Nothing slipped.", author="Mover",
            is_verified=True, helpful_count=12, reviewed_at=datetime(2026, 6, 17, tzinfo=UTC),
        ),
        ReviewData(
            rating=Decimal(2), title="Rusty", body="One of four came rusty.", author="Sam", is_verified=False,
            reviewed_at=datetime(2026, 5, 2, tzinfo=UTC),
        ),
    )  # fmt: skip
    found = parse.product(answer(), "B0PALLET01", US)
    assert found is not None
    assert found.reviews is None


def test_no_list_of_reviews_is_silence_and_an_empty_one_a_statement() -> None:
    assert parsed(answer(top_reviews=None)).reviews is None
    assert parsed(answer(top_reviews=[])).reviews == ()
    assert parsed(answer(top_reviews=[{"body": "Read more"}, 7])).reviews == (ReviewData(),)


def test_an_unavailable_product_has_no_price() -> None:
    found = parsed(fixture("unavailable"))
    assert found.availability is Availability.OUT_OF_STOCK
    assert found.price is None
    assert found.rating is None
    assert found.rating_count == 0
    assert found.variation_asins is None
    assert found.reviews is None


def test_a_product_without_a_buy_box_has_neither_price_nor_availability() -> None:
    found = parsed(answer(buybox_winner=None))
    assert (found.price, found.list_price, found.availability, found.offer_count) == (None,) * 4


def test_a_used_buy_box_does_not_count_and_a_from_price_neither() -> None:
    found = parse.product(fixture("book"), "2070360024", FR)
    assert found is not None
    assert found.price is None
    assert found.availability is None
    assert found.offer_count == 41


def test_a_book_has_its_isbns_and_one_of_them_is_an_ean() -> None:
    found = parse.product(fixture("book"), "2070360024", FR)
    assert found is not None
    assert found.identifiers == Identifiers(eans=("9782070360024",), isbns=("2070360024", "9782070360024"))
    assert found.item == Measurements(length_mm=178, width_mm=108, height_mm=16, weight_g=250)
    assert found.url == "https://www.amazon.fr/dp/2070360024"


def test_numbers_with_a_wrong_check_digit_are_left_out() -> None:
    rows = [{"name": "EAN", "value": "4006381333932"}, {"name": "UPC", "value": "none"}]
    assert parsed(answer(isbn_10="2070360025", isbn_13=7, specifications=rows)).identifiers is None


def test_the_currency_is_the_one_on_the_page() -> None:
    price = {"symbol": "PEN", "value": 156.22, "currency": "PEN", "raw": "PEN 156.22"}
    assert parsed(box(price=price)).price == Money(Decimal("156.22"), "PEN")


def test_a_price_that_is_only_a_text_is_unknown() -> None:
    assert parsed(box(price={"raw": "1.139,00TL"})).price is None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("in_stock", Availability.IN_STOCK),
        ("out_of_stock", Availability.OUT_OF_STOCK),
        ("unavailable", Availability.OUT_OF_STOCK),
        ("preorder", Availability.PREORDER),
        ("back_order", Availability.BACKORDER),
        ("delayed", Availability.DELAYED),
        ("on_the_moon", None),
        (None, None),
        (["in_stock"], None),
    ],
)
def test_availability_is_one_of_the_words_we_know(kind: object, expected: Availability | None) -> None:
    assert parsed(box(availability={"type": kind})).availability is expected


def test_the_size_of_the_package_is_not_that_of_the_article() -> None:
    found = parsed(answer(dimensions="12.6 x 8.66 x 2.36 inches; 4.3 pounds", weight=None))
    assert found.item is None
    assert found.package == Measurements(length_mm=320, width_mm=220, height_mm=60, weight_g=1950)


def test_the_manufacturer_may_stand_in_the_specifications() -> None:
    rows = [{"name": "Manufacturer", "value": "Someone"}, {"name": "manufacturer", "value": "Another"}]
    assert parsed(answer(manufacturer=None, specifications=rows)).manufacturer == "Someone"


@pytest.mark.parametrize(
    "told", ["March 3, 2021", {"raw": "March 3, 2021", "utc": "2021-03-03T00:00:00Z"}, None]
)
def test_when_it_was_first_available_does_no_harm(told: object) -> None:
    assert parsed(answer(first_available=told)) == parsed(answer())


def test_an_answer_that_brings_no_product_says_that_there_is_none() -> None:
    body = fixture("no_product")
    for product in (None, {}, {"title": None}, {"title": "", "asin": None, "rating": 4}):
        assert parse.product(body | {"product": product}, "B0NOTFOUND", US) is None
    assert parse.product(body, "B0NOTFOUND", US) is None


@pytest.mark.parametrize("info", [None, {}, {"success": "true"}, "success"])
def test_an_answer_that_does_not_say_it_succeeded_says_nothing(info: object) -> None:
    with pytest.raises(Unbelievable):
        parse.product({"request_info": info}, "B0NOTFOUND", US)


def test_a_product_without_its_number_is_known_by_what_was_asked() -> None:
    assert parsed(answer(asin=None)).title
    with pytest.raises(Unbelievable):
        parse.product(answer(asin=None) | {"request_parameters": None}, "B0PALLET01", US)


def test_every_field_may_be_missing() -> None:
    bare = {"product": {"title": "Strap", "asin": "B0PALLET01"}}
    assert parsed(bare) == ProductData(
        asin="B0PALLET01", marketplace="US", title="Strap", url="https://www.amazon.com/dp/B0PALLET01"
    )


@pytest.mark.parametrize("field", sorted(fixture("product")["product"]))
@pytest.mark.parametrize("value", [None, 3, "text", True, [], {}, [7, "x", None, {}], {"x": 1}])
def test_a_field_of_an_unexpected_kind_is_unknown_and_the_rest_is_good(field: str, value: object) -> None:
    found = parsed(answer() | {"product": answer()["product"] | {field: value}})
    assert found.title or found.brand


@pytest.mark.parametrize(
    "body",
    [
        answer("B0STRANGER"),
        answer() | {"product": "text"},
        answer() | {"product": [answer()["product"]]},
        answer(rating=5.1),
        answer(rating=-1),
        answer(bestsellers_rank=[{"category": "Automotive", "rank": 0}]),
        answer(bestsellers_rank=[{"category": "Automotive", "rank": -402}]),
        answer(top_reviews=[{"rating": 6}]),
        box(price={"value": -18.49, "currency": "USD"}),
        box(rrp={"value": -1, "currency": "USD"}),
        {"product": {"asin": "B0PALLET01", "brand": "Hold Fast"}, "request_info": {"success": True}},
    ],
)
def test_what_cannot_be_meant_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(Unbelievable):
        parse.product(body, "B0PALLET01", US, with_reviews=True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 2**33) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(
    changes=st.dictionaries(st.sampled_from(sorted(fixture("product")["product"])), JSON, max_size=4),
    buy_box=st.dictionaries(
        st.sampled_from(sorted(fixture("product")["product"]["buybox_winner"])), JSON, max_size=3
    ),
)
def test_whatever_is_sent_is_read_or_refused(changes: dict[str, Any], buy_box: dict[str, Any]) -> None:
    body = box(**buy_box)
    body["product"] |= changes
    try:
        found = parse.product(body, "B0PALLET01", US, with_reviews=True)
    except Unbelievable:
        return
    assert found is None or doubt(found, asin="B0PALLET01", marketplace="US") is None
