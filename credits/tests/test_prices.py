"""Prices and packages are data."""

import pytest
from pytest_django import Settings

from credits.prices import packages, price_of


def test_a_price_is_what_the_settings_say(settings: Settings) -> None:
    settings.CREDIT_PRICES = {"product.lookup": 7}
    assert price_of("product.lookup") == 7


def test_what_has_no_price_is_not_sold(settings: Settings) -> None:
    settings.CREDIT_PRICES = {}
    with pytest.raises(LookupError, match=r"product\.lookup"):
        price_of("product.lookup")


def test_packages_are_copies_that_nobody_can_change(settings: Settings) -> None:
    packages()[0]["credits"] = 0
    assert packages()[0]["credits"] == settings.CREDIT_PACKAGES[0]["credits"] > 0
