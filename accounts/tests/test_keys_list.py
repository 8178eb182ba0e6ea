"""GET keys and GET keys/{id}: what an owner sees of the keys."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import services
from accounts.models import APIKey
from accounts.tests.factories import a_user, bearing, key_of, person

pytestmark = pytest.mark.django_db
KEYS = "/api/v1/keys"


def names(answer: Any) -> list[str]:
    return [key["name"] for key in answer.json()["data"]]


def test_the_newest_comes_first_and_others_keys_do_not() -> None:
    user = a_user()
    for name in "abc":
        key_of(user, name=name)
    key_of(a_user(), name="foreign")
    answer = person(user).get(KEYS)
    assert names(answer) == ["c", "b", "a"]
    assert (answer.json()["has_more"], answer.json()["next"]) == (False, None)


def test_pages_follow_each_other() -> None:
    user = a_user()
    for number in range(5):
        key_of(user, name=str(number))
    client = person(user)
    seen: list[str] = []
    after: str | None = ""
    for _ in range(3):
        page = client.get(KEYS, {"limit": 2} | ({"after": after} if after else {}))
        seen += names(page)
        after = page.json()["next"]
    assert (seen, after) == (["4", "3", "2", "1", "0"], None)


def test_no_answer_shows_a_secret() -> None:
    user = a_user()
    key, plaintext = key_of(user)
    client = person(user)
    for url in KEYS, f"{KEYS}/{key.pk}":
        body = client.get(url).content.decode()
        assert plaintext[19:] not in body
        assert bytes(key.key_hash).hex() not in body
        assert '"key":' not in body


def test_keys_are_told_apart_by_their_state() -> None:
    user = a_user()
    key_of(user, name="active")
    key_of(user, name="active with an end", expires_at=timezone.now() + timedelta(days=1))
    key_of(user, name="expired", expires_at=timezone.now() - timedelta(seconds=1))
    gone, _ = key_of(user, name="revoked", expires_at=timezone.now() - timedelta(seconds=1))
    services.revoke_key(key=gone)
    client = person(user)
    found = {
        status: names(client.get(KEYS, {"status": status})) for status in ("active", "expired", "revoked")
    }
    assert found == {
        "active": ["active with an end", "active"],
        "expired": ["expired"],
        "revoked": ["revoked"],
    }
    assert [key["status"] for key in client.get(KEYS).json()["data"]] == [
        "revoked",
        "expired",
        "active",
        "active",
    ]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"status": "lost"}, 422, "validation_error"),
        ({"state": "active"}, 422, "validation_error"),
        ({"status": ["active", "revoked"]}, 422, "validation_error"),
        ({"limit": "0"}, 422, "validation_error"),
        ({"after": "tampered"}, 400, "invalid_cursor"),
    ],
)
def test_a_query_that_cannot_be_is_refused(query: dict[str, Any], status: int, code: str) -> None:
    answer = person(a_user()).get(KEYS, query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_many_keys_with_caps_take_two_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    user = a_user()
    client = person(user)
    for number in range(5):
        client.post(KEYS, {"cap": {"limit": number, "period": "day"}}, format="json")
    with django_assert_num_queries(2):
        answer = client.get(KEYS)
    assert [key["cap"]["limit"] for key in answer.json()["data"]] == [4, 3, 2, 1, 0]


@pytest.mark.parametrize("method", ["get", "patch", "delete", "post"])
def test_the_key_of_another_is_not_found(method: str) -> None:
    foreign, plaintext = key_of(a_user())
    client = person(a_user())
    for key_id in foreign.pk, uuid.uuid4():
        url = f"{KEYS}/{key_id}" + ("/reroll" if method == "post" else "")
        body = {"name": "mine"} if method == "patch" else {}
        answer = getattr(client, method)(url, body, format="json")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert APIKey.objects.get().name == "tests"
    assert bearing(plaintext).get("/api/v1/auth/me").status_code == 200


@pytest.mark.parametrize("text", ["1", "key_x", "0" * 36, "..", "a" * 10_000])
def test_what_is_no_id_is_not_found(text: str) -> None:
    assert person(a_user()).get(f"{KEYS}/{text}").status_code == 404
