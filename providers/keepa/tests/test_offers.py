"""Keepa's offers."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from providers.base import Money, OfferData
from providers.keepa import parse
from providers.keepa.offers import offers
from providers.keepa.tests.upstream import fixture
from providers.marketplaces import MARKETPLACES

US = MARKETPLACES["US"]


def raw(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = fixture("offers")["products"][0]
    return found | changes


def test_live_offers_come_in_the_order_of_amazons_page() -> None:
    assert offers(raw(), US) == (
        OfferData(
            seller_id="A3USED00000000",
            condition="used_good",
            price=Money(Decimal("12.50"), "USD"),
            is_fba=False,
            is_prime=False,
            is_buy_box=False,
            seen_at=datetime(2024, 9, 20, 5, 50, tzinfo=UTC),
        ),
        OfferData(
            seller_id="A1HOLDFAST0000",
            seller_name="Hold Fast Direct",
            condition="new",
            price=Money(Decimal("18.49"), "USD"),
            shipping=Money(Decimal("3.99"), "USD"),
            is_fba=True,
            is_prime=True,
            is_buy_box=True,
            seen_at=datetime(2024, 9, 20, 6, 0, tzinfo=UTC),
        ),
    )


def test_without_an_order_all_offers_are_taken() -> None:
    assert len(offers(raw(liveOffersOrder=None), US) or ()) == 3


@pytest.mark.parametrize("order", [[], [99], [-1], ["0"], [None]])
def test_an_order_that_points_nowhere_means_no_offers(order: list[object]) -> None:
    assert offers(raw(liveOffersOrder=order), US) == ()


def test_an_offer_listed_twice_is_one_offer() -> None:
    assert len(offers(raw(liveOffersOrder=[0, 2, 0]), US) or ()) == 2


@pytest.mark.parametrize("changes", [{"offersSuccessful": False}, {"offers": None}, {"offers": "none"}])
def test_offers_that_could_not_be_fetched_are_unknown_not_none(changes: dict[str, Any]) -> None:
    assert offers(raw(**changes), US) is None


def test_an_offer_without_facts_is_read_as_far_as_it_goes() -> None:
    offer = {"sellerId": "", "condition": 99, "offerCSV": [1, 2], "isFBA": None, "lastSeen": 0}
    found = offers(raw(offers=[offer, "text"], liveOffersOrder=None), US)
    assert found == (OfferData(is_buy_box=False),)


@pytest.mark.parametrize("stats", [None, {}, {"buyBoxSellerId": None}])
def test_without_a_winner_nobody_is_known_to_have_the_buy_box(stats: object) -> None:
    found = offers(raw(stats=stats), US)
    assert [offer.is_buy_box for offer in found or ()] == [None, None]


def test_offers_are_read_only_when_they_were_asked_for() -> None:
    with_offers, without = parse.product(raw(), US, with_offers=True), parse.product(raw(), US)
    assert with_offers is not None
    assert without is not None
    assert len(with_offers.offers or ()) == 2
    assert without.offers is None
