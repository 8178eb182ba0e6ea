"""`GET analytics/performance`: operators compare the upstreams, and nobody else does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.scopes import SCOPES
from accounts.services import end_sessions
from accounts.tests.factories import a_user, bearing, key_of, person
from monitoring.tests.conftest import keepa_at
from monitoring.tests.factories import an_attempt, failed, written

pytestmark = pytest.mark.django_db

URL = "/api/v1/analytics/performance"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = {"from": "2026-11-20T12:00:00Z", "to": "2026-11-20T13:00:00Z"}


def ask(client: APIClient, **query: str) -> Any:
    """The answer to a question that is in order."""
    answer = client.get(URL, query)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def test_the_whole_answer(as_operator: APIClient, settings: Settings) -> None:
    settings.PROVIDERS = [keepa_at("http://127.0.0.1:1")]
    written(an_attempt(cost=3, delivered=2), failed("timeout", seconds=0.75), at=NOON)
    body = ask(as_operator, **HOUR)
    body.pop("request_id")
    assert body == {
        "status": "success",
        "from": "2026-11-20T12:00:00Z",
        "to": "2026-11-20T13:00:00Z",
        "by": "provider",
        "data": [
            {
                "provider": "keepa",
                "operation": None,
                "calls": 2,
                "succeeded": 1,
                "success_share": 0.5,
                "p50_ms": 500.0,
                "p95_ms": 725.0,
                "unit": "token",
                "cost": 3.0,
                "delivered": 2,
                "cost_per_answer": 1.5,
                "failures": [{"outcome": "timeout", "calls": 1}],
            }
        ],
    }


def test_by_operation(as_operator: APIClient) -> None:
    written(an_attempt(), an_attempt(operation="offers"), an_attempt(operation="offers"), at=NOON)
    data = ask(as_operator, by="operation", **HOUR)["data"]
    assert [(one["operation"], one["calls"]) for one in data] == [("offers", 2), ("products", 1)]


def test_an_upstream_that_is_no_longer_configured_has_no_unit(as_operator: APIClient) -> None:
    written(an_attempt(provider="gone"), at=NOON)
    assert ask(as_operator, **HOUR)["data"][0]["unit"] is None


def test_without_a_period_it_is_the_last_24_hours(as_operator: APIClient) -> None:
    now = datetime.now(UTC)
    written(an_attempt(), at=now - timedelta(hours=23))
    written(an_attempt(), at=now - timedelta(hours=25))
    assert ask(as_operator)["data"][0]["calls"] == 1


def test_with_one_end_the_other_is_24_hours_before_or_now(operator: User) -> None:
    with time_machine.travel(NOON + timedelta(hours=30), tick=False):
        client = person(operator)
        written(an_attempt(), at=NOON)
        assert len(ask(client, **{"from": "2026-11-20"})["data"]) == 1
        assert len(ask(client, to="2026-11-20")["data"]) == 1
        assert ask(client, to="2026-11-21T13:00:00Z")["data"] == []
        assert ask(client, to="2026-11-19")["from"] == "2026-11-19T00:00:00Z"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("by=credential", "#/by"),
        ("group_by=provider", "#/group_by"),
        ("from=2026-11-20T13:00:00Z&to=2026-11-20T13:00:00Z", "#/from"),
        ("from=9999-12-31", "#/from"),
        ("to=0001-01-01T00:00:00Z", "#/to"),
        ("to=tomorrow", "#/to"),
        ("to=2026-11-20&to=2026-11-21", "#/to"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(as_operator: APIClient, query: str, pointer: str) -> None:
    answer = as_operator.get(f"{URL}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_it_costs_one_query(
    as_operator: APIClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ask(as_operator)  # from now on the caller is remembered
    with django_assert_num_queries(1):
        ask(as_operator)


# --- who may ask ---


def refusal(client: APIClient) -> tuple[int, str]:
    """The status and the code of an answer that is none."""
    answer = client.get(URL)
    return answer.status_code, answer.json()["code"]


def test_somebody_who_is_no_operator_may_not_ask() -> None:
    assert refusal(person(a_user())) == (403, "permission_denied")


def test_no_key_may_ask_not_even_an_operators(operator: User) -> None:
    for user in (operator, a_user()):
        assert refusal(bearing(key_of(user, scopes=list(SCOPES))[1])) == (403, "session_required")


def test_nobody_may_not_ask() -> None:
    assert refusal(APIClient()) == (401, "authentication_required")


def test_who_is_no_operator_any_more_may_not_ask(operator: User, as_operator: APIClient) -> None:
    ask(as_operator)
    operator.is_staff = False
    operator.save()
    end_sessions(user=operator)  # as the admin does when rights are taken
    assert refusal(as_operator) == (401, "invalid_token")
    assert refusal(person(operator)) == (403, "permission_denied")
