"""What an item costs, and who offers it."""

from decimal import Decimal
from typing import Any

import pytest

from providers.base import Availability, Money, OfferData
from providers.creators import listings
from providers.creators.tests.amazon import item, listed, listing
from providers.reading import Unbelievable


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def priced(amount: object, currency: object = "USD", **changes: Any) -> dict[str, Any]:
    return listing(price={"money": {"amount": amount, "currency": currency}}, **changes)


def loser(amount: object, **changes: Any) -> dict[str, Any]:
    return priced(amount, isBuyBoxWinner=False, **changes)


def test_the_price_is_that_of_the_buy_box_even_if_another_is_lower() -> None:
    assert listings.price(item()) == usd("18.49")
    assert listings.price(listed(loser(17), priced(18.49))) == usd("18.49")


def test_without_a_buy_box_the_price_is_the_lowest_new_one() -> None:
    used = loser(5, condition={"value": "Used", "subCondition": "Good"})
    assert listings.price(listed(loser(19), loser(17.5), used, loser(18))) == usd("17.5")


def test_what_only_subscribers_pay_is_no_price() -> None:
    assert listings.price(listed(loser(5, type="SUBSCRIBE_AND_SAVE"), loser(9))) == usd("9")
    assert listings.price(listed(loser(5, type="SUBSCRIBE_AND_SAVE"))) is None
    assert len(listings.offers(item()) or ()) == 2


def test_a_price_that_must_not_be_shown_is_unknown() -> None:
    raw = listed(listing(violatesMAP=True), loser(30))
    assert listings.price(raw) is None
    assert [offer.price for offer in listings.offers(raw) or ()] == [None, usd("30")]


@pytest.mark.parametrize("currency", [None, "", "usd", "US$", 7, ["USD"]])
def test_an_amount_without_a_currency_is_unknown(currency: object) -> None:
    assert listings.price(listed(priced(5, currency))) is None


def test_the_currency_is_the_one_that_is_named() -> None:
    assert listings.price(listed(priced(156.22, "PEN"))) == Money(Decimal("156.22"), "PEN")
    assert listings.price(listed(priced(4480, "JPY"))) == Money(Decimal(4480), "JPY")


@pytest.mark.parametrize("amount", [None, "18.49", True, [18.49], {}])
def test_an_amount_of_another_kind_is_unknown(amount: object) -> None:
    assert listings.price(listed(priced(amount))) is None


@pytest.mark.parametrize("amount", [-1, -0.01, 1e12, 10**30, float("nan"), float("inf")])
def test_an_amount_that_cannot_be_meant_is_refused(amount: float) -> None:
    with pytest.raises(Unbelievable):
        listings.price(listed(priced(amount)))


@pytest.mark.parametrize("raw", [{}, {"offersV2": None}, {"offersV2": {"listings": {}}}, listed("x", None)])
def test_without_listings_there_is_no_price(raw: dict[str, Any]) -> None:
    assert listings.price(raw) is None
    assert listings.list_price(raw) is None
    assert listings.availability(raw) is None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("LIST_PRICE", "29.99"), (None, "29.99"), ("WAS_PRICE", None), ("LOWEST_PRICE", None)],
)
def test_the_list_price_is_what_is_called_so_or_not_called_otherwise(
    kind: str | None, expected: str | None
) -> None:
    basis = {"money": {"amount": 29.99, "currency": "USD"}, "savingBasisType": kind}
    found = listings.list_price(listed(listing(price={"savingBasis": basis})))
    assert found == (expected and usd(expected))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("IN_STOCK", Availability.IN_STOCK),
        ("InStock", Availability.IN_STOCK),
        ("IN_STOCK_SCARCE", Availability.IN_STOCK),
        ("OUT_OF_STOCK", Availability.OUT_OF_STOCK),
        ("UNAVAILABLE", Availability.OUT_OF_STOCK),
        ("PREORDER", Availability.PREORDER),
        ("BACKORDER", Availability.BACKORDER),
        ("AVAILABLE_DATE", Availability.BACKORDER),
        ("LEADTIME", Availability.DELAYED),
        ("UNKNOWN", None),
        (None, None),
        (1, None),
    ],
)
def test_the_availability_is_that_of_the_offer_shown(told: object, expected: Availability | None) -> None:
    raw = listed(loser(1), listing(availability={"type": told}))
    assert listings.availability(raw) is expected


def test_without_any_price_the_first_new_offer_is_the_one_shown() -> None:
    used = listing(isBuyBoxWinner=None, condition={"value": "Used"})
    late = listing(1, price=None)
    assert listings.availability(listed(used, late)) is Availability.DELAYED


def test_offers_come_in_amazons_order() -> None:
    assert listings.offers(item()) == (
        OfferData(
            seller_id="A1HOLDFAST0000",
            seller_name="Hold Fast Direct",
            condition="new",
            price=usd("18.49"),
            is_buy_box=True,
        ),
        OfferData(
            seller_id="A2SLOW00000000",
            seller_name="Slow & Steady",
            condition="new",
            price=usd("17.99"),
            is_buy_box=False,
        ),
    )


def test_no_offers_and_no_word_of_offers_are_two_things() -> None:
    assert listings.offers(listed()) == ()
    assert listings.offers(item(offersV2=None)) is None
    assert listings.offers(listed({})) == (OfferData(),)


@pytest.mark.parametrize(
    ("value", "grade", "expected"),
    [
        ("New", "Unknown", "new"),
        ("new", "LikeNew", "new"),
        ("Used", "LikeNew", "used_like_new"),
        ("Used", "very_good", "used_very_good"),
        ("Used", "Good", "used_good"),
        ("Used", "Acceptable", "used_acceptable"),
        ("Used", None, "used"),
        ("Collectible", "Good", "collectible_good"),
        ("Refurbished", "Refurbished", "refurbished"),
        ("Unknown", "Good", None),
        (None, None, None),
    ],
)
def test_conditions_are_in_our_words(value: object, grade: object, expected: str | None) -> None:
    condition = {"value": value, "subCondition": grade}
    (offer,) = listings.offers(listed(listing(condition=condition))) or ()
    assert offer.condition == expected
