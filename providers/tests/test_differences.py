"""What counts as a contradiction between two upstreams, and where it is kept."""

from decimal import Decimal
from typing import Any

import pytest

from providers import codec
from providers.base import Availability, Claim, Money, ProductData
from providers.merge import merged, signed
from providers.tests.stand_ins import NOON, full


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def both(held: Any, told: Any, field: str) -> ProductData:
    return merged(signed(full(**{field: held}), "first", NOON), signed(full(**{field: told}), "second", NOON))


@pytest.mark.parametrize(
    ("field", "held", "told"),
    [
        ("price", usd("20.00"), usd("18.99")),
        ("price", usd("20"), Money(Decimal(20), "CAD")),
        ("price", usd("0"), usd("5")),
        ("list_price", usd("100"), usd("94")),
        ("brand", "Hold Fast", "Holdfast Tools"),
        ("availability", Availability.IN_STOCK, Availability.OUT_OF_STOCK),
        ("rating", Decimal("4.6"), Decimal("4.2")),
        ("parent_asin", "B0PARENT01", "B0PARENT02"),
    ],
)
def test_a_contradiction_is_kept_with_who_said_it(field: str, held: Any, told: Any) -> None:
    product = both(held, told, field)
    assert getattr(product, field) == held
    assert product.conflicts == {field: (Claim(product_source("second"), told),)}


@pytest.mark.parametrize(
    ("field", "held", "told"),
    [
        ("price", usd("20.00"), usd("19.00")),
        ("price", usd("0"), usd("0")),
        ("brand", "Hold Fast", "HOLD-FAST®"),
        ("rating", Decimal("4.6"), Decimal("4.3")),
        ("title", "Strap", "Ratchet Strap, 4 Pack"),
        ("price", usd("20"), None),
        ("price", None, usd("20")),
    ],
)
def test_what_is_alike_or_said_by_one_alone_is_none(field: str, held: Any, told: Any) -> None:
    assert both(held, told, field).conflicts == {}


def test_everybody_who_contradicts_is_named() -> None:
    third = signed(full(price=usd("30")), "third", NOON)
    claims = merged(both(usd("20"), usd("10"), "price"), third).conflicts["price"]
    assert [(claim.source.provider, claim.value) for claim in claims] == [
        ("second", usd("10")),
        ("third", usd("30")),
    ]


def test_contradictions_outlive_the_store() -> None:
    product = both(usd("20"), usd("10"), "price")
    assert codec.from_json(codec.to_json(product)) == product


def product_source(provider: str) -> Any:
    return signed(full(), provider, NOON).provenance["title"]
