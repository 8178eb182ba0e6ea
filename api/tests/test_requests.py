"""`GET requests`: one's own calls, to page through and to search."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import APIKey, User
from api import requests, usage
from api.ids import new_request_id
from api.models import APICall
from api.tests.factories import a_call, write

URL = "/api/v1/requests"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def found(client: APIClient, **query: Any) -> list[str]:
    """The request ids of all pages."""
    ids: list[str] = []
    for _ in range(100):
        answer = client.get(URL, query)
        assert answer.status_code == 200, answer.json()
        page = answer.json()
        ids += [row["request_id"] for row in page["data"]]
        if not page["has_more"]:
            return ids
        query["after"] = page["next"]
    raise AssertionError("the list has no end")


def test_a_call_stands_in_its_callers_log(key: tuple[APIKey, APIClient]) -> None:
    first = key[1].get("/api/v1/credits/balance", headers={"X-Client-Request-Id": "mine"})
    usage.flush()
    (row,) = key[1].get(URL).json()["data"]
    assert row.pop("duration_ms") > 0
    assert datetime.fromisoformat(row.pop("at"))
    assert row == {
        "request_id": first.headers["Request-Id"],
        "operation": "credits:balance",
        "method": "GET",
        "status": 200,
        "outcome": "ok",
        "key": str(key[0].pk),
        "credits": 0,
        "client_request_id": "mine",
    }


def test_pages_are_newest_first_and_together_the_whole(as_alice: APIClient, alice: User) -> None:
    ids = write(a_call(user_id=alice.pk, at=NOON + timedelta(minutes=n)) for n in range(7))
    assert found(as_alice, limit=3) == found(as_alice) == ids


def test_a_request_id_finds_its_call(as_alice: APIClient, alice: User) -> None:
    ids = write(a_call(user_id=alice.pk) for _ in range(3))
    assert found(as_alice, request_id=ids[1]) == [ids[1]]
    assert found(as_alice, request_id=ids[1], outcome="ok") == [ids[1]]
    assert found(as_alice, request_id=ids[1], outcome="not_found") == []
    assert found(as_alice, request_id=new_request_id()) == []


def test_the_calls_of_others_are_not_found(as_carol: APIClient, alice: User) -> None:
    (mine,) = write([a_call(user_id=alice.pk)])
    (nobodys,) = write([a_call()])
    assert found(as_carol) == []
    assert [found(as_carol, request_id=one) for one in (mine, nobodys)] == [[], []]


def test_each_filter_and_all_together(as_alice: APIClient, alice: User) -> None:
    key_id = uuid4()
    special = {"operation": "b", "outcome": "not_found", "status": 404, "key_id": key_id}
    write(a_call(user_id=alice.pk, at=NOON) for _ in range(5))
    ids = write(a_call(user_id=alice.pk, at=NOON, **special) for _ in range(3))
    asked = {"operation": "b", "outcome": "not_found", "status": "404", "key": str(key_id)}
    for query in (asked, *({name: value} for name, value in asked.items())):
        assert found(as_alice, **query, limit=2) == ids
    assert found(as_alice, **{**asked, "status": "200"}) == []


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({"from": "2026-11-20"}, [0, 1, 2]),
        ({"from": "2026-11-20T12:00:00Z"}, [0, 1]),
        ({"from": "2026-11-20T12:00:00.001Z"}, [0]),
        ({"to": "2026-11-20"}, [1, 2, 3]),
        ({"to": "2026-11-20T13:00:00+01:00"}, [2, 3]),
        ({"from": "2026-11-20", "to": "2026-11-20"}, [1, 2]),
        ({"from": "2026-11-20", "to": "2026-11-20", "outcome": "ok"}, [1, 2]),
        ({"from": "2026-11-20", "outcome": "not_found"}, []),
        ({"from": "2026-11-21", "to": "2026-11-20"}, []),
    ],
)
def test_a_period_is_found(
    as_alice: APIClient, alice: User, query: dict[str, str], places: list[int]
) -> None:
    hours = (timedelta(hours=12), timedelta(0), timedelta(hours=-12), timedelta(hours=-12, milliseconds=-1))
    ids = write(a_call(user_id=alice.pk, at=NOON + hour) for hour in hours)
    assert found(as_alice, **query) == [ids[place] for place in places]


def test_a_rare_call_is_found_past_more_calls_than_a_page_looks_at(
    as_alice: APIClient, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "MOST_LOOKED_AT", 10)
    rare = {"user_id": alice.pk, "outcome": "not_found", "status": 404}
    old = write([a_call(**rare, at=NOON - timedelta(days=3)), a_call(**rare, at=NOON - timedelta(days=2))])
    write(a_call(user_id=alice.pk, at=NOON - timedelta(days=1, minutes=n)) for n in range(40))
    early = write([a_call(**rare, at=NOON)])
    write(a_call(user_id=alice.pk, at=NOON + timedelta(minutes=n)) for n in range(1, 25))
    assert found(as_alice, outcome="not_found") == early + old
    assert found(as_alice, status=404, limit=1) == early + old
    assert found(as_alice, outcome="ok", limit=5) == found(as_alice, status=200)


def test_a_page_says_that_there_is_more_where_it_stops_looking(
    as_alice: APIClient, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "MOST_LOOKED_AT", 10)
    write([a_call(user_id=alice.pk, outcome="not_found", at=NOON)])
    write(a_call(user_id=alice.pk, at=NOON + timedelta(minutes=n)) for n in range(1, 25))
    page = as_alice.get(URL, {"outcome": "not_found"}).json()
    assert (page["data"], page["has_more"]) == ([], True)
    assert as_alice.get(URL, {"outcome": "internal_error"}).json()["has_more"] is False


def test_a_page_costs_one_query_and_a_filtered_one_four(
    as_alice: APIClient, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    write(a_call(user_id=alice.pk) for _ in range(3))
    found(as_alice)  # from now on the caller is remembered
    with django_assert_num_queries(1):
        found(as_alice)
    with django_assert_num_queries(4):
        found(as_alice, outcome="ok", status=200, operation="test")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("oporation=x", "#/oporation"),
        ("request_id=req_1", "#/request_id"),
        ("request_id=req_8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "#/request_id"),
        ("status=ten", "#/status"),
        ("status=99", "#/status"),
        ("key=1", "#/key"),
        ("from=yesterday", "#/from"),
        ("to=2026-11-20T10:00:00", "#/to"),
        ("to=9999-12-31", "#/to"),
        ("operation=", "#/operation"),
        ("outcome=%00", "#/outcome"),
        ("outcome=ok&outcome=ok", "#/outcome"),
        ("limit=0", "#/limit"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(as_alice: APIClient, query: str, pointer: str) -> None:
    answer = as_alice.get(f"{URL}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("after", ["x", "é", "a:b:c"])
def test_a_cursor_that_is_not_ours_is_refused(as_alice: APIClient, after: str) -> None:
    assert as_alice.get(URL, {"after": after}).json()["code"] == "invalid_cursor"


@pytest.mark.django_db
def test_nobody_sees_no_log() -> None:
    assert APIClient().get(URL).status_code == 401


def test_a_log_is_only_read(as_alice: APIClient) -> None:
    assert as_alice.post(URL, {}, format="json").status_code == 405
    assert APICall.objects.count() == 0
