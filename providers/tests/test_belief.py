"""What no upstream is believed."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from providers.base import HistoryPoint, Money, OfferData, RankData
from providers.belief import doubt
from providers.tests.stand_ins import ASIN, full

NOW = datetime.now(UTC)


def test_a_sound_product_is_believed() -> None:
    sound = full(
        price=Money(Decimal(0), "USD"),
        list_price=Money(Decimal(10**10), "JPY"),
        rating=Decimal(5),
        rating_count=0,
        rank=RankData(rank=1),
        ranks=(RankData(rank=2),),
        offers=(OfferData(price=Money(Decimal(1), "USD")), OfferData()),
        history=(HistoryPoint("new", NOW, None), HistoryPoint("new", NOW, Decimal(3), "USD")),
    )
    assert doubt(sound, asin=ASIN, marketplace="US") is None
    assert doubt(full(price=None, rating=None), asin=ASIN, marketplace="US") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"asin": "B0STRANGER"},
        {"marketplace": "DE"},
        {"price": Money(Decimal(-1), "USD")},
        {"price": Money(Decimal("NaN"), "USD")},
        {"list_price": Money(Decimal("Infinity"), "USD")},
        {"price": Money(Decimal(10**11), "USD")},
        {"price": Money(Decimal(1), "usd")},
        {"price": Money(Decimal(1), "$")},
        {"offers": (OfferData(price=Money(Decimal(-1), "USD")),)},
        {"offers": (OfferData(shipping=Money(Decimal("sNaN"), "USD")),)},
        {"rating": Decimal("5.1")},
        {"rating": Decimal("-0.1")},
        {"rating": Decimal("NaN")},
        {"rating_count": -1},
        {"offer_count": -1},
        {"monthly_sold": -1},
        {"rank": RankData(rank=0)},
        {"ranks": (RankData(rank=-5),)},
        {"history": (HistoryPoint("new", NOW, Decimal(-1), "USD"),)},
        {"history": (HistoryPoint("rank", NOW, Decimal("NaN")),)},
    ],
)
def test_what_cannot_be_true_is_doubted(changes: dict[str, Any]) -> None:
    why = doubt(full(**changes), asin=ASIN, marketplace="US")
    assert why
    assert len(why) < 80
