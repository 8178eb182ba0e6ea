"""Rainforest's offers."""

from decimal import Decimal
from typing import Any

import pytest

from providers.base import Money, OfferData
from providers.rainforest import offers
from providers.rainforest.tests.upstream import fixture
from providers.rainforest.tests.upstream import offers as answer
from providers.reading import Unbelievable


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def read(body: dict[str, Any]) -> tuple[OfferData, ...]:
    found = offers.offers(body, "B0PALLET01")
    assert found is not None
    return found


def one(**changes: Any) -> OfferData:
    [found] = read(answer(fixture("offers")["offers"][2] | changes))
    return found


def test_reads_the_offers_in_their_order() -> None:
    assert read(answer()) == (
        OfferData(
            seller_id="A1STRAPWORLD", seller_name="Strap World", condition="new", price=usd("18.49"),
            shipping=usd("0"), is_fba=True, is_prime=True, is_buy_box=True,
        ),
        OfferData(
            seller_name="Amazon Warehouse", condition="used_very_good", price=usd("14.1"), shipping=usd("0"),
            is_fba=True, is_prime=True, is_buy_box=False,
        ),
        OfferData(
            seller_id="A2PACKIT", seller_name="Pack It", condition="new", price=usd("17.95"),
            shipping=usd("4.99"), is_fba=False, is_prime=False, is_buy_box=False,
        ),
    )  # fmt: skip


def test_an_offer_of_which_nothing_is_said_is_unknown_in_everything() -> None:
    assert read(answer({"position": 1})) == (OfferData(),)


def test_without_a_buy_box_nobody_says_who_has_it() -> None:
    assert one().is_buy_box is None


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"is_new": True, "title": "Neuf"}, "new"),
        ({"is_new": True}, "new"),
        ({"title": "New"}, "new"),
        ({"is_new": False, "title": "Used - Like New"}, "used_like_new"),
        ({"is_new": False, "title": "Used  -  Acceptable"}, "used_acceptable"),
        ({"is_new": False, "title": "Collectible - Good"}, "collectible_good"),
        ({"is_new": False, "title": "Renewed"}, "refurbished"),
        ({"is_new": False, "title": "New"}, None),
        ({"is_new": False, "title": "D'occasion - Très bon"}, None),
        ({"is_new": False}, None),
        ({}, None),
        ("New", None),
        (None, None),
    ],
)
def test_a_condition_is_one_of_the_words_we_know(condition: object, expected: str | None) -> None:
    assert one(condition=condition).condition == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"delivery": {"price": {"value": 3.5, "currency": "USD"}}}, "3.5"),
        ({"delivery": {"value": 3.5, "currency": "USD"}}, "3.5"),
        ({"delivery": None, "shipping": {"value": 3.5, "currency": "USD"}}, "3.5"),
        ({"delivery": {"price": {"raw": "FREE"}}}, None),
        ({"delivery": None, "shipping": {"raw": "$3.50"}}, None),
    ],
)
def test_shipping_is_found_where_answers_have_it(changes: dict[str, Any], expected: str | None) -> None:
    assert one(**changes).shipping == (None if expected is None else usd(expected))


def test_who_sends_it_may_stand_beside_the_delivery() -> None:
    assert one(delivery={}, fulfilled_by_amazon=True).is_fba is True
    assert one(delivery={"fulfilled_by_amazon": "yes"}).is_fba is None


def test_offers_of_other_asins_are_left_out() -> None:
    other = fixture("offers")["offers"][2] | {"offer_asin": "B0STRANGER"}
    assert read(answer({"position": 1}, other)) == (OfferData(),)


def test_no_list_is_silence_and_an_empty_one_a_statement() -> None:
    assert offers.offers(answer(offers=None), "B0PALLET01") is None
    assert offers.offers(answer(offers={}), "B0PALLET01") is None
    assert offers.offers(answer(offers=[]), "B0PALLET01") == ()
    assert offers.offers({"offers": [7, "x"]}, "B0PALLET01") == ()


@pytest.mark.parametrize(
    "body",
    [
        answer(asin="B0STRANGER"),
        answer({"price": {"value": -1, "currency": "USD"}}),
        answer({"delivery": {"price": {"value": -1, "currency": "USD"}}}),
    ],
)
def test_what_cannot_be_meant_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(Unbelievable):
        offers.offers(body, "B0PALLET01")


def test_the_lowest_new_price_is_that_of_a_new_offer_in_the_only_currency() -> None:
    assert offers.lowest_new(read(answer())) == usd("17.95")
    assert offers.lowest_new(()) is None
    assert offers.lowest_new(None) is None
    sol = OfferData(condition="new", price=Money(Decimal(1), "PEN"))
    assert offers.lowest_new((*read(answer()), sol)) is None
