"""POST /api/v1/conversion/{id}/feedback."""

from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import bearing, key_of
from conversion.ids import shown
from conversion.models import Conversion, Feedback
from conversion.tests.factories import ASIN, CODE, OTHER_ASIN, an_answer, new_id
from credits.tests.factories import figures

pytestmark = pytest.mark.django_db


def tell(program: APIClient, row: Conversion, body: Any) -> Any:
    """Give feedback on an answer."""
    return program.post(f"/api/v1/conversion/{shown(row.pk)}/feedback", body, format="json")


def test_a_wrong_answer_is_refunded_and_corrected(alice: User, as_alice: APIClient) -> None:
    row = an_answer(alice)
    answer = tell(as_alice, row, {"correct": False, "asin": OTHER_ASIN})
    assert answer.status_code == 201, answer.content
    data = answer.json()["data"]
    assert data.pop("created_at")
    assert data == {
        "id": shown(row.pk),
        "fnsku": CODE,
        "answered": ASIN,
        "correct": False,
        "asin": OTHER_ASIN,
        "refunded": 2,
        "refund": "given",
        "withheld": None,
    }
    assert figures(alice)[0] == 100


def test_a_right_answer_is_confirmed(alice: User, as_alice: APIClient) -> None:
    data = tell(as_alice, an_answer(alice), {"correct": True}).json()["data"]
    assert (data["correct"], data["asin"], data["refunded"], data["refund"]) == (True, ASIN, 0, "none")


def test_who_does_not_know_better_names_nothing(alice: User, as_alice: APIClient) -> None:
    assert tell(as_alice, an_answer(alice), {"correct": False}).json()["data"]["asin"] is None


def test_the_address_of_a_product_is_read(alice: User, as_alice: APIClient) -> None:
    where = f"https://www.amazon.com/dp/{OTHER_ASIN.lower()}?th=1"
    answer = tell(as_alice, an_answer(alice), {"correct": False, "asin": where})
    assert answer.json()["data"]["asin"] == OTHER_ASIN


def test_a_second_time_is_refused(alice: User, as_alice: APIClient) -> None:
    row = an_answer(alice)
    tell(as_alice, row, {"correct": False})
    again = tell(as_alice, row, {"correct": False})
    assert (again.status_code, again.json()["code"]) == (409, "feedback_given")
    assert figures(alice)[0] == 100


def test_the_same_call_again_gets_the_same_answer(alice: User, as_alice: APIClient) -> None:
    where, key = f"/api/v1/conversion/{shown(an_answer(alice).pk)}/feedback", {"idempotency-key": "one"}
    first, second = (as_alice.post(where, {"correct": False}, format="json", headers=key) for _ in range(2))
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.json()["data"] == first.json()["data"]


def test_what_is_pending_cannot_be_judged(alice: User, as_alice: APIClient) -> None:
    row = an_answer(alice, credits=0, status="pending", asin="", heard={})
    answer = tell(as_alice, row, {"correct": False})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_to_be_judged")


def test_another_accounts_answer_is_not_there(alice: User, as_bob: APIClient) -> None:
    row = an_answer(alice)
    for unknown in (row, Conversion(pk=new_id())):
        answer = tell(as_bob, unknown, {"correct": False})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert not Feedback.objects.exists()


@pytest.mark.parametrize("name", ["cnv_", "nonsense", "5e2a9c1b-7d43-4b0f-8a56-1c9e0d7f3b28"])
def test_what_is_no_id_is_not_there(as_alice: APIClient, name: str) -> None:
    answer = as_alice.post(f"/api/v1/conversion/{name}/feedback", {"correct": True}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "#/correct", "required"),
        ({"correct": "no"}, "#/correct", "invalid"),
        ({"correct": None}, "#/correct", "null"),
        ({"correct": False, "asin": "X0001ABCDE"}, "#/asin", "invalid_asin"),
        ({"correct": False, "asin": 5}, "#/asin", "invalid"),
        ({"correct": False, "asin": ""}, "#/asin", "blank"),
        ({"correct": False, "asin": ASIN}, "#/asin", "same_asin"),
        ({"correct": True, "asin": OTHER_ASIN}, "#/asin", "not_with_correct"),
        ({"correct": False, "refunded": 9}, "#/refunded", "unknown_field"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    alice: User, as_alice: APIClient, body: dict[str, Any], pointer: str, code: str
) -> None:
    answer = tell(as_alice, an_answer(alice), body)
    assert answer.status_code == 422, answer.content
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]
    assert not Feedback.objects.exists()
    assert figures(alice)[0] == 98


def test_a_refund_that_is_withheld_says_why(alice: User, as_alice: APIClient, settings: Settings) -> None:
    settings.FEEDBACK = settings.FEEDBACK | {"free_refunds": 0, "refund_share": 0}
    data = tell(as_alice, an_answer(alice), {"correct": False}).json()["data"]
    assert (data["refunded"], data["refund"], data["withheld"]["code"]) == (0, "withheld", "limit")
    assert "operator" in data["withheld"]["detail"]


def test_a_key_needs_the_scope_of_conversions(alice: User) -> None:
    row = an_answer(alice)
    refused = tell(bearing(key_of(alice, scopes=["products:read"])[1]), row, {"correct": True})
    assert (refused.status_code, refused.json()["scope"]) == (403, "conversion:read")
    assert (
        tell(bearing(key_of(alice, scopes=["conversion:read"])[1]), row, {"correct": True}).status_code == 201
    )
