"""DELETE keys/{id}: the end of a key, everywhere and within five seconds."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import caches
from django.db import connection
from django_redis import get_redis_connection
from pytest_django import Settings

from accounts.caching import outage
from accounts.facts import REMEMBERED_SECONDS
from accounts.models import APIKey, AuditEvent
from accounts.tests.factories import a_user, bearing, key_of, person

pytestmark = pytest.mark.django_db
KEYS = "/api/v1/keys"
ME = "/api/v1/auth/me"
OTHER_PROCESS = """
import sys
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
settings.CACHES["default"]["LOCATION"] = sys.argv[2]
django.setup()
from accounts.authentication import authenticate
from accounts.errors import AccountsError
for line in sys.stdin:
    try:
        print(authenticate("", line.strip())[1].kind, flush=True)
    except AccountsError as error:
        print(type(error).__name__, flush=True)
"""


def revoke(key: APIKey) -> Any:
    return person(key.user).delete(f"{KEYS}/{key.pk}")


def test_the_key_is_refused_at_once() -> None:
    key, plaintext = key_of(a_user())
    assert bearing(plaintext).get(ME).status_code == 200
    answer = revoke(key)
    assert (answer.status_code, answer.content) == (204, b"")
    assert bearing(plaintext).get(ME).json()["code"] == "key_revoked"


def test_revoking_again_changes_nothing() -> None:
    key, _ = key_of(a_user())
    revoke(key)
    first = APIKey.objects.get().revoked_at
    assert revoke(key).status_code == 204
    assert APIKey.objects.get().revoked_at == first
    assert AuditEvent.objects.filter(action="api_key:revoke").count() == 1


def test_a_key_can_end_itself() -> None:
    key, plaintext = key_of(a_user(), scopes=["keys:write"])
    assert bearing(plaintext).delete(f"{KEYS}/{key.pk}").status_code == 204
    assert bearing(plaintext).get(KEYS).json()["code"] == "key_revoked"
    assert AuditEvent.objects.get(action="api_key:revoke").metadata["by_key"] == str(key.pk)


@pytest.fixture
def other_process() -> Iterator[subprocess.Popen[str]]:
    """A process that authenticates each key it is given, as another worker would."""
    script = [sys.executable, "-c", OTHER_PROCESS]
    places = [str(connection.settings_dict["NAME"]), str(django_settings.CACHES["default"]["LOCATION"])]
    with subprocess.Popen(
        [*script, *places],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=django_settings.BASE_DIR,
    ) as process:
        yield process
        process.kill()


def told(process: subprocess.Popen[str], key: str) -> str:
    assert process.stdin
    assert process.stdout
    process.stdin.write(key + "\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


@pytest.mark.django_db(transaction=True)
def test_another_process_that_knew_the_key_refuses_it_at_once(other_process: subprocess.Popen[str]) -> None:
    key, plaintext = key_of(a_user())
    assert [told(other_process, plaintext) for _ in range(2)] == ["key", "key"]
    revoke(key)
    assert told(other_process, plaintext) == "KeyRevoked"


def test_where_redis_could_not_be_told_the_key_is_forgotten_within_five_seconds(settings: Settings) -> None:
    key, plaintext = key_of(a_user())
    client, owner = bearing(plaintext), person(key.user)
    assert client.get(ME).status_code == 200
    there = settings.CACHES
    settings.CACHES = {name: cache | {"LOCATION": "redis://127.0.0.1:1/0"} for name, cache in there.items()}
    outage.end()
    assert owner.delete(f"{KEYS}/{key.pk}").status_code == 204
    assert client.get(ME).json()["code"] == "key_revoked", "without Redis, the database is asked"
    settings.CACHES = there
    outage.end()
    redis, name = get_redis_connection("default"), f"pallet:principal:key:{key.prefix}"
    assert 0 < redis.pttl(name) <= REMEMBERED_SECONDS * 1000 < 5000
    redis.delete(name)  # what time does by itself
    assert client.get(ME).json()["code"] == "key_revoked"
    caches["limits"].memory.clear()  # type: ignore[attr-defined]


def test_what_is_remembered_is_not_remembered_longer_for_being_used() -> None:
    key, plaintext = key_of(a_user())
    redis, name = get_redis_connection("default"), f"pallet:principal:key:{key.prefix}"
    bearing(plaintext).get(ME)
    redis.pexpire(name, 700)
    for _ in range(3):
        assert bearing(plaintext).get(ME).status_code == 200
    assert redis.pttl(name) <= 700
