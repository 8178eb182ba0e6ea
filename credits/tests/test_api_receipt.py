"""GET charges/{id}: the receipt."""

from datetime import datetime
from typing import Any

import pytest
from django.urls import reverse as url_of
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from credits.models import KEY_LENGTH, LedgerEntry
from credits.services import charge, payment, refund
from credits.tests.factories import user_with

pytestmark = pytest.mark.django_db

KEY = "0199f3a2-0000-7000-8000-000000000001"
NOTED = {
    "rule": [["product.lookup", 1], ["product.offers", 1]],
    "asin": "B07ZPKCJ6X",
    "marketplace": "DE",
    "parts": ["offers"],
    "freshness": "cached",
    "age_seconds": 31,
    "providers": ["keepa"],
    "key": KEY,
}


@pytest.fixture
def user() -> Any:
    """Someone who looked up a product with its offers."""
    user = user_with(10)
    with payment(user, 2, operation="product.lookup", key="chg_1", reference="B07ZPKCJ6X") as due:
        due.metadata = NOTED
    return user


def ask(user: Any, key: str, query: str = "") -> Any:
    """The answer about a charge."""
    client = APIClient()
    client.force_authenticate(user)
    return client.get(url_of("credits:charge", args=[key]) + query)


def test_says_what_was_taken_and_what_was_delivered_for_it(user: Any) -> None:
    body = ask(user, "chg_1").json()
    assert (body["status"], set(body)) == ("success", {"status", "data", "request_id"})
    created_at = body["data"].pop("created_at")
    assert datetime.fromisoformat(created_at) == LedgerEntry.objects.get(key="chg_1").created_at
    assert created_at.endswith("Z")
    assert body["data"] == {
        "id": "chg_1",
        "operation": "product.lookup",
        "amount": 2,
        "lines": [
            {"operation": "product.lookup", "credits": 1},
            {"operation": "product.offers", "credits": 1},
        ],
        "delivered": {
            "asin": "B07ZPKCJ6X",
            "marketplace": "DE",
            "parts": ["offers"],
            "freshness": "cached",
            "age_seconds": 31,
            "providers": ["keepa"],
        },
        "reference": "B07ZPKCJ6X",
        "key": KEY,
        "status": "charged",
        "refunded": 0,
    }


def test_says_what_was_given_back_since(user: Any) -> None:
    for number, (status, refunded) in enumerate([("partly_refunded", 1), ("refunded", 2)]):
        refund("chg_1", 1, key=f"ref_{number}")
        data = ask(user, "chg_1").json()["data"]
        assert (data["status"], data["refunded"], data["amount"]) == (status, refunded, 2)


def test_what_was_captured_from_a_hold_has_the_same_receipt(user: Any) -> None:
    with payment(user, 3, operation="product.lookup", key="chg_2") as due:
        due.authorise()
        due.amount = 2
        due.metadata = NOTED
    data = ask(user, "chg_2").json()["data"]
    assert (data["amount"], data["delivered"]["asin"], len(data["lines"])) == (2, "B07ZPKCJ6X", 2)


def test_a_charge_of_which_nothing_was_noted_has_one_too(user: Any) -> None:
    charge(user, 3, operation="job", key="chg_2")
    data = ask(user, "chg_2").json()["data"]
    assert data["lines"] == [{"operation": "job", "credits": 3}]
    assert (data["delivered"], data["key"], data["reference"]) == (None, None, "")


@pytest.mark.parametrize("key", ["chg_2", "x" * (KEY_LENGTH + 1), "\0", "%"])
def test_what_is_no_charge_is_not_found(user: Any, key: str) -> None:
    answer = ask(user, key)
    assert (answer.status_code, answer.json()["code"]) == (404, "charge_not_found")


def test_neither_is_what_is_an_entry_but_no_charge(user: Any) -> None:
    refund("chg_1", 1, key="ref_1")
    assert ask(user, "ref_1").json()["code"] == "charge_not_found"


def test_anyone_else_learns_nothing_of_it(user: Any) -> None:
    answer = ask(user_with(10), "chg_1")
    unknown = ask(user_with(10), "chg_2")
    assert answer.status_code == unknown.status_code == 404
    assert answer.json()["detail"] == unknown.json()["detail"].replace("chg_2", "chg_1")


def test_is_for_who_has_a_credential(user: Any) -> None:
    assert APIClient().get(url_of("credits:charge", args=["chg_1"])).status_code == 401


def test_there_is_nothing_else_to_ask_for(user: Any) -> None:
    assert ask(user, "chg_1", "?expand=all").status_code == 422


def test_one_query(user: Any, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        ask(user, "chg_1")
