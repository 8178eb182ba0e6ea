"""How figures moved: what upstreams told and what we saw, newest first, for nothing."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from accounts.models import User
from products.store import RedisThenPostgres
from products.tests.factories import (
    ASIN,
    NOON,
    a_product,
    full,
    kept_answer,
    purse,
)
from providers.base import HistoryPoint

pytestmark = pytest.mark.django_db
URL = f"/api/v1/products/{ASIN}/history"
HOUR = timedelta(hours=1)


@pytest.fixture
def a_week() -> None:
    """Seven days of prices, hour by hour, and one rating."""
    past = [HistoryPoint("new", NOON - n * HOUR, Decimal(n), "USD") for n in range(168)]
    product = a_product(price=None, history=(*past, HistoryPoint("new", NOON + HOUR, None, "USD")))
    RedisThenPostgres().put(kept_answer(product=product), keep_seconds=60)


def rows(client: APIClient, **query: Any) -> Any:
    answer = client.get(URL, query)
    assert answer.status_code == 200, answer.json()
    return answer.json()["data"]


def test_points_come_newest_first_with_their_value(as_alice: APIClient, a_week: None) -> None:
    found = rows(as_alice, series="new")
    assert found[:2] == [
        {
            "series": "new",
            "observed_at": "2026-11-20T13:00:00Z",
            "value": None,
            "currency": "USD",
            "provider": "first",
        },
        {
            "series": "new",
            "observed_at": "2026-11-20T12:00:00Z",
            "value": "0",
            "currency": "USD",
            "provider": "first",
        },
    ]


def test_pages_lead_through_all_of_it(as_alice: APIClient, a_week: None) -> None:
    seen: list[str] = []
    query = {"limit": "50", "series": "new"}
    while True:
        page = as_alice.get(URL, query).json()
        seen += [row["observed_at"] for row in page["data"]]
        if not page["has_more"]:
            break
        query["after"] = page["next"]
    assert len(seen) == 169
    assert seen == sorted(seen, reverse=True)


def test_series_and_time_narrow_it(as_alice: APIClient, a_week: None) -> None:
    assert [row["value"] for row in rows(as_alice, series="rating")] == ["4.5"]
    assert rows(as_alice, series="rating")[0]["currency"] is None
    window = rows(as_alice, series="new", since="2026-11-20T10:00:00Z", until="2026-11-20T12:00:00Z")
    assert [row["value"] for row in window] == ["1", "2"]
    assert rows(as_alice, series="nothing") == []


def test_a_page_is_one_query(
    as_alice: APIClient, a_week: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rows(as_alice)
    with django_assert_num_queries(1):
        rows(as_alice, limit=10)


def test_it_is_free_and_needs_a_credential(
    as_bob: APIClient, bob: User, anyone: APIClient, a_week: None
) -> None:
    rows(as_bob)
    assert purse(bob) == full(0)
    assert anyone.get(URL).status_code == 401


def test_of_another_marketplace_nothing_is_known(as_alice: APIClient, a_week: None) -> None:
    assert rows(as_alice, marketplace="DE") == []


def test_a_lookup_leaves_its_history(as_alice: APIClient, settings: Settings) -> None:
    as_alice.get(f"/api/v1/products/{ASIN}")
    found = rows(as_alice, limit=200)
    assert {row["provider"] for row in found} == {"sample"}
    assert datetime.fromisoformat(found[-1]["observed_at"]) < datetime.now(UTC)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"marketplace": "XX"}, "#/marketplace"),
        ({"since": "yesterday"}, "#/since"),
        ({"limit": "1000"}, "#/limit"),
        ({"colour": "red"}, "#/colour"),
        ({"asin": ASIN}, "#/asin"),
    ],
)
def test_a_wrong_query_is_named(query: dict[str, str], pointer: str, as_alice: APIClient) -> None:
    answer = as_alice.get(URL, query)
    assert answer.status_code == 422
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}


def test_a_changed_cursor_is_refused(as_alice: APIClient, a_week: None) -> None:
    assert as_alice.get(URL, {"after": "nonsense"}).json()["code"] == "invalid_cursor"
