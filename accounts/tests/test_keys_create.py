"""POST keys: a new API key."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts import keyring
from accounts.models import APIKey, AuditEvent
from accounts.tests.factories import a_user, bearing, key_of, logged_in, person

pytestmark = pytest.mark.django_db
KEYS = "/api/v1/keys"
DEFAULT = [
    "account:read",
    "conversion:read",
    "conversion:write",
    "credits:read",
    "credits:write",
    "jobs:read",
    "jobs:write",
    "products:read",
    "usage:read",
    "webhooks:read",
    "webhooks:write",
]


def post(client: Any, **body: Any) -> Any:
    return client.post(KEYS, body, format="json")


def test_the_key_is_shown_and_works() -> None:
    user = a_user()
    answer = post(person(user), name="warehouse")
    data = answer.json()["data"]
    assert answer.status_code == 201
    assert answer["Location"] == f"{KEYS}/{data['id']}"
    assert "no-store" in answer["Cache-Control"]
    assert bearing(data["key"]).get("/api/v1/auth/me").json()["user"]["id"] == str(user.pk)
    assert data["key"].startswith(data["prefix"])
    assert data["key"].endswith(data["last_four"])


def test_what_is_left_out_has_a_sensible_default() -> None:
    data = post(person(a_user())).json()["data"]
    known = {name: data[name] for name in data.keys() - {"id", "key", "prefix", "last_four", "created_at"}}
    assert known == {
        "name": "",
        "status": "active",
        "scopes": DEFAULT,
        "expires_at": None,
        "cap": None,
        "allowed_ips": [],
        "last_used_at": None,
        "revoked_at": None,
        "previous_until": None,
    }


def test_every_setting_is_kept_as_it_was_sent() -> None:
    settings = {
        "name": "warehouse 7",
        "scopes": ["products:read", "keys:write", "products:read"],
        "expires_at": "2099-01-01T00:00:00+02:00",
        "cap": {"limit": 0, "period": "total"},
        "allowed_ips": ["2001:DB8::1", "203.0.113.7"],
    }
    client = person(a_user())
    data = post(client, **settings).json()["data"]
    assert (data["name"], data["scopes"]) == ("warehouse 7", ["keys:write", "products:read"])
    assert data["expires_at"] == "2098-12-31T22:00:00Z"
    assert data["cap"] == {"limit": 0, "period": "total", "spent": 0, "resets_at": None}
    assert data["allowed_ips"] == ["203.0.113.7", "2001:db8::1"]
    del data["key"]
    assert client.get(f"{KEYS}/{data['id']}").json()["data"] == data


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a field that is ours": ({"balance": 5}, "#/balance"),
    "rights": ({"is_staff": True}, "#/is_staff"),
    "another user": ({"user": "x"}, "#/user"),
    "a price": ({"price": 0}, "#/price"),
    "a hash": ({"key_hash": "00"}, "#/key_hash"),
    "has_cap": ({"has_cap": False}, "#/has_cap"),
    "a name of another kind": ({"name": 7}, "#/name"),
    "a long name": ({"name": "x" * 101}, "#/name"),
    "a name of two lines": ({"name": "a\nb"}, "#/name"),
    "a name that turns around": ({"name": "a\u202eb"}, "#/name"),
    "a NUL": ({"name": "a\x00b"}, "#/name"),
    "no scopes": ({"scopes": []}, "#/scopes"),
    "an unknown scope": ({"scopes": ["products:read", "admin"]}, "#/scopes/1"),
    "scopes that are none": ({"scopes": [{}]}, "#/scopes"),
    "scopes as a text": ({"scopes": "products:read"}, "#/scopes"),
    "very many scopes": ({"scopes": ["products:read"] * 1000}, "#/scopes"),
    "an end that is past": ({"expires_at": "2020-01-01T00:00:00Z"}, "#/expires_at"),
    "an end that is no time": ({"expires_at": "soon"}, "#/expires_at"),
    "an end that is a number": ({"expires_at": 4102444800}, "#/expires_at"),
    "an end beyond time": ({"expires_at": "9999-12-31T23:59:59-12:00"}, "#/expires_at"),
    "a cap of another kind": ({"cap": 5}, "#/cap"),
    "a negative cap": ({"cap": {"limit": -1, "period": "day"}}, "#/cap/limit"),
    "a cap in words": ({"cap": {"limit": "5", "period": "day"}}, "#/cap/limit"),
    "a fraction": ({"cap": {"limit": 0.5, "period": "day"}}, "#/cap/limit"),
    "a cap beyond count": ({"cap": {"limit": 10**30, "period": "day"}}, "#/cap/limit"),
    "a cap without a period": ({"cap": {"limit": 1}}, "#/cap/period"),
    "an unknown period": ({"cap": {"limit": 1, "period": "hour"}}, "#/cap/period"),
    "what was spent": ({"cap": {"limit": 1, "period": "day", "spent": 0}}, "#/cap/spent"),
    "an address that is none": ({"allowed_ips": ["203.0.113.7", "office"]}, "#/allowed_ips/1"),
    "an address with a zone": ({"allowed_ips": ["fe80::1%eth0"]}, "#/allowed_ips/0"),
    "an address in octal": ({"allowed_ips": ["010.0.0.1"]}, "#/allowed_ips/0"),
    "an address as a number": ({"allowed_ips": [1]}, "#/allowed_ips"),
    "too long a prefix": ({"allowed_ips": ["10.0.0.0/33"]}, "#/allowed_ips/0"),
    "too many addresses": ({"allowed_ips": [f"10.0.0.{n}" for n in range(51)]}, "#/allowed_ips"),
    "addresses as null": ({"allowed_ips": None}, "#/allowed_ips"),
}


@pytest.mark.parametrize(("body", "pointer"), BAD.values(), ids=BAD.keys())
def test_what_cannot_be_is_refused_and_nothing_is_made(body: dict[str, Any], pointer: str) -> None:
    answer = post(person(a_user()), **body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert not APIKey.objects.exists()


def test_nobody_makes_a_key_without_a_credential() -> None:
    assert post(bearing("")).json()["code"] == "invalid_token"
    assert not APIKey.objects.exists()


def test_there_are_not_more_than_a_hundred_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "MOST_KEYS", 3)
    user = a_user()
    client = person(user)
    made = [post(client).json()["data"]["id"] for _ in range(3)]
    answer = post(client)
    assert (answer.status_code, answer.json()["code"], answer.json()["limit"]) == (409, "too_many_keys", 3)
    assert post(person(a_user())).status_code == 201, "others have their own hundred"
    client.delete(f"{KEYS}/{made[0]}")
    assert post(client).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_keys_made_at_once_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "MOST_KEYS", 4)
    user = a_user()
    token = logged_in(user).access_token
    statuses: list[int] = []

    def make() -> None:
        statuses.append(post(bearing(token)).status_code)
        connection.close()

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(statuses) == [201] * 4 + [409] * 4
    assert APIKey.objects.filter(user=user).count() == 4


def test_the_act_is_noted_without_the_secret() -> None:
    user = a_user()
    data = post(person(user), scopes=["credits:read"]).json()["data"]
    event = AuditEvent.objects.get(action="api_key:create")
    assert (event.actor, event.target) == (user, f"apikey:{data['id']}")
    assert event.metadata == {"prefix": data["prefix"], "scopes": ["credits:read"]}
    assert event.address == "127.0.0.1"


def test_the_key_is_kept_as_a_hash() -> None:
    plaintext = post(person(a_user())).json()["data"]["key"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT k::text FROM accounts_apikey k")
        row = cursor.fetchone()[0]
    assert plaintext[19:51] not in row
    assert plaintext[19:51].encode().hex() not in row


def test_a_key_from_before_scopes_may_do_what_it_could() -> None:
    _, plaintext = key_of(a_user())
    client = bearing(plaintext)
    assert client.get("/api/v1/auth/me").status_code == 200
    assert client.get("/api/v1/credits/balance").status_code == 200
    assert client.get(KEYS).json()["code"] == "scope_missing"


def test_the_end_is_kept_to_the_microsecond() -> None:
    moment = timezone.now() + timedelta(days=1)
    data = post(person(a_user()), expires_at=moment.isoformat()).json()["data"]
    assert datetime.fromisoformat(data["expires_at"]).astimezone(UTC) == moment
