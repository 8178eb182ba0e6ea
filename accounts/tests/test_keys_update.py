"""PATCH keys/{id}: what of a key can be changed."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import services
from accounts.models import APIKey, AuditEvent
from accounts.tests.factories import a_user, bearing, key_of, person
from accounts.tests.test_keys_create import BAD

pytestmark = pytest.mark.django_db
KEYS = "/api/v1/keys"
BALANCE = "/api/v1/credits/balance"


def change(key: APIKey, /, **body: Any) -> Any:
    return person(key.user).patch(f"{KEYS}/{key.pk}", body, format="json")


def test_what_is_left_out_stays() -> None:
    end = timezone.now() + timedelta(days=1)
    key, _ = key_of(a_user(), name="old", scopes=["credits:read"], expires_at=end, allowed_ips=["10.0.0.1"])
    answer = change(key, name="new")
    data = answer.json()["data"]
    assert (answer.status_code, data["name"], data["scopes"]) == (200, "new", ["credits:read"])
    assert (data["allowed_ips"], APIKey.objects.get().expires_at) == (["10.0.0.1"], end)


def test_a_change_is_in_force_with_the_next_call() -> None:
    key, plaintext = key_of(a_user())
    client = bearing(plaintext)
    assert client.get(BALANCE).status_code == 200
    change(key, scopes=["products:read"])
    assert client.get(BALANCE).json()["code"] == "scope_missing"
    change(key, scopes=["credits:read"])
    assert client.get(BALANCE).status_code == 200
    change(key, allowed_ips=["203.0.113.7"])
    assert client.get(BALANCE).json()["code"] == "ip_not_allowed"
    change(key, allowed_ips=[])
    assert client.get(BALANCE).status_code == 200


def test_an_expired_key_works_again_when_its_end_is_moved_or_taken_away() -> None:
    key, plaintext = key_of(a_user(), expires_at=timezone.now() - timedelta(seconds=1))
    assert bearing(plaintext).get(BALANCE).json()["code"] == "key_expired"
    for end in (timezone.now() + timedelta(hours=1)).isoformat(), None:
        assert change(key, expires_at=end).json()["data"]["status"] == "active"
        assert bearing(plaintext).get(BALANCE).status_code == 200


def test_a_cap_is_set_changed_and_taken_off() -> None:
    key, _ = key_of(a_user())
    caps = [
        change(key, cap=cap).json()["data"]["cap"]
        for cap in ({"limit": 5, "period": "total"}, {"limit": 7, "period": "total"}, None)
    ]
    assert [cap and cap["limit"] for cap in caps] == [5, 7, None]
    assert not APIKey.objects.get().has_cap


def test_a_revoked_key_stays_as_it_is() -> None:
    key, _ = key_of(a_user())
    services.revoke_key(key=key)
    answer = change(key, name="new")
    assert (answer.status_code, answer.json()["code"]) == (409, "key_has_ended")
    assert APIKey.objects.get().name == "tests"


@pytest.mark.parametrize(("body", "pointer"), BAD.values(), ids=BAD.keys())
def test_what_cannot_be_is_refused_and_nothing_changes(body: dict[str, Any], pointer: str) -> None:
    key, _ = key_of(a_user())
    before = APIKey.objects.values().get()
    answer = change(key, **body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert APIKey.objects.values().get() == before


@pytest.mark.parametrize("field", ["revoked_at", "id", "prefix", "key", "last_used_at", "previous_until"])
def test_what_is_shown_is_not_all_to_be_changed(field: str) -> None:
    key, _ = key_of(a_user())
    assert change(key, **{field: None}).json()["errors"][0]["code"] == "unknown_field"


def test_an_empty_change_changes_nothing() -> None:
    key, _ = key_of(a_user())
    before = APIKey.objects.values().get()
    assert change(key).status_code == 200
    assert APIKey.objects.values().get() == before
    assert not AuditEvent.objects.filter(action="api_key:change").exists()


def test_the_act_is_noted() -> None:
    key, _ = key_of(a_user())
    change(key, name="new", cap={"limit": 5, "period": "day"})
    event = AuditEvent.objects.get(action="api_key:change")
    assert (event.actor, event.target) == (key.user, f"apikey:{key.pk}")
    assert event.metadata["changed"] == ["cap", "name"]
