"""From an item of the catalogue to a product."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.base import Identifiers, ImageData, Measurements, Money, ProductData, RankData
from providers.marketplaces import MARKETPLACES
from providers.reading import Unbelievable
from providers.spapi import parse
from providers.spapi.offers import offered
from providers.spapi.paths import PATHS
from providers.spapi.provider import SPAPIProvider
from providers.spapi.tests.amazon import fixture, in_marketplace, item, offers
from providers.tests.paths import without

US, BR, DE = (MARKETPLACES[code] for code in ("US", "BR", "DE"))


def parsed(raw: dict[str, Any]) -> ProductData:
    return parse.product(raw, US)


def section(name: str, **changes: Any) -> dict[str, Any]:
    """Return changes to the first entry of a section that has one for each marketplace."""
    return {name: [fixture("item")[name][0] | changes]}


def attributes(**changes: Any) -> dict[str, Any]:
    return {"attributes": fixture("item")["attributes"] | changes}


def test_reads_a_whole_item() -> None:
    found = parsed(item())
    assert (found.asin, found.marketplace) == ("B0PALLET01", "US")
    assert found.title == "Ratchet Strap Set, 4 Pack & Bag"
    assert found.brand == "Hold Fast"
    assert found.manufacturer == "Hold Fast Ltd"
    assert found.description == "Holds 500 kg.\nSoft loops & hooks"
    assert found.bullets == ("500 kg breaking strength", "Rubber grip")
    assert found.categories == ("Automotive", "Exterior Accessories", "Ratchet Straps")
    assert found.product_type == "CARGO_STRAP"
    assert found.url == "https://www.amazon.com/dp/B0PALLET01"
    assert found.parent_asin == "B0PALLET00"
    assert found.variation_asins is None
    assert found.list_price == Money(Decimal("29.99"), "USD")
    assert found.rank == RankData(
        rank=402, category="Automotive", category_id="automotive_display_on_website"
    )
    assert found.ranks == (found.rank, RankData(rank=3, category="Ratchet Straps", category_id="15735161"))
    assert found.identifiers == Identifiers(
        eans=("4006381333931",), upcs=("036000291452",), gtins=("04006381333931",)
    )
    assert found.item == Measurements(length_mm=305, width_mm=203, height_mm=44, weight_g=1814)
    assert found.package == Measurements(length_mm=320, width_mm=220, height_mm=60, weight_g=1950)
    assert (found.price, found.availability, found.offer_count, found.offers) == (None, None, None, None)
    assert (found.rating, found.rating_count, found.reviews, found.history) == (None, None, None, None)


def test_reads_an_item_that_has_little_but_attributes() -> None:
    found = parse.product(fixture("brazil"), BR)
    assert found.title == "Camiseta de Algodão Manga Curta"
    assert found.brand == "Fio Bom"
    assert found.bullets == ("100% algodão", "Lavar à mão")
    assert found.description == "Camiseta de algodão. Cor: azul-marinho. Tamanho: G."
    assert found.url == "https://www.amazon.com.br/dp/B0CAMISETA"
    assert found.identifiers == Identifiers(eans=("7891000315507",))
    assert found.item == Measurements(weight_g=180)
    assert found.package == Measurements(length_mm=300, width_mm=250, height_mm=30, weight_g=210)
    assert [(image.variant, image.width) for image in found.images or ()] == [("MAIN", 530), ("PT01", 707)]
    assert (found.manufacturer, found.categories, found.product_type, found.ranks) == (None, None, None, None)


@pytest.mark.parametrize("field", sorted(set(PATHS) - {"url"}))
def test_every_field_comes_from_its_paths_alone(field: str) -> None:
    parent = section("relationships", relationships=[{"type": "VARIATION", "childAsins": ["B0PALLET02"]}])
    raw = item(**(parent if field == "variation_asins" else {})) | {"payload": offers()}

    def read(document: dict[str, Any]) -> Any:
        told = offered(document["payload"], with_offers=True)
        return getattr(told.added_to(parse.product(document, US)), field)

    assert read(raw)
    assert not read(without(raw, *PATHS[field]))


def test_every_field_it_delivers_has_its_paths() -> None:
    assert set(PATHS) == SPAPIProvider.delivers


def test_takes_the_largest_picture_of_every_view_and_the_main_one_first() -> None:
    assert parsed(item()).images == (
        ImageData(
            url="https://m.media-amazon.com/images/I/91front+k3L.jpg", width=1200, height=1500, variant="MAIN"
        ),
        ImageData(
            url="https://m.media-amazon.com/images/I/81side.jpg", width=1500, height=1500, variant="PT01"
        ),
    )


@pytest.mark.parametrize(
    "link",
    [
        None,
        7,
        "",
        "javascript:alert(1)",
        "http://m.media-amazon.com/a.jpg",
        'https://a.b/"><script>',
        "//a.b/c",
    ],
)
def test_a_picture_without_a_safe_address_is_left_out(link: Any) -> None:
    assert parsed(item(**section("images", images=[{"variant": "MAIN", "link": link}, "text"]))).images == ()


def test_a_picture_without_a_size_is_still_one() -> None:
    raw = item(**section("images", images=[{"link": "https://a.b/c.jpg", "width": 0, "height": "5"}]))
    assert parsed(raw).images == (ImageData(url="https://a.b/c.jpg"),)


def test_a_parent_names_its_variations() -> None:
    relations = [
        {"type": "VARIATION", "childAsins": ["B0PALLET01", "B0PALLET02", "x", 7]},
        {"type": "VARIATION", "childAsins": "B0PALLET03"},
    ]
    found = parsed(item(**section("relationships", relationships=relations)))
    assert found.variation_asins == ("B0PALLET01", "B0PALLET02")
    assert found.parent_asin is None


def test_without_classifications_the_category_is_that_of_the_summary() -> None:
    raw = item(classifications=[])
    assert parsed(raw).categories == ("Ratchet Straps",)
    assert parsed(without(raw, "summaries[].browseClassification")).categories is None


def test_a_chain_of_categories_without_end_is_cut() -> None:
    node: dict[str, Any] = {"displayName": "Loop"}
    for _ in range(100):
        node = {"displayName": "Loop", "parent": node}
    raw = item(**section("classifications", classifications=[node]))
    assert len(parsed(raw).categories or ()) == parse.DEEPEST


def test_books_and_japanese_articles_have_their_numbers() -> None:
    known = [
        {"identifierType": "JAN", "identifier": "4901234567894"},
        {"identifierType": "EAN", "identifier": "9784003201237"},
        {"identifierType": "ISBN", "identifier": "9784003201237"},
        {"identifierType": "ISBN", "identifier": "080442957X"},
        {"identifierType": "MINSAN", "identifier": "012345678"},
        {"identifierType": "UPC", "identifier": "12 34"},
        {"identifierType": "UPC", "identifier": 36000291452},
    ]
    raw = item(**section("identifiers", identifiers=known))
    assert parsed(raw).identifiers == Identifiers(
        eans=("4901234567894", "9784003201237"), isbns=("9784003201237", "080442957X")
    )
    assert parse.codes(raw, US) == {"04901234567894", "09784003201237", "0000080442957X"}


def test_an_item_with_an_empty_list_of_numbers_has_none_unless_its_seller_assigned_one() -> None:
    raw = item(**section("identifiers", identifiers=[]))
    assert parsed(raw).identifiers == Identifiers(eans=("4006381333931",))
    raw = without(raw, "attributes.externally_assigned_product_identifier")
    assert parsed(raw).identifiers == Identifiers()
    assert parsed(raw | {"identifiers": []}).identifiers is None


def test_what_the_catalogue_did_not_measure_is_what_the_seller_wrote() -> None:
    assert parsed(item(dimensions=[])).item == Measurements(
        length_mm=310, width_mm=210, height_mm=44, weight_g=1810
    )
    assert parsed(item(dimensions="?", attributes={})).package is None


def test_without_a_rank_in_a_department_the_first_category_counts() -> None:
    found = parsed(item(**section("salesRanks", displayGroupRanks=[{"title": "Automotive", "rank": 0}])))
    assert found.rank == RankData(rank=3, category="Ratchet Straps", category_id="15735161")
    assert found.ranks == (found.rank,)


def test_what_is_said_of_another_marketplace_is_not_said_of_this_one() -> None:
    with pytest.raises(Unbelievable, match="single fact"):
        parse.product(item(), DE)
    assert parse.product(in_marketplace(item(), DE.id), DE).title


@pytest.mark.parametrize(
    "changes",
    [
        {"asin": None},
        {"asin": "short"},
        attributes(list_price=[{"currency": "USD", "value": -1}]),
        section("salesRanks", displayGroupRanks=[{"title": "Automotive", "rank": -1}]),
    ],
)
def test_what_cannot_be_meant_is_not_believed(changes: dict[str, Any]) -> None:
    with pytest.raises(Unbelievable):
        parsed(item() | changes)


def test_an_item_of_nothing_but_its_asin_is_not_believed() -> None:
    with pytest.raises(Unbelievable):
        parsed({"asin": "B0PALLET01"})


def test_markup_and_control_characters_are_gone() -> None:
    found = parsed(item(**section("summaries", itemName="<b>Strap</b>\x00 \x1b set", brand=["x"])))
    assert found.title == "Strap set"
    assert found.brand == "Hold Fast"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["marketplaceId", "value", "unit", "items", "images", "identifiers", "rank", "link"]
            ),
            below,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(fixture("item"))), JSON)
def test_a_section_of_any_kind_breaks_nothing(name: str, value: Any) -> None:
    try:
        assert parsed(item() | {name: value}).marketplace == "US"
    except Unbelievable:
        assert name in ("asin", "salesRanks", "attributes")
