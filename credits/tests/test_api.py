"""GET credits/balance, credits/history, credits/packages."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.urls import reverse as url_of
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from credits.models import LedgerEntry
from credits.services import charge, hold, refund
from credits.tests.factories import user_with

pytestmark = pytest.mark.django_db

BALANCE, HISTORY, PACKAGES = (url_of(f"credits:{name}") for name in ("balance", "history", "packages"))


def client_of(user: Any) -> APIClient:
    """A program that has proved to be this user."""
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def user() -> Any:
    """Someone who has looked up three things, one of them for nothing in the end."""
    user = user_with(100)
    for number, asin in enumerate(("B07ZPKCJ6X", "B000000002", "B000000003")):
        charge(user, number + 1, operation="product.lookup", key=f"chg_{number}", reference=asin)
    refund("chg_2", key="ref_2")
    return user


def ids(user: Any, **query: str) -> list[str]:
    """The ids of the movements that this query finds."""
    answer = client_of(user).get(f"{HISTORY}?{urlencode(query)}")
    assert answer.status_code == 200, answer.content
    return [entry["id"] for entry in answer.json()["data"]]


class TestBalance:
    def test_says_what_there_is_and_what_can_be_spent(self, user: Any) -> None:
        hold(user, 7, operation="job", key="job_1")
        body = client_of(user).get(BALANCE).json()
        assert body["status"] == "success"
        assert (body["balance"], body["held"], body["available"]) == (97, 7, 90)

    def test_shows_the_last_ten_movements_newest_first(self, user: Any) -> None:
        for number in range(10):
            charge(user, 1, operation="product.lookup", key=f"more_{number}")
        shown = client_of(user).get(BALANCE).json()["transactions"]
        assert [entry["id"] for entry in shown] == [f"more_{number}" for number in range(9, -1, -1)]

    def test_an_entry_has_these_fields_and_no_others(self, user: Any) -> None:
        entry = client_of(user).get(BALANCE).json()["transactions"][-2]
        created_at = entry.pop("created_at")
        assert datetime.fromisoformat(created_at) == LedgerEntry.objects.get(key="chg_0").created_at
        assert created_at.endswith("Z")
        assert entry == {
            "id": "chg_0",
            "amount": -1,
            "balance_after": 99,
            "kind": "charge",
            "operation": "product.lookup",
            "reference": "B07ZPKCJ6X",
        }

    def test_who_never_had_credits_has_none(self) -> None:
        body = client_of(user_with(0)).get(BALANCE).json()
        assert (body["balance"], body["held"], body["available"], body["transactions"]) == (0, 0, 0, [])

    def test_there_is_nothing_to_ask_for(self, user: Any) -> None:
        assert client_of(user).get(f"{BALANCE}?limit=3").status_code == 422

    def test_two_queries_however_much_has_happened(
        self, user: Any, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        client = client_of(user)
        with django_assert_num_queries(2):
            client.get(BALANCE)

    def test_is_for_who_has_a_credential(self) -> None:
        assert APIClient().get(BALANCE).status_code == 401


class TestHistory:
    def test_lists_every_movement_newest_first(self, user: Any) -> None:
        grant_key = LedgerEntry.objects.for_user(user).of_kind("grant").get().key
        assert ids(user) == ["ref_2", "chg_2", "chg_1", "chg_0", grant_key]

    def test_shows_nothing_of_anyone_else(self, user: Any) -> None:
        assert ids(user_with(0)) == []

    def test_goes_page_by_page(self, user: Any) -> None:
        client = client_of(user)
        first = client.get(f"{HISTORY}?limit=2&kind=charge").json()
        assert [entry["id"] for entry in first["data"]] == ["chg_2", "chg_1"]
        assert first["has_more"]
        charge(user, 1, operation="product.lookup", key="meanwhile")
        rest = client.get(f"{HISTORY}?limit=2&kind=charge&after={first['next']}").json()
        assert [entry["id"] for entry in rest["data"]] == ["chg_0"]
        assert not rest["has_more"]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"kind": "refund"}, ["ref_2"]),
            ({"operation": "product.lookup", "kind": "charge"}, ["chg_2", "chg_1", "chg_0"]),
            ({"operation": "conversion.fnsku"}, []),
            ({"reference": "B07ZPKCJ6X"}, ["chg_0"]),
            ({"reference": "B000000003"}, ["ref_2", "chg_2"]),
        ],
    )
    def test_can_be_narrowed(self, user: Any, query: dict[str, str], found: list[str]) -> None:
        assert ids(user, **query) == found

    def test_a_time_from_is_included_and_a_time_to_is_not(self, user: Any) -> None:
        first, second = (
            LedgerEntry.objects.get(key=key).created_at.isoformat() for key in ("chg_0", "chg_1")
        )
        assert ids(user, **{"from": first, "to": second}) == ["chg_0"]
        assert ids(user, **{"from": first.replace("+00:00", "Z"), "kind": "charge"}) == [
            "chg_2",
            "chg_1",
            "chg_0",
        ]

    def test_a_date_means_the_whole_day(self, user: Any) -> None:
        day = LedgerEntry.objects.get(key="chg_0").created_at.date()
        before, after = (day + timedelta(days=shift) for shift in (-1, 1))
        assert len(ids(user, **{"from": str(day), "to": str(after)})) == 5
        assert "chg_0" in ids(user, to=str(day))
        assert ids(user, to=str(before)) == []

    @pytest.mark.parametrize(
        ("query", "field", "code"),
        [
            ({"kind": "gift"}, "kind", "invalid_choice"),
            ({"operation": "x" * 65}, "operation", "max_length"),
            ({"reference": "\0"}, "reference", "null_characters_not_allowed"),
            ({"from": "yesterday"}, "from", "invalid"),
            ({"from": "2026-11-20T08:00:00"}, "from", "invalid"),
            ({"from": "0001-01-01T00:00:00+10:00"}, "from", "out_of_range"),
            ({"to": "9999-12-31T23:59:59-10:00"}, "to", "out_of_range"),
            ({"to": "2026-02-30"}, "to", "invalid"),
            ({"user": "someone"}, "user", "unknown_field"),
        ],
    )
    def test_a_filter_it_does_not_understand_is_refused(
        self, user: Any, query: dict[str, str], field: str, code: str
    ) -> None:
        answer = client_of(user).get(f"{HISTORY}?{urlencode(query)}")
        assert answer.status_code == 422
        assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
            (f"#/{field}", code)
        ]

    def test_the_last_day_there_is_can_be_asked_for(self, user: Any) -> None:
        assert len(ids(user, **{"from": "0001-01-01", "to": "9999-12-31"})) == 5

    def test_a_filter_stands_there_once(self, user: Any) -> None:
        answer = client_of(user).get(f"{HISTORY}?kind=charge&kind=refund")
        assert answer.status_code == 422
        assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
            ("#/kind", "invalid")
        ]

    def test_one_query_however_long_the_page(
        self, user: Any, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        client = client_of(user)
        with django_assert_num_queries(1):
            client.get(HISTORY)

    def test_is_for_who_has_a_credential(self) -> None:
        assert APIClient().get(HISTORY).status_code == 401


class TestPackages:
    def test_are_those_of_the_settings_and_public(self, settings: Settings) -> None:
        body = APIClient().get(PACKAGES).json()
        assert body["data"] == settings.CREDIT_PACKAGES

    def test_a_credential_that_is_no_good_does_no_harm_here(self) -> None:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
        assert client.get(PACKAGES).status_code == 200
