"""The product stand-in keeps the contract of a provider, and says of everything that it is sample data."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import time_machine
from django.contrib.staticfiles import finders
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import ean

from providers.base import FIELDS, Part, ProductData
from providers.identifiers import asin as read_asin
from providers.marketplaces import MARKETPLACES, UnknownMarketplace
from providers.sample.catalogue import catalogue
from providers.sample.provider import SampleProvider

NOON = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)
CORE = frozenset({Part.CORE})
ALL = frozenset(Part)
ASIN = "B07ZPKCJ6X"


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def lookup(asin: str = ASIN, marketplace: str = "US", parts: frozenset[Part] = ALL) -> ProductData:
    found = SampleProvider().products([asin], marketplace=marketplace, parts=parts)[asin]
    assert found is not None
    return found


def test_the_code_of_the_specification_is_answered() -> None:
    product = lookup()
    assert (product.asin, product.marketplace, product.brand) == (ASIN, "US", "Apple")
    assert product.title
    assert product.price
    assert product.price.currency == "USD"


@pytest.mark.parametrize("code", sorted(MARKETPLACES))
def test_every_marketplace_is_answered_in_its_currency_and_on_its_site(code: str) -> None:
    place, product = MARKETPLACES[code], lookup(marketplace=code)
    assert product.marketplace == code
    assert product.url == f"https://www.{place.domain}/dp/{ASIN}"
    amounts = [product.price, product.list_price]
    for offer in product.offers or ():
        amounts += [offer.price, offer.shipping]
    assert all(money and money.currency == place.currency for money in amounts)
    assert all(money and money.amount.as_tuple().exponent == -place.minor_unit for money in amounts)


def test_price_levels_differ_between_marketplaces() -> None:
    prices = {code: lookup(marketplace=code).price for code in ("US", "JP", "IN")}
    amounts = {code: money.amount for code, money in prices.items() if money}
    assert amounts["JP"] > 50 * amounts["US"]
    assert amounts["IN"] > 30 * amounts["US"]


def test_everything_it_promises_is_delivered() -> None:
    product = lookup()
    assert {field for field in FIELDS if getattr(product, field) is not None} == SampleProvider.delivers
    assert SampleProvider.delivers <= FIELDS


def test_everything_is_marked_as_sample_data() -> None:
    product = lookup()
    assert product.is_sample
    assert set(product.provenance) == SampleProvider.delivers
    assert {(source.provider, source.fetched_at) for source in product.provenance.values()} == {
        ("sample", NOON)
    }
    assert "Sample data" in (product.description or "")


def test_offers_and_reviews_come_only_when_wanted() -> None:
    plain = lookup(parts=CORE)
    assert plain.parts == CORE
    assert "offers" not in plain.provenance
    assert lookup(parts=CORE | {Part.OFFERS}).parts == {Part.CORE, Part.OFFERS}
    assert lookup(parts=CORE | {Part.REVIEWS}).parts == {Part.CORE, Part.REVIEWS}
    assert lookup().parts == ALL


def test_the_first_offer_is_the_buy_box_at_the_products_price() -> None:
    product = lookup()
    offers = product.offers or ()
    assert len(offers) == product.offer_count
    assert [offer.is_buy_box for offer in offers] == [True] + [False] * (len(offers) - 1)
    assert offers[0].price == product.price
    assert offers[0].condition == "new"
    assert all(offer.seller_name and offer.seller_name.startswith("Sample Seller ") for offer in offers)


def test_reviews_name_nobody_and_say_that_they_are_generated() -> None:
    for review in lookup().reviews or ():
        assert review.author is None
        assert review.is_verified is False
        assert "Generated sample text" in (review.body or "")
        assert review.rating in {Decimal(3), Decimal(4), Decimal(5)}


def test_the_same_question_gets_the_same_answer_from_another_instance() -> None:
    assert lookup() == lookup()
    assert lookup() != lookup(marketplace="CA")


def test_the_answer_holds_for_the_rest_of_the_day() -> None:
    before = replace(lookup(parts=CORE), provenance={})
    with time_machine.travel(NOON + timedelta(hours=11), tick=False):
        assert replace(lookup(parts=CORE), provenance={}) == before


def test_history_has_90_days_of_price_rank_and_rating_and_ends_today() -> None:
    product = lookup()
    days = [datetime(2026, 3, 4, tzinfo=UTC) - timedelta(days=ago) for ago in range(89, -1, -1)]
    by_series = {
        series: [point for point in product.history or () if point.series == series]
        for series in ("buy_box", "rank", "rating")
    }
    assert all([point.at for point in points] == days for points in by_series.values())
    assert len(product.history or ()) == 270
    assert product.price
    assert product.rank
    assert by_series["buy_box"][-1].value == product.price.amount
    assert {point.currency for point in by_series["buy_box"]} == {"USD"}
    assert by_series["rank"][-1].value == product.rank.rank
    assert by_series["rating"][-1].value == product.rating


def test_yesterday_is_remembered_as_it_was_answered() -> None:
    today = {(point.series, point.at): point for point in lookup().history or ()}
    with time_machine.travel(NOON - timedelta(days=1), tick=False):
        yesterday = lookup().history or ()
    assert all(today.get((point.series, point.at), point) == point for point in yesterday)


def test_a_book_has_its_isbn_and_no_manufacturer() -> None:
    product = lookup("0451524934")
    assert (product.title, product.brand, product.manufacturer) == ("1984", "George Orwell", None)
    assert product.identifiers
    assert product.identifiers.isbns == ("0451524934", "9780451524935")


def test_other_barcodes_are_valid_and_belong_to_nobody() -> None:
    identifiers = lookup().identifiers
    assert identifiers
    assert all(ean.is_valid(code) and code.startswith("2") for code in identifiers.eans)
    assert all(ean.is_valid(code) and len(code) == 14 for code in identifiers.gtins)


def test_the_picture_is_one_of_our_own_files_and_has_the_view_it_names() -> None:
    whole, detail = lookup().images or ()
    assert (whole.variant, whole.url) == ("MAIN", "/static/img/sample-product.svg")
    assert detail.url == f"{whole.url}#detail"
    path = finders.find(whole.url.removeprefix("/static/"))
    assert isinstance(path, str)
    drawing = ET.fromstring(Path(path).read_text(encoding="utf-8"))  # noqa: S314  # nosec B314
    assert [view.get("id") for view in drawing.iter("{http://www.w3.org/2000/svg}view")] == ["detail"]


def test_another_picture_can_be_shown() -> None:
    provider = SampleProvider(image_url="https://example.com/a.png")
    product = provider.products([ASIN], marketplace="US", parts=CORE)[ASIN]
    assert product
    assert product.images
    assert product.images[0].url == "https://example.com/a.png"


def test_a_full_batch_is_answered_whole() -> None:
    asins = list(catalogue())[: SampleProvider.max_batch]
    answered = SampleProvider().products(asins, marketplace="DE", parts=CORE)
    assert list(answered) == asins
    assert all(product and product.asin == asin for asin, product in answered.items())
    assert len(answered) == 100


def test_a_longer_list_is_answered_whole_too() -> None:
    answered = SampleProvider().products(list(catalogue()), marketplace="UK", parts=CORE)
    assert list(answered) == list(catalogue())


def test_the_one_entry_in_the_settings_stands_for_products_and_identifiers() -> None:
    match = SampleProvider().resolve(["X0001ABCDE"], marketplace="US")["X0001ABCDE"]
    assert match
    assert match.asins[0] in catalogue()


def test_nothing_asked_is_nothing_answered() -> None:
    assert SampleProvider().products([], marketplace="US", parts=CORE) == {}


def test_an_unknown_marketplace_is_refused() -> None:
    with pytest.raises(UnknownMarketplace):
        SampleProvider().products([ASIN], marketplace="XX", parts=CORE)


def test_latency_is_taken_once_per_batch_and_not_per_asin() -> None:
    naps: list[float] = []
    provider = SampleProvider(latency_ms=250, sleep=naps.append)
    provider.products(list(catalogue())[:100], marketplace="US", parts=CORE)
    assert naps == [0.25]
    provider.products(list(catalogue())[:201], marketplace="US", parts=CORE)
    assert naps == [0.25] * 4


def test_without_latency_nothing_waits() -> None:
    naps: list[float] = []
    SampleProvider(sleep=naps.append).products([ASIN], marketplace="US", parts=CORE)
    assert naps == []


@settings(deadline=None, max_examples=50)
@given(
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=8, max_size=8).map("B0{}".format),
    st.sampled_from(sorted(MARKETPLACES)),
)
def test_any_valid_asin_is_answered_completely(asin: str, code: str) -> None:
    product = lookup(read_asin(asin), code)
    assert product.asin == asin
    assert product.price
    assert product.list_price
    assert 0 < product.price.amount <= product.list_price.amount
    assert product.offers
    assert product.reviews
