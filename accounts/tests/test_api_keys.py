"""API keys: how they are made, kept, used and ended."""

import hmac
import math
import random
import re
from datetime import timedelta
from functools import partial
from hmac import compare_digest
from typing import Any, cast

import pytest
from django.core.cache import cache
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts import keys, services
from accounts.authentication import authenticate
from accounts.errors import InvalidKey
from accounts.models import APIKey, AuditEvent
from accounts.tests.factories import a_user, bearing, key_of, logged_in
from accounts.tests.watching import asked_of_redis

pytestmark = pytest.mark.django_db
ME = "/api/v1/auth/me"


def answer_to(key: str) -> tuple[int, str, str]:
    answer = bearing(key).get(ME)
    return answer.status_code, answer.json().get("code", ""), answer.json().get("detail", "")


def test_a_key_has_a_mark_a_name_a_secret_and_a_checksum() -> None:
    key, plaintext = key_of(a_user())
    assert re.fullmatch(r"plt_live_[0-9A-Za-z]{48}", plaintext)
    assert key.prefix == plaintext[:19]
    assert key.last_four == plaintext[-4:]
    assert str(key) == f"{plaintext[:19]}…{plaintext[-4:]}"


def test_the_key_itself_is_not_kept() -> None:
    _, plaintext = key_of(a_user())
    row = repr(APIKey.objects.values().get())
    assert plaintext not in row
    assert plaintext[19:40] not in row


def test_no_two_keys_are_alike() -> None:
    made = {keys.generate().plaintext for _ in range(1000)}
    assert len(made) == 1000
    assert len({key[9:19] for key in made}) == 1000


def test_a_key_opens_the_api_in_both_headers(api: APIClient) -> None:
    user = a_user()
    _, key = key_of(user)
    for headers in (
        {"HTTP_X_API_KEY": key},
        {"HTTP_AUTHORIZATION": f"Bearer {key}"},
        {"HTTP_X_API_KEY": f" {key} "},
    ):
        answer = api.get(ME, **cast(Any, headers))
        assert answer.json()["user"]["id"] == str(user.pk)


def test_the_same_key_in_both_headers_is_one_credential(api: APIClient) -> None:
    _, key = key_of(a_user())
    assert api.get(ME, HTTP_X_API_KEY=key, HTTP_AUTHORIZATION=f"Bearer {key}").status_code == 200


def test_two_different_credentials_are_refused(api: APIClient) -> None:
    user = a_user()
    _, key = key_of(user)
    answer = api.get(ME, HTTP_X_API_KEY=key, HTTP_AUTHORIZATION=f"Bearer {logged_in(user).access_token}")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


def test_a_key_beside_another_scheme_counts(api: APIClient) -> None:
    _, key = key_of(a_user())
    assert api.get(ME, HTTP_X_API_KEY=key, HTTP_AUTHORIZATION="Basic cHJveHk6eA==").status_code == 200


def test_the_credential_names_the_key_and_its_cap() -> None:
    plain, plain_text = key_of(a_user())
    capped, capped_text = key_of(a_user(), has_cap=True)
    found = [authenticate("", text) for text in (plain_text, capped_text)]
    credentials = [pair[1] for pair in found if pair]
    assert [(c.kind, c.id, c.cap) for c in credentials] == [
        ("key", plain.pk, None),
        ("key", capped.pk, capped.pk),
    ]


