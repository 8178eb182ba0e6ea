"""A key that manages keys hands on no more than it has."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import APIKey, AuditEvent, User
from accounts.tests.factories import a_user, bearing, key_of, manager

pytestmark = pytest.mark.django_db
KEYS = "/api/v1/keys"
HERE = ["127.0.0.1", "10.0.0.0/8"]
NARROW = ["keys:write", "credits:read"]
SOON = timezone.now() + timedelta(days=2)
SOONER = (SOON - timedelta(days=1)).isoformat()
LATER = (SOON + timedelta(days=1)).isoformat()

# What the key that asks is like, what it asks for, and in what that would reach further.
TOO_MUCH: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "more scopes": ({"scopes": NARROW}, {"scopes": ["products:read"]}, "scopes"),
    "the default scopes": ({"scopes": NARROW}, {}, "scopes"),
    "no end": ({"expires_at": SOON}, {}, "expires_at"),
    "an end of null": ({"expires_at": SOON}, {"expires_at": None}, "expires_at"),
    "a later end": ({"expires_at": SOON}, {"expires_at": LATER}, "expires_at"),
    "any address": ({"allowed_ips": HERE}, {}, "allowed_ips"),
    "an empty list of addresses": ({"allowed_ips": HERE}, {"allowed_ips": []}, "allowed_ips"),
    "another address": ({"allowed_ips": HERE}, {"allowed_ips": ["10.1.1.1", "11.1.1.1"]}, "allowed_ips"),
    "a wider network": ({"allowed_ips": HERE}, {"allowed_ips": ["10.0.0.0/7"]}, "allowed_ips"),
    "no cap": ({"has_cap": True}, {}, "cap"),
    "a cap of its own": ({"has_cap": True}, {"cap": {"limit": 1, "period": "day"}}, "cap"),
}
ENOUGH: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "the same scopes": ({"scopes": NARROW}, {"scopes": NARROW}),
    "fewer scopes": ({"scopes": NARROW}, {"scopes": ["credits:read"]}),
    "an earlier end": ({"expires_at": SOON}, {"expires_at": SOONER}),
    "an address of its own": ({"allowed_ips": HERE}, {"allowed_ips": ["10.9.0.0/16", "127.0.0.1"]}),
    "a cap where it has none": ({}, {"cap": {"limit": 5, "period": "day"}}),
    "an end where it has none": ({}, {"expires_at": SOONER}),
}


def refusal(answer: Any) -> tuple[int, str, str]:
    body = answer.json()
    return answer.status_code, body.get("code", ""), body.get("field", "")


@pytest.mark.parametrize(("own", "asked", "field"), TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_it_makes_no_key_that_reaches_further(own: dict[str, Any], asked: dict[str, Any], field: str) -> None:
    answer = manager(a_user(), **own).post(KEYS, asked, format="json")
    assert refusal(answer) == (403, "key_escalation", field)
    assert APIKey.objects.count() == 1


@pytest.mark.parametrize(("own", "asked"), ENOUGH.values(), ids=ENOUGH.keys())
def test_it_makes_keys_that_reach_no_further(own: dict[str, Any], asked: dict[str, Any]) -> None:
    assert manager(a_user(), **own).post(KEYS, asked, format="json").status_code == 201


@pytest.fixture
def ann() -> User:
    """The owner of the keys."""
    return a_user()


def narrow(ann: User, **facts: Any) -> tuple[APIKey, APIClient]:
    """A key that manages keys and may do little else, and a client with it."""
    key, plaintext = key_of(ann, **{"scopes": NARROW, **facts})
    return key, bearing(plaintext)


def test_it_does_not_widen_itself(ann: User) -> None:
    key, client = narrow(ann, expires_at=SOON, allowed_ips=HERE)
    for field, value in (
        ("scopes", [*NARROW, "products:read"]),
        ("expires_at", None),
        ("expires_at", LATER),
        ("allowed_ips", []),
        ("allowed_ips", ["0.0.0.0/0"]),
    ):
        answer = client.patch(f"{KEYS}/{key.pk}", {field: value}, format="json")
        assert refusal(answer) == (403, "key_escalation", field)


def test_it_may_narrow_and_name_and_reroll_itself(ann: User) -> None:
    key, client = narrow(ann)
    changed = client.patch(f"{KEYS}/{key.pk}", {"name": "n", "expires_at": SOONER}, format="json")
    assert changed.status_code == 200
    assert client.post(f"{KEYS}/{key.pk}/reroll", {"grace_seconds": 60}, format="json").status_code == 200


def test_a_capped_key_does_not_touch_its_cap_but_may_reroll_itself(ann: User) -> None:
    key, client = narrow(ann, has_cap=True)
    for cap in None, {"limit": 10**6, "period": "day"}, {"limit": 0, "period": "day"}:
        answer = client.patch(f"{KEYS}/{key.pk}", {"cap": cap}, format="json")
        assert refusal(answer) == (403, "key_escalation", "cap")
    assert client.post(f"{KEYS}/{key.pk}/reroll", {"grace_seconds": 60}, format="json").status_code == 200


@pytest.mark.parametrize(
    ("own", "other", "field"),
    [
        ({}, {"scopes": ["products:read"]}, "scopes"),
        ({"expires_at": SOON}, {"scopes": NARROW}, "expires_at"),
        ({"allowed_ips": HERE}, {"scopes": NARROW}, "allowed_ips"),
        ({"has_cap": True}, {"scopes": NARROW}, "cap"),
    ],
)
def test_it_gets_no_secret_of_a_key_that_reaches_further(
    ann: User, own: dict[str, Any], other: dict[str, Any], field: str
) -> None:
    _, client = narrow(ann, **own)
    stronger, plaintext = key_of(ann, **other)
    for answer in (
        client.post(f"{KEYS}/{stronger.pk}/reroll", {}, format="json"),
        client.patch(f"{KEYS}/{stronger.pk}", {"name": "mine"}, format="json"),
    ):
        assert refusal(answer) == (403, "key_escalation", field)
    stronger.refresh_from_db()
    assert (stronger.name, stronger.previous_hash) == ("tests", None)
    assert bearing(plaintext).get("/api/v1/auth/me").json().get("code") in (None, "scope_missing")


def test_it_may_revoke_any_key_of_its_account(ann: User) -> None:
    _, client = narrow(ann)
    stronger, _ = key_of(ann)
    assert client.delete(f"{KEYS}/{stronger.pk}").status_code == 204


def test_what_counts_is_the_key_as_it_is_now_and_not_as_it_is_remembered(ann: User) -> None:
    key, client = narrow(ann)
    assert client.get(KEYS).status_code == 200
    APIKey.objects.filter(pk=key.pk).update(scopes=["keys:write"])  # behind the back of what is remembered
    answer = client.post(KEYS, {"scopes": ["credits:read"]}, format="json")
    assert refusal(answer) == (403, "key_escalation", "scopes")
    APIKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())
    assert client.post(KEYS, {"scopes": ["keys:write"]}, format="json").json()["code"] == "invalid_key"


def test_the_record_says_with_which_key_it_was_done(ann: User) -> None:
    key, client = narrow(ann)
    client.post(KEYS, {"scopes": ["credits:read"]}, format="json")
    event = AuditEvent.objects.filter(action="api_key:create").latest("id")
    assert (event.actor, event.metadata["by_key"]) == (ann, str(key.pk))
