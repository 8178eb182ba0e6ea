"""What one account keeps to itself reaches no other: by no answer, confidence, price, evidence or way taken.

Two worlds differ in nothing but the ASIN that Bob's own data names. Whatever Bob does in them, in whatever
order, Alice sees the same in both.
"""

from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from accounts.models import User
from conversion.knowledge import forget
from conversion.tests.stand_ins import own
from credits.services import grant

pytestmark = pytest.mark.django_db
URL = "/api/v1/conversion/fnsku-to-asin"
CODES = ("X0001ABCDE", "X00SECRET1", "X00FAIL404", "X00TWOASIN")
SECRETS = ("B0SECRET01", "B0SECRET02")
VOLATILE = {
    "id",
    "checked_at",
    "observed_at",
    "request_id",
    "created_at",
    "fetched_at",
    "age_seconds",
    "instance",
}
ACTIONS = ("upload", "convert", "agree", "disagree", "convert again")


def steady(told: Any) -> Any:
    """What was told, without what differs from call to call."""
    if isinstance(told, dict):
        return {name: steady(value) for name, value in told.items() if name not in VOLATILE}
    return [steady(one) for one in told] if isinstance(told, list) else told


def act(action: str, code: str, bob: User, program: APIClient, secret: str) -> None:
    """Bob does something about a code."""
    if action == "upload":
        own(bob, code, secret, layout=f"{action}{code}{bob.mappings.count()}")
        return
    answer = program.post(URL, {"fnsku": code}, format="json")
    if action in ("agree", "disagree") and answer.status_code == 200:
        place = f"/api/v1/conversion/{answer.json()['data']['id']}/feedback"
        program.post(place, {"correct": action == "agree"}, format="json")


def seen_by_alice(program: APIClient) -> list[Any]:
    """Everything Alice is told of every code, twice, what it cost her, and how often the database was asked.

    How long an answer takes is noise here; what tells quick ones from slow ones is what was done for them.
    """
    told = []
    for code in CODES * 2:
        with CaptureQueriesContext(connection) as asked:
            answer = program.post(URL, {"fnsku": code, "include_product": True}, format="json")
        cost = answer.headers.get("X-Credits-Charged"), answer.headers.get("X-Credits-Remaining")
        told.append((answer.status_code, len(asked), cost, steady(answer.json())))
    return told


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(doings=st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from(CODES)), max_size=6))
def test_no_doing_of_one_account_tells_another_what_its_own_data_says(
    doings: list[tuple[str, str]], alice: User, bob: User, as_alice: APIClient, as_bob: APIClient
) -> None:
    worlds = []
    for secret in SECRETS:
        cache.clear()
        forget()
        with transaction.atomic():
            grant(bob, 100, operation="test", key="test:bob")
            for action, code in doings:
                act(action, code, bob, as_bob, secret)
            forget()
            worlds.append(seen_by_alice(as_alice))
            transaction.set_rollback(True)
    assert worlds[0] == worlds[1]
    assert all(secret not in str(worlds) for secret in SECRETS)


def test_an_account_that_uploads_a_code_sees_its_own_answer_and_others_theirs(
    alice: User, bob: User, as_alice: APIClient, as_bob: APIClient
) -> None:
    own(bob, CODES[0], SECRETS[0])
    mine = as_bob.post(URL, {"fnsku": CODES[0]}, format="json").json()["data"]["asin"]
    theirs = as_alice.post(URL, {"fnsku": CODES[0]}, format="json").json()["data"]["asin"]
    assert (mine, theirs == mine) == (SECRETS[0], False)
