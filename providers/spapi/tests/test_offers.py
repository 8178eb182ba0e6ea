"""From the offers of one ASIN to its price, and what is on sale."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.base import Availability, Money, OfferData, ProductData, RankData
from providers.reading import Unbelievable
from providers.spapi.offers import Offered, offered
from providers.spapi.tests.amazon import fixture, offers


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def raw_usd(amount: Any) -> dict[str, Any]:
    return {"CurrencyCode": "USD", "Amount": amount}


def told(**changes: Any) -> Offered:
    """Return what the offers say when these parts of the summary are otherwise."""
    return offered(offers(Summary=fixture("offers")["Summary"] | changes))


def test_reads_what_is_said_of_a_product() -> None:
    found = offered(offers(), with_offers=True)
    assert found.price == usd("18.49")
    assert found.list_price == usd("31.5")
    assert found.availability is Availability.IN_STOCK
    assert found.offer_count == 5
    assert found.ranks == (
        RankData(rank=410, category_id="automotive_display_on_website"),
        RankData(rank=4, category_id="15735161"),
    )
    assert found.offers == (
        OfferData(
            seller_id="A1SELLER0FBA", condition="new", price=usd("18.49"), shipping=usd("0"),
            is_fba=True, is_prime=True, is_buy_box=True,
        ),
        OfferData(
            seller_id="A2SELLER0FBM", condition="new", price=usd("14.99"), shipping=usd("4.99"),
            is_fba=False, is_buy_box=False,
        ),
    )  # fmt: skip


def test_the_offers_are_delivered_only_when_asked_for() -> None:
    assert offered(offers()).offers is None
    assert offered(offers(Offers=[]), with_offers=True).offers == ()
    assert offered(offers(Offers=None), with_offers=True).offers is None


def test_without_a_new_buy_box_the_lowest_new_offer_counts_with_its_shipping() -> None:
    used = [{"condition": "Used", "ListingPrice": raw_usd(12)}]
    assert told(BuyBoxPrices=used).price == usd("17.49")
    assert told(BuyBoxPrices=None, LowestPrices=None).price == usd("18.49")


def test_a_price_for_businesses_is_not_what_a_buyer_pays() -> None:
    business = {"condition": "New", "offerType": "B2B", "ListingPrice": raw_usd(16)}
    assert told(BuyBoxPrices=[business]).price == usd("17.49")
    consumer = {"condition": "New", "offerType": "B2C", "ListingPrice": raw_usd("17.00")}
    assert told(BuyBoxPrices=[business, consumer]).price == usd("17.00")


def test_the_price_of_a_used_offer_is_not_that_of_a_new_one() -> None:
    used = offers(Summary={}, ItemCondition="Used", Identifier={})
    assert offered(used).price is None
    assert offered(offers(Summary={}, ItemCondition=None)).price == usd("18.49")


@pytest.mark.parametrize(
    ("promises", "availability"),
    [
        (["NOW"], Availability.IN_STOCK),
        (["FUTURE_WITH_DATE", "NOW"], Availability.IN_STOCK),
        (["FUTURE_WITH_DATE"], Availability.BACKORDER),
        (["FUTURE_WITHOUT_DATE", None], Availability.BACKORDER),
        ([{}, ["NOW"], "FUTURE_WITH_DATE"], Availability.BACKORDER),
        ([None], Availability.IN_STOCK),
        ([], Availability.OUT_OF_STOCK),
    ],
)
def test_availability_is_the_best_an_offer_promises(promises: list[Any], availability: Availability) -> None:
    raws = [{"ShippingTime": {"availabilityType": promise}} for promise in promises]
    assert offered(offers(Offers=raws, Summary={})).availability is availability


def test_what_nobody_offers_is_out_of_stock() -> None:
    found = offered(
        offers(status="NoBuyableOffers", Summary={"TotalOfferCount": 0}, Offers=[]), with_offers=True
    )
    assert found == Offered(availability=Availability.OUT_OF_STOCK, offer_count=0, offers=())


def test_what_is_offered_used_only_is_out_of_stock() -> None:
    found = offered(offers(Summary={"TotalOfferCount": 3, "LowestPrices": []}, Offers=[]))
    assert (found.price, found.availability, found.offer_count) == (None, Availability.OUT_OF_STOCK, 3)


def test_silence_is_not_out_of_stock() -> None:
    assert offered({"ASIN": "B0PALLET01"}) == Offered()


@pytest.mark.parametrize("status", ["ActiveButTooSoonForProcessing", "NoOfferDueToMissingShippingCharge", 7])
def test_an_answer_that_is_still_to_come_says_nothing(status: Any) -> None:
    assert offered(offers(status=status), with_offers=True) == Offered()


def test_used_offers_have_their_condition() -> None:
    fine = [{"SubCondition": "very_good"}, {"SubCondition": "Like New"}, {}]
    found = offered(offers(ItemCondition="Used", Offers=fine), with_offers=True)
    assert [one.condition for one in found.offers or ()] == ["used_very_good", "used_like_new", "used"]


@pytest.mark.parametrize(
    "changes",
    [
        {"BuyBoxPrices": [{"condition": "New", "ListingPrice": raw_usd(-5)}]},
        {"ListPrice": raw_usd(-5)},
        {"SalesRankings": [{"Rank": -1}]},
    ],
)
def test_what_cannot_be_meant_is_not_believed(changes: dict[str, Any]) -> None:
    with pytest.raises(Unbelievable):
        told(**changes)


def test_what_the_catalogue_says_of_list_price_and_rank_stands() -> None:
    rank = RankData(rank=402, category="Automotive")
    known = ProductData(
        asin="B0PALLET01", marketplace="US", title="Strap", list_price=usd("29.99"), rank=rank, ranks=(rank,)
    )
    found = offered(offers()).added_to(known)
    assert (found.list_price, found.rank, found.ranks, found.price) == (
        usd("29.99"),
        rank,
        (rank,),
        usd("18.49"),
    )
    bare = offered(offers()).added_to(ProductData(asin="B0PALLET01", marketplace="US"))
    assert (bare.list_price, bare.rank) == (usd("31.5"), (bare.ranks or ())[0])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(["condition", "ListingPrice", "Amount", "CurrencyCode", "Rank", "ShippingTime"]),
            below,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        ["Summary", "Offers", "status", "ItemCondition", "Identifier", *fixture("offers")["Summary"]]
    ),
    JSON,
)
def test_a_part_of_any_kind_breaks_nothing(name: str, value: Any) -> None:
    summary = fixture("offers")["Summary"]
    inner = {"Summary": summary | {name: value}} if name in summary else {name: value}
    try:
        assert offered(offers(**inner), with_offers=True)
    except Unbelievable:
        assert name in ("Summary", "Offers", *summary)
