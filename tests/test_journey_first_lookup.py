"""The specification's own calls, as written: sign up, look a product up, see what it cost."""

from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from credits.models import Hold

pytestmark = pytest.mark.django_db
SAMPLE = {"NAME": "sample", "BACKEND": "providers.sample.provider.SampleProvider", "OPTIONS": {}}
NEWCOMER = {"email": "newcomer@example.com", "password": "correct horse battery staple"}


@pytest.fixture(autouse=True)
def stand_in(settings: Settings) -> None:
    """Ask the built-in stand-in, whatever the environment says."""
    settings.PROVIDERS = [SAMPLE]


def post(path: str, body: dict[str, Any], token: str = "") -> Any:
    """A call as `curl -X POST -H 'Content-Type: application/json'` makes it."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return APIClient().post(path, body, format="json", headers=headers)


def get(path: str, token: str) -> Any:
    return APIClient().get(path, headers={"authorization": f"Bearer {token}"})


def test_from_sign_up_to_the_first_billed_answer() -> None:
    registered = post("/api/v1/auth/register", NEWCOMER).json()
    assert registered["status"] == "success"
    assert registered["user"]["email"] == NEWCOMER["email"]
    token = registered["access_token"]

    before = get("/api/v1/credits/balance", token).json()
    assert (before["balance"], before["available"]) == (10, 10)

    looked_up = post("/api/v1/products/asin", {"asin": "B07ZPKCJ6X", "marketplace": "US"}, token)
    body = looked_up.json()
    assert looked_up.status_code == 200
    assert list(body) == ["status", "credits_used", "data", "request_id"]
    assert (body["status"], body["credits_used"]) == ("success", 1)
    assert body["data"]["asin"] == "B07ZPKCJ6X"
    assert body["data"]["title"]
    assert body["data"]["price"]["currency"] == "USD"

    after = get("/api/v1/credits/balance", token).json()
    assert (after["balance"], after["held"], after["available"]) == (9, 0, 9)
    charge, welcome = after["transactions"]
    assert (charge["amount"], charge["kind"], charge["operation"]) == (-1, "charge", "product.lookup")
    assert (charge["reference"], charge["balance_after"]) == ("B07ZPKCJ6X", 9)
    assert charge["id"] == looked_up.headers["X-Charge-Id"]
    assert (welcome["amount"], welcome["kind"]) == (10, "grant")
    assert not Hold.objects.for_user(User.objects.get()).open().exists()


def test_ten_welcome_credits_buy_ten_lookups_and_not_eleven() -> None:
    token = post("/api/v1/auth/register", NEWCOMER).json()["access_token"]
    lookup = {"asin": "B07ZPKCJ6X", "marketplace": "US"}
    assert [post("/api/v1/products/asin", lookup, token).status_code for _ in range(10)] == [200] * 10
    refused = post("/api/v1/products/asin", lookup, token)
    assert (refused.status_code, refused.json()["code"]) == (402, "insufficient_credits")
    assert get("/api/v1/credits/balance", token).json()["balance"] == 0


def test_another_tenant_sees_nothing_of_it() -> None:
    mine = post("/api/v1/auth/register", NEWCOMER).json()["access_token"]
    post("/api/v1/products/asin", {"asin": "B07ZPKCJ6X"}, mine)
    other = post("/api/v1/auth/register", {**NEWCOMER, "email": "carol@example.com"}).json()["access_token"]
    seen = get("/api/v1/credits/balance", other).json()
    assert (seen["balance"], [entry["kind"] for entry in seen["transactions"]]) == (10, ["grant"])
    history = get("/api/v1/credits/history", other).json()
    assert [entry["operation"] for entry in history["data"]] == ["welcome"]


def test_the_schema_describes_every_call_and_is_valid_for_its_version() -> None:
    schema = APIClient().get("/api/schema/", headers={"accept": "application/vnd.oai.openapi+json"}).json()
    assert schema["openapi"] == "3.1.0"
    assert {
        "/api/v1/auth/register",
        "/api/v1/credits/balance",
        "/api/v1/products/asin",
        "/api/v1/products/{asin}",
        "/api/v1/products/{asin}/history",
        "/api/v1/marketplaces",
        "/api/v1/pricing",
    } <= set(schema["paths"])
    ids = [operation["operationId"] for path in schema["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))
