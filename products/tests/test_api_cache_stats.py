"""Operators see how many lookups needed no upstream, where, and who told what is kept."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import a_user, bearing, key_of, logged_in
from products import tally
from products.popularity import HOUR
from products.tally import Noted, Outcome
from products.tests.factories import ASIN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("half_past")]
URL = "/api/v1/products/cache-stats"


@pytest.fixture
def operator() -> User:
    """Someone who runs this install."""
    return a_user(is_staff=True)


@pytest.fixture
def as_operator(operator: User) -> APIClient:
    """The operator's session."""
    return bearing(logged_in(operator).access_token)


def count(
    outcome: Outcome, times: int = 1, *, marketplace: str = "US", hours_ago: int = 0, by: str = ""
) -> None:
    at = time.time() - hours_ago * HOUR
    tally.write([Noted(at, ASIN, marketplace, outcome, providers=(by,) if by else ())] * times)


def figures(client: APIClient, **query: Any) -> Any:
    answer = client.get(URL, query)
    assert answer.status_code == 200, answer.json()
    return answer.json()["data"]


def test_what_callers_did_is_added_up(as_operator: APIClient, as_alice: APIClient) -> None:
    for asin in (ASIN, ASIN, ASIN, ASIN, "B0FAIL0404"):
        as_alice.get(f"/api/v1/products/{asin}")
    tally.flush()
    data = figures(as_operator)
    counts: dict[str, float] = {"lookups": 5, "hits": 3, "negative": 0, "misses": 2, "waits": 0, "stale": 0}
    counts |= {"failed": 0, "refused": 0, "prefetched": 0, "hit_rate": 0.6}
    since = datetime.fromtimestamp(int(time.time()) // HOUR * HOUR, UTC) - timedelta(hours=23)
    assert data == {
        "hours": 24,
        "since": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
        **counts,
        "marketplaces": [{"marketplace": "US", **counts}],
        "providers": [{"provider": "sample", "answers": 1}],
    }


def test_the_rate_is_that_of_all_who_were_not_refused(as_operator: APIClient) -> None:
    for outcome, times in {
        Outcome.HIT: 70,
        Outcome.NEGATIVE: 10,
        Outcome.MISS: 15,
        Outcome.WAIT: 2,
        Outcome.STALE: 2,
        Outcome.FAILED: 1,
        Outcome.REFUSED: 50,
        Outcome.PREFETCHED: 50,
    }.items():
        count(outcome, times)
    data = figures(as_operator)
    assert (data["lookups"], data["hit_rate"]) == (100, 0.8)
    assert (data["refused"], data["prefetched"]) == (50, 50)


def test_marketplaces_and_providers_come_with_the_busiest_first(as_operator: APIClient) -> None:
    count(Outcome.HIT, 1, marketplace="DE")
    count(Outcome.MISS, 3, marketplace="JP", by="keepa")
    count(Outcome.PREFETCHED, 4, marketplace="US", by="rainforest")
    data = figures(as_operator)
    assert [(row["marketplace"], row["lookups"], row["hit_rate"]) for row in data["marketplaces"]] == [
        ("JP", 3, 0.0),
        ("DE", 1, 1.0),
        ("US", 0, None),
    ]
    assert data["providers"] == [
        {"provider": "rainforest", "answers": 4},
        {"provider": "keepa", "answers": 3},
    ]
    assert (data["lookups"], data["hit_rate"]) == (4, 0.25)


def test_only_the_hours_asked_for_count(as_operator: APIClient) -> None:
    for hours_ago in (0, 1, 30, 190):
        count(Outcome.HIT, hours_ago=hours_ago)
    told = {hours: figures(as_operator, hours=hours)["hits"] for hours in (1, 2, 24, 48, 192)}
    assert told == {1: 1, 2: 2, 24: 2, 48: 3, 192: 4}


def test_without_lookups_there_is_no_rate(as_operator: APIClient) -> None:
    data = figures(as_operator)
    assert (data["lookups"], data["hit_rate"], data["marketplaces"], data["providers"]) == (0, None, [], [])


@pytest.mark.parametrize("hours", ["0", "193", "many", "1.5"])
def test_hours_that_are_not_kept_are_refused(as_operator: APIClient, hours: str) -> None:
    answer = as_operator.get(URL, {"hours": hours})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/hours")


def test_it_is_for_operators(
    as_alice: APIClient, anyone: APIClient, alice: User, operator: User, as_operator: APIClient
) -> None:
    refusals = [
        (anyone, 401, "authentication_required"),
        (as_alice, 403, "permission_denied"),
        (bearing(key_of(alice)[1]), 403, "session_required"),
        (bearing(key_of(operator)[1]), 403, "session_required"),
    ]
    for client, status, code in refusals:
        answer = client.get(URL)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert as_operator.get(URL).status_code == 200


def test_it_asks_no_database(
    as_operator: APIClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    figures(as_operator)
    with django_assert_num_queries(0):
        figures(as_operator, hours=192)


def test_without_redis_it_says_that_it_cannot_tell(as_operator: APIClient, redis_away: None) -> None:
    answer = as_operator.get(URL)
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
