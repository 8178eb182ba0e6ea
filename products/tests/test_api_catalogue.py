"""Marketplaces and prices: public, and from the tables that look up and charge."""

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from products.catalogue import OPERATIONS
from products.tests.factories import ASIN, full, purse
from providers.marketplaces import MARKETPLACES


def test_the_23_marketplaces_are_listed_for_everyone(anyone: APIClient) -> None:
    answer = anyone.get("/api/v1/marketplaces")
    places = answer.json()["data"]
    assert (answer.status_code, len(places)) == (200, 23)
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert next(place for place in places if place["code"] == "UK") == {
        "code": "UK",
        "aliases": ["GB"],
        "marketplace_id": "A1F83G8C2ARO7P",
        "name": "United Kingdom",
        "region": "EU",
        "domain": "amazon.co.uk",
        "currency": "GBP",
        "languages": ["en_GB"],
    }


@pytest.mark.django_db
@pytest.mark.parametrize("code", sorted(MARKETPLACES))
def test_every_marketplace_listed_can_be_looked_up_in_its_currency(
    code: str, as_alice: APIClient, alice: User
) -> None:
    data = as_alice.get(f"/api/v1/products/{ASIN}", {"marketplace": code.lower()}).json()["data"]
    assert (data["marketplace"], data["price"]["currency"]) == (code, MARKETPLACES[code].currency)
    assert purse(alice) == full(99, charges=1)


def test_the_price_list_is_what_is_charged(anyone: APIClient, settings: Settings) -> None:
    settings.CREDIT_PRICES = {"product.lookup": 3, "product.offers": 2}
    data = anyone.get("/api/v1/pricing").json()["data"]
    assert {item["operation"]: item["credits"] for item in data["operations"]} == settings.CREDIT_PRICES
    assert all(item["description"] for item in data["operations"])
    assert data["packages"] == settings.CREDIT_PACKAGES
    assert data["welcome_credits"] == settings.WELCOME_CREDITS
    assert data["free"]


def test_every_price_is_described(settings: Settings) -> None:
    assert set(OPERATIONS) == set(settings.CREDIT_PRICES)


@pytest.mark.django_db
def test_a_price_that_is_changed_is_charged(as_alice: APIClient, alice: User, settings: Settings) -> None:
    settings.CREDIT_PRICES = {**settings.CREDIT_PRICES, "product.lookup": 5}
    assert as_alice.get(f"/api/v1/products/{ASIN}").json()["credits_used"] == 5
    assert purse(alice) == full(95, charges=1)


@pytest.mark.parametrize("path", ["/api/v1/pricing", "/api/v1/marketplaces"])
def test_a_bad_credential_does_not_matter_where_none_is_needed(path: str, anyone: APIClient) -> None:
    assert anyone.get(path, headers={"authorization": "Bearer nonsense"}).status_code == 200
    assert anyone.post(path).status_code == 405
