"""`GET analytics/usage`: what one's own calls add up to."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import User
from api.tests.factories import a_call, write

URL = "/api/v1/analytics/usage"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOTHING = {"calls": 0, "errors": 0, "error_share": None, "credits": 0, "mean_ms": None}


def ask(client: APIClient, **query: str) -> Any:
    """The answer to a question that is in order."""
    answer = client.get(URL, query)
    assert answer.status_code == 200, answer.json()
    return answer.json()


@pytest.fixture
def calls(alice: User, carol: User) -> Any:
    """Three calls of Alice's in the period, one of them refused, one before it, and one of Carol's."""
    key = uuid4()
    refused = {"outcome": "not_found", "status": 404, "credits": "0"}
    write(
        [
            a_call(user_id=alice.pk, at=NOON, seconds=0.003, key_id=key),
            a_call(user_id=alice.pk, at=NOON, seconds=0.006, operation="other"),
            a_call(user_id=alice.pk, at=NOON - timedelta(days=2), seconds=0.0, **refused),
            a_call(user_id=alice.pk, at=NOON - timedelta(days=3), seconds=0.001, credits="5"),
            a_call(user_id=carol.pk, at=NOON),
        ]
    )
    return str(key)


PERIOD = {"from": "2026-11-18", "to": "2026-11-20"}


def test_the_totals_stand_beside_the_period_before(as_alice: APIClient, calls: str) -> None:
    body = ask(as_alice, **PERIOD)
    assert (body["from"], body["to"], body["group_by"]) == ("2026-11-18", "2026-11-20", "day")
    assert body["totals"] == {
        "calls": 3,
        "errors": 1,
        "error_share": 0.3333,
        "credits": 2,
        "mean_ms": 3.0,
    }
    assert body["previous"] == {
        "from": "2026-11-15",
        "to": "2026-11-17",
        "calls": 1,
        "errors": 0,
        "error_share": 0.0,
        "credits": 5,
        "mean_ms": 1.0,
    }


def test_every_day_is_there_beside_the_one_before_it(as_alice: APIClient, calls: str) -> None:
    days = ask(as_alice, **PERIOD)["data"]
    assert [(day["group"], day["calls"], day["previous"]["calls"]) for day in days] == [
        ("2026-11-18", 1, 0),
        ("2026-11-19", 0, 0),
        ("2026-11-20", 2, 1),
    ]
    assert {name: days[1][name] for name in NOTHING} == NOTHING


@pytest.mark.parametrize(
    ("group_by", "groups"),
    [
        ("operation", [("test", 2, 1), ("other", 1, 0)]),
        ("outcome", [("ok", 2, 1), ("not_found", 1, 0)]),
        ("key", [(None, 2, 1), ("a key", 1, 0)]),
    ],
)
def test_groups_the_largest_first(
    as_alice: APIClient, calls: str, group_by: str, groups: list[tuple[str | None, int, int]]
) -> None:
    rows = ask(as_alice, **PERIOD, group_by=group_by)["data"]
    named = [(calls if name == "a key" else name, *counts) for name, *counts in groups]
    assert [(row["group"], row["calls"], row["previous"]["calls"]) for row in rows] == named


def test_without_dates_it_is_the_last_thirty_days(as_alice: APIClient, calls: str) -> None:
    with time_machine.travel(NOON + timedelta(days=27), tick=False):
        body = ask(as_alice)
    assert (body["from"], body["to"], len(body["data"])) == ("2026-11-18", "2026-12-17", 30)
    assert (body["totals"]["calls"], body["previous"]["calls"]) == (3, 1)


def test_a_year_with_its_leap_day_costs_two_queries(
    as_alice: APIClient, calls: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ask(as_alice)  # from now on the caller is remembered
    with django_assert_num_queries(2):
        body = ask(as_alice, **{"from": "2028-01-01", "to": "2028-12-31"})
    assert len(body["data"]) == 366


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("group_by=user", "#/group_by"),
        ("group=day", "#/group"),
        ("from=2026-11-21&to=2026-11-20", "#/from"),
        ("from=2025-11-19&to=2026-11-20", "#/from"),
        ("from=2026-11-20T10:00:00Z", "#/from"),
        ("from=0001-01-01&to=0001-01-02", "#/from"),
        ("to=0001-01-02", "#/from"),
        ("from=9999-12-31", "#/from"),
        ("from=\u0662\u0660\u0662\u0666-01-01", "#/from"),
        ("to=tomorrow", "#/to"),
        ("to=2026-11-20&to=2026-11-21", "#/to"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(as_alice: APIClient, query: str, pointer: str) -> None:
    answer = as_alice.get(f"{URL}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_who_never_called_sees_zeros(as_carol: APIClient) -> None:
    body = ask(as_carol, group_by="outcome")
    assert (body["totals"], body["data"]) == (NOTHING, [])


@pytest.mark.django_db
def test_nobody_sees_nothing() -> None:
    assert APIClient().get(URL).status_code == 401
