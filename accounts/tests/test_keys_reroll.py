"""POST keys/{id}/reroll: another secret for the same key."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import services
from accounts.models import APIKey, AuditEvent
from accounts.tests.factories import a_user, bearing, key_of, person

pytestmark = pytest.mark.django_db
KEYS = "/api/v1/keys"
ME = "/api/v1/auth/me"


def reroll(key: APIKey, **body: Any) -> Any:
    return person(key.user).post(f"{KEYS}/{key.pk}/reroll", body, format="json")


def new_secret(key: APIKey, **body: Any) -> str:
    return str(reroll(key, **body).json()["data"]["key"])


def code_for(plaintext: str) -> str:
    return str(bearing(plaintext).get(ME).json().get("code", "good"))


def test_the_new_secret_works_and_the_old_one_ends_at_once() -> None:
    key, old = key_of(a_user())
    assert code_for(old) == "good"
    new = new_secret(key)
    assert (code_for(new), code_for(old)) == ("good", "key_revoked")
    assert new != old


def test_all_but_the_secret_stays() -> None:
    key, old = key_of(a_user(), scopes=["credits:read"], allowed_ips=["10.0.0.0/8"])
    client = person(key.user)
    before = client.get(f"{KEYS}/{key.pk}").json()["data"]
    answer = reroll(key)
    after = answer.json()["data"]
    assert answer.status_code == 200
    assert after.pop("key").startswith(old[:19])
    changing = {"last_four", "previous_until"}
    assert {n: v for n, v in after.items() if n not in changing} == {
        n: v for n, v in before.items() if n not in changing
    }


def test_with_grace_both_secrets_work_until_it_is_over(time_machine_at: Any) -> None:
    key, old = key_of(a_user())
    new = new_secret(key, grace_seconds=60)
    assert (code_for(old), code_for(new)) == ("good", "good")
    time_machine_at(timezone.now() + timedelta(seconds=59))
    assert (code_for(old), code_for(new)) == ("good", "good")
    time_machine_at(timezone.now() + timedelta(seconds=2))
    assert (code_for(old), code_for(new)) == ("key_revoked", "good")


def test_a_second_reroll_ends_what_was_in_its_grace() -> None:
    key, first = key_of(a_user())
    second = new_secret(key, grace_seconds=600)
    third = new_secret(key, grace_seconds=600)
    assert [code_for(secret) for secret in (first, second, third)] == ["invalid_key", "good", "good"]


def test_a_revoked_key_refuses_the_secret_in_its_grace_too() -> None:
    key, old = key_of(a_user())
    new = new_secret(key, grace_seconds=600)
    services.revoke_key(key=key)
    assert (code_for(old), code_for(new)) == ("key_revoked", "key_revoked")


@pytest.mark.parametrize("state", ["revoked", "expired"])
def test_a_key_that_has_ended_gets_no_new_secret(state: str) -> None:
    key, _ = key_of(a_user())
    now = timezone.now()
    APIKey.objects.update(**{"revoked_at" if state == "revoked" else "expires_at": now})
    answer = reroll(key)
    assert (answer.status_code, answer.json()["code"]) == (409, "key_has_ended")
    assert APIKey.objects.get().previous_hash is None


@pytest.mark.parametrize(
    "body",
    [
        {"grace_seconds": -1},
        {"grace_seconds": 604_801},
        {"grace_seconds": "60"},
        {"grace_seconds": None},
        {"grace_seconds": 1.5},
        {"scopes": ["keys:write"]},
        {"user": "x"},
    ],
)
def test_what_cannot_be_is_refused_and_the_secret_stays(body: dict[str, Any]) -> None:
    key, plaintext = key_of(a_user())
    assert reroll(key, **body).status_code == 422
    assert code_for(plaintext) == "good"


def test_the_longest_grace_is_seven_days() -> None:
    key, _ = key_of(a_user())
    reroll(key, grace_seconds=604_800)
    left = (APIKey.objects.get().previous_until or timezone.now()) - timezone.now()
    assert timedelta(days=7) - timedelta(minutes=1) < left <= timedelta(days=7)


def test_the_use_of_either_secret_is_noted() -> None:
    key, old = key_of(a_user())
    new_secret(key, grace_seconds=600)
    assert code_for(old) == "good"
    assert APIKey.objects.get().last_used_at is not None


def test_the_new_secret_is_good_where_the_facts_are_from_before_the_reroll() -> None:
    """A slow reader may remember after the reroll what it read before it."""
    key, old = key_of(a_user())
    assert code_for(old) == "good"
    kept = APIKey.objects.get()
    new = new_secret(key)
    slow = APIKey.objects.get()
    fresh_hash, fresh_until = bytes(slow.key_hash), slow.previous_until
    APIKey.objects.update(key_hash=bytes(kept.key_hash), previous_hash=None, previous_until=None)
    assert code_for(old) == "good"  # remembered as it was before
    APIKey.objects.update(key_hash=fresh_hash, previous_hash=bytes(kept.key_hash), previous_until=fresh_until)
    assert code_for(new) == "good"


def test_the_act_is_noted_without_a_secret() -> None:
    key, old = key_of(a_user())
    new = new_secret(key, grace_seconds=5)
    event = AuditEvent.objects.get(action="api_key:reroll")
    assert event.metadata == {"prefix": key.prefix, "grace_seconds": 5}
    assert not {old, new} & set(str(event.metadata).split("'"))