@pytest.mark.parametrize("place", [9, 19, 30, 50, 56])
def test_a_mistyped_key_is_refused_without_a_query(
    place: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _, key = key_of(a_user())
    wrong = key[:place] + ("a" if key[place] != "a" else "b") + key[place + 1 :]
    with django_assert_num_queries(0):
        assert answer_to(wrong) == (401, "invalid_key", "This API key has a typing error: copy it again.")


@pytest.mark.parametrize(
    "damage", [lambda k: k[:-1], lambda k: k + "x", lambda k: k[:9], lambda k: k[:20] + "é" + k[21:]]
)
def test_what_is_no_key_is_refused_without_a_query(
    damage: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _, key = key_of(a_user())
    with django_assert_num_queries(0):
        status, code, detail = answer_to(damage(key))
    assert (status, code) == (401, "invalid_key")
    assert detail.startswith("This is not an API key")


@pytest.mark.parametrize("text", ["x" * 10_000, "plt_live_", "eyJ.e30.x", "\x7f"])
def test_anything_else_in_the_key_header_is_refused(api: APIClient, text: str) -> None:
    answer = api.get(ME, HTTP_X_API_KEY=text)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_key")


def test_a_mistyped_key_asks_redis_nothing_either() -> None:
    key = keys.generate().plaintext

    def try_it() -> None:
        with pytest.raises(InvalidKey):
            authenticate("", key[:-1] + ("a" if key[-1] != "a" else "b"))

    assert asked_of_redis(try_it) == []


def test_the_same_is_done_whether_the_name_or_the_secret_is_wrong(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """So that the time an answer takes does not tell which names there are."""
    _, plaintext = key_of(a_user())
    compared: list[int] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(len(one) + len(other))
        return compare_digest(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)

    def try_it(body: str) -> None:
        with django_assert_num_queries(1), pytest.raises(InvalidKey):
            authenticate("", keys.MARK + body + keys.checksum(body))

    done = []
    for name in plaintext[9:19], "0" * 10:
        compared.clear()
        asked = asked_of_redis(partial(try_it, name + "0" * 32))
        done.append((asked, compared.copy()))
    assert done[0] == done[1] == (["GET"], [64, 64, 64, 64])


def test_keys_come_from_the_systems_random_source() -> None:
    random.seed(1)
    first = keys.generate().plaintext
    random.seed(1)
    assert keys.generate().plaintext != first
    assert math.log2(len(keys.ALPHABET)) * keys.SECRET_LENGTH > 128


def test_an_unknown_key_is_refused() -> None:
    assert answer_to(keys.generate().plaintext) == (401, "invalid_key", "This API key is not known.")


def test_a_known_name_with_another_secret_reads_as_unknown() -> None:
    key, plaintext = key_of(a_user())
    body = plaintext[9:19] + "0" * 32
    guess = keys.MARK + body + keys.checksum(body)
    assert answer_to(guess) == (401, "invalid_key", "This API key is not known.")
    assert answer_to(plaintext)[0] == 200, "a wrong guess that is remembered must not shut out the owner"
    assert answer_to(guess)[0] == 401, "nor must the owner's call let the guess in"
    services.revoke_key(key=key)
    assert answer_to(guess)[2] == "This API key is not known.", "the state of a key is told to its owner only"


def test_a_wrong_secret_does_not_count_as_use() -> None:
    _, plaintext = key_of(a_user())
    body = plaintext[9:19] + "0" * 32
    answer_to(keys.MARK + body + keys.checksum(body))
    assert APIKey.objects.get().last_used_at is None


def test_a_revoked_key_is_refused_at_once() -> None:
    key, plaintext = key_of(a_user())
    assert answer_to(plaintext)[0] == 200
    services.revoke_key(key=key)
    assert answer_to(plaintext) == (401, "key_revoked", "This API key has been revoked.")


def test_revoking_twice_is_noted_once() -> None:
    key, _ = key_of(a_user())
    services.revoke_key(key=key)
    first = APIKey.objects.get().revoked_at
    services.revoke_key(key=key)
    assert APIKey.objects.get().revoked_at == first
    assert AuditEvent.objects.filter(action="api_key:revoke").count() == 1


def test_a_key_ends_when_its_time_is_over() -> None:
    _, plaintext = key_of(a_user(), expires_at=timezone.now() + timedelta(hours=1))
    assert answer_to(plaintext)[0] == 200
    APIKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    cache.clear()
    assert answer_to(plaintext) == (401, "key_expired", "This API key has expired.")


def test_a_remembered_key_ends_when_its_time_is_over(time_machine_at: Any) -> None:
    _, plaintext = key_of(a_user(), expires_at=timezone.now() + timedelta(seconds=2))
    assert answer_to(plaintext)[0] == 200
    time_machine_at(timezone.now() + timedelta(seconds=2.5))
    assert answer_to(plaintext)[2] == "This API key has expired."


def test_a_key_of_a_disabled_account_is_refused_until_it_is_enabled() -> None:
    user = a_user()
    _, plaintext = key_of(user)
    assert answer_to(plaintext)[0] == 200
    services.disable_user(user=user)
    assert answer_to(plaintext) == (401, "invalid_key", "This account is disabled.")
    services.enable_user(user=user)
    assert answer_to(plaintext)[0] == 200


def test_a_key_outlives_a_change_of_password() -> None:
    user = a_user()
    _, plaintext = key_of(user)
    services.change_password(user=user, password="another good password")
    assert answer_to(plaintext)[0] == 200


def test_use_is_noted_and_not_with_every_call(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    _, plaintext = key_of(a_user())
    with django_assert_num_queries(2):  # who is it, and the note
        answer_to(plaintext)
    used = APIKey.objects.get().last_used_at
    assert used is not None
    with django_assert_num_queries(0):
        answer_to(plaintext)
    cache.clear()
    with django_assert_num_queries(1):  # within the minute: no note
        answer_to(plaintext)
    APIKey.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    cache.clear()
    answer_to(plaintext)
    assert (APIKey.objects.get().last_used_at or used) > used


def test_making_a_key_is_noted_without_its_secret() -> None:
    user = a_user()
    _, plaintext = key_of(user)
    event = AuditEvent.objects.get(action="api_key:create")
    assert event.actor == user
    assert plaintext[19:] not in repr(event.metadata)


def test_the_form_is_judged_before_anything_else() -> None:
    with pytest.raises(InvalidKey):
        keys.prefix_of("")
