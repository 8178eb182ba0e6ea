"""History in hours, days and weeks: the last value of each, and of money the lowest and the highest."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from accounts.models import User
from products.models import Observation
from products.tests.factories import ASIN, full, purse
from providers.http import Patience
from providers.keepa.tests import upstream as keepa_upstream
from providers.tests import loopback
from providers.tests.loopback import says

pytestmark = pytest.mark.django_db
URL = f"/api/v1/products/{ASIN}/history"
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEEPA_BEGAN = datetime(2011, 1, 1, tzinfo=UTC)


def observe(at: datetime, value: str | None, series: str = "price", **facts: Any) -> None:
    told = {"currency": "" if series in ("rank", "rating") else "USD", "provider": "first", **facts}
    Observation.objects.create(
        asin=ASIN,
        marketplace="US",
        series=series,
        observed_at=at,
        value=None if value is None else Decimal(value),
        **told,
    )


def rows(client: APIClient, **query: Any) -> Any:
    answer = client.get(URL, query)
    assert answer.status_code == 200, answer.json()
    return answer.json()["data"]


def plotted(client: APIClient, **query: Any) -> list[tuple[str, str | None, str | None, str | None]]:
    """Period, value, lowest and highest of each point."""
    return [(row["period"], row["value"], row["min"], row["max"]) for row in rows(client, **query)]


def test_a_day_is_its_last_value_and_of_money_the_extremes(as_alice: APIClient) -> None:
    for hour, value in ((8, "12.90"), (9, "9.99"), (15, "14"), (20, "13.50")):
        observe(MONDAY + hour * HOUR, value)
    observe(MONDAY + DAY, "11")
    assert rows(as_alice, resolution="day") == [
        {
            "series": "price",
            "observed_at": "2026-11-17T00:00:00Z",
            "value": "11",
            "currency": "USD",
            "provider": "first",
            "period": "2026-11-17T00:00:00Z",
            "min": "11",
            "max": "11",
        },
        {
            "series": "price",
            "observed_at": "2026-11-16T20:00:00Z",
            "value": "13.50",
            "currency": "USD",
            "provider": "first",
            "period": "2026-11-16T00:00:00Z",
            "min": "9.99",
            "max": "14",
        },
    ]


@pytest.mark.parametrize(
    ("resolution", "periods"),
    [
        ("hour", ["2026-11-23T00:00:00Z", "2026-11-22T23:00:00Z", "2026-11-16T01:00:00Z"]),
        ("day", ["2026-11-23T00:00:00Z", "2026-11-22T00:00:00Z", "2026-11-16T00:00:00Z"]),
        ("week", ["2026-11-23T00:00:00Z", "2026-11-16T00:00:00Z"]),
    ],
)
def test_hours_days_and_weeks_begin_where_they_do_in_utc(
    as_alice: APIClient, resolution: str, periods: list[str]
) -> None:
    for at in (MONDAY + HOUR, MONDAY + HOUR * 1.5, MONDAY + 6 * DAY + 23 * HOUR, MONDAY + 7 * DAY):
        observe(at, "1")
    assert [row["period"] for row in rows(as_alice, resolution=resolution)] == periods


def test_of_ranks_and_ratings_there_are_no_extremes(as_alice: APIClient) -> None:
    observe(MONDAY, "700", "rank")
    observe(MONDAY + HOUR, "900", "rank")
    assert plotted(as_alice, resolution="day") == [("2026-11-16T00:00:00Z", "900", None, None)]


def test_that_there_was_no_price_at_the_end_of_a_day_is_told_and_what_it_was_before(
    as_alice: APIClient,
) -> None:
    observe(MONDAY, "12")
    observe(MONDAY + HOUR, None)
    observe(MONDAY + DAY, None)
    assert plotted(as_alice, resolution="day") == [
        ("2026-11-17T00:00:00Z", None, None, None),
        ("2026-11-16T00:00:00Z", None, "12", "12"),
    ]


def test_money_of_another_currency_is_not_compared(as_alice: APIClient) -> None:
    observe(MONDAY, "1500", currency="JPY")
    observe(MONDAY + HOUR, "12")
    assert plotted(as_alice, resolution="day") == [("2026-11-16T00:00:00Z", "12", "12", "12")]


def test_of_two_providers_the_later_word_counts(as_alice: APIClient) -> None:
    observe(MONDAY + HOUR, "12", provider="second")
    observe(MONDAY, "13")
    [row] = rows(as_alice, resolution="day")
    assert (row["provider"], row["value"], row["max"]) == ("second", "12", "13")


def test_price_rank_and_rating_are_told_unless_a_series_is_named(as_alice: APIClient) -> None:
    for series in ("price", "rank", "rating", "new", "review_count"):
        observe(MONDAY, "4", series)
    assert [row["series"] for row in rows(as_alice, resolution="day")] == ["rating", "rank", "price"]
    assert [row["series"] for row in rows(as_alice, resolution="day", series="new")] == ["new"]
    assert len(rows(as_alice)) == len(rows(as_alice, resolution="raw")) == 5
    assert "period" not in rows(as_alice)[0]


@pytest.mark.parametrize("resolution", ["raw", "day"])
@pytest.mark.parametrize(("first", "last"), [("from", "to"), ("since", "until")])
def test_from_and_to_bound_it_by_moments(as_alice: APIClient, resolution: str, first: str, last: str) -> None:
    for day in range(5):
        observe(MONDAY + day * DAY, str(day))
    bounds = {first: "2026-11-17T00:00:00Z", last: "2026-11-19T00:00:00Z"}
    assert [row["value"] for row in rows(as_alice, resolution=resolution, **bounds)] == ["2", "1"]


def test_from_and_to_may_be_days_and_the_last_one_is_included(as_alice: APIClient) -> None:
    for day in range(5):
        observe(MONDAY + day * DAY + 23 * HOUR, str(day))
    found = rows(as_alice, **{"from": "2026-11-17", "to": "2026-11-18"})
    assert [row["value"] for row in found] == ["2", "1"]


@pytest.mark.parametrize("resolution", ["hour", "day", "week"])
def test_pages_lead_through_all_of_it_once(as_alice: APIClient, resolution: str) -> None:
    for number in range(60):
        for series in ("price", "rank", "rating"):
            observe(MONDAY + number * 5 * HOUR, "4", series)
    whole = rows(as_alice, resolution=resolution, limit=200)
    seen: list[Any] = []
    query = {"resolution": resolution, "limit": "7"}
    while True:
        page = as_alice.get(URL, query).json()
        seen += page["data"]
        if not page["has_more"]:
            break
        query["after"] = page["next"]
    assert seen == whole
    assert len({(row["period"], row["series"]) for row in whole}) == len(whole)


def test_a_page_is_one_query(as_alice: APIClient, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(20):
        observe(MONDAY + number * DAY, "4")
    after = as_alice.get(URL, {"resolution": "day", "limit": "5"}).json()["next"]
    with django_assert_num_queries(1):
        assert len(rows(as_alice, resolution="day", limit=5, after=after)) == 5


def test_a_cursor_of_the_points_is_none_of_the_days(as_alice: APIClient) -> None:
    observe(MONDAY, "1")
    observe(MONDAY + DAY, "2")
    after = as_alice.get(URL, {"limit": "1"}).json()["next"]
    answer = as_alice.get(URL, {"limit": "1", "resolution": "day", "after": after})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"resolution": "month"}, "#/resolution"),
        ({"from": "yesterday"}, "#/from"),
        ({"to": "2026-11-20T08:00:00"}, "#/to"),
        ({"from": "2026-11-20", "since": "2026-11-20T00:00:00Z"}, "#/from"),
        ({"to": "2026-11-20", "until": "2026-11-20T00:00:00Z"}, "#/to"),
    ],
)
def test_a_wrong_query_is_named(query: dict[str, str], pointer: str, as_alice: APIClient) -> None:
    answer = as_alice.get(URL, query)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


# --- at once, from an upstream that remembers ---


def minutes(at: datetime) -> int:
    """Return a time as Keepa counts it."""
    return int((at - KEEPA_BEGAN).total_seconds()) // 60


def three_years() -> dict[str, Any]:
    """A product whose price, rank and rating moved every day for three years, as Keepa tells it."""
    days = [MONDAY - number * DAY for number in range(1095, 0, -1)]
    csv: list[Any] = [None] * 36
    csv[3] = [part for n, at in enumerate(days) for part in (minutes(at), 1000 + n)]
    csv[16] = [part for n, at in enumerate(days) for part in (minutes(at), 40 + n % 10)]
    csv[18] = [part for n, at in enumerate(days) for part in (minutes(at), 1000 + n, 0)]
    return keepa_upstream.product(ASIN, csv=csv)


def test_one_lookup_fills_years_of_price_rank_and_rating(
    as_alice: APIClient, alice: User, settings: Settings
) -> None:
    with loopback.serving(says(keepa_upstream.body(three_years()))) as keepa:
        options = {"api_key": "k" * 64, "base_url": keepa.url, "patience": Patience(attempts=1)}
        backend = "providers.keepa.provider.KeepaProvider"
        settings.PROVIDERS = [{"NAME": "keepa", "BACKEND": backend, "OPTIONS": options}]
        assert as_alice.get(f"/api/v1/products/{ASIN}").status_code == 200
        assert len(keepa.requests) == 1
    found: dict[str, list[Any]] = {"price": [], "rank": [], "rating": []}
    query = {"resolution": "day", "to": "2026-11-15", "limit": "200"}
    while True:
        page = as_alice.get(URL, query).json()
        for row in page["data"]:
            found[row["series"]].append(row)
        if not page["has_more"]:
            break
        query["after"] = page["next"]
    assert {name: len(points) for name, points in found.items()} == {
        "price": 1095,
        "rank": 1095,
        "rating": 1095,
    }
    newest, oldest = found["price"][0], found["price"][-1]
    assert (newest["period"], newest["value"]) == ("2026-11-15T00:00:00Z", "20.94")
    assert (oldest["period"], oldest["value"]) == ("2023-11-17T00:00:00Z", "10.00")
    assert {row["provider"] for points in found.values() for row in points} == {"keepa"}
    assert len(rows(as_alice, resolution="week", series="price", to="2026-11-15", limit=200)) == 157
    assert purse(alice) == full(99, charges=1)
