"""POST /api/v1/auth/login."""

from typing import Any

import pytest
from django.contrib.auth import hashers
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Session, User
from accounts.tests.factories import PASSWORD, a_user

pytestmark = pytest.mark.django_db
URL = "/api/v1/auth/login"


def log_in(api: APIClient, email: Any = "ann@example.com", password: Any = PASSWORD, **more: Any) -> Any:
    return api.post(URL, {"email": email, "password": password}, format="json", **more)


def test_answers_with_the_user_and_tokens(api: APIClient) -> None:
    user = a_user(email="ann@example.com")
    answer = log_in(api)
    assert answer.status_code == 200
    assert answer.json()["user"]["id"] == str(user.pk)
    assert answer.json()["expires_in"] == 1800
    assert answer["Cache-Control"] == "no-store"


def test_any_spelling_of_the_address_will_do(api: APIClient) -> None:
    a_user(email="ann@example.com")
    assert log_in(api, " ＡＮＮ@Example.COM ").status_code == 200


def test_keeps_where_the_session_came_from(api: APIClient) -> None:
    a_user(email="ann@example.com")
    log_in(api, REMOTE_ADDR="2001:db8::5", HTTP_USER_AGENT="curl/8 " + "x" * 300)
    session = Session.objects.get()
    assert session.address == "2001:db8::5"
    assert session.user_agent == ("curl/8 " + "x" * 300)[:200]


def test_notes_the_login(api: APIClient) -> None:
    user = a_user(email="ann@example.com")
    log_in(api)
    user.refresh_from_db()
    assert user.last_login is not None
    assert AuditEvent.objects.get(action="session:begin").actor == user


def refusals(api: APIClient) -> list[Any]:
    a_user(email="ann@example.com")
    a_user(email="closed@example.com", is_active=False)
    nameless = a_user(email="nameless@example.com")
    nameless.set_unusable_password()
    nameless.save()
    return [
        log_in(api, "nobody@example.com"),
        log_in(api, "ann@example.com", "not the password"),
        log_in(api, "closed@example.com"),
        log_in(api, "nameless@example.com"),
    ]


def test_every_refusal_reads_the_same(api: APIClient) -> None:
    answers = refusals(api)
    assert {answer.status_code for answer in answers} == {401}
    bodies = [answer.json() for answer in answers]
    for body in bodies:
        del body["instance"], body["request_id"]
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["code"] == "invalid_credentials"
    assert {answer["WWW-Authenticate"].split()[0] for answer in answers} == {"Bearer"}


class CountingHasher(hashers.MD5PasswordHasher):
    """Counts the work."""

    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).hashed += 1
        return super().encode(password, salt)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("nobody@example.com", PASSWORD),
        ("ann@example.com", "not the password"),
        ("closed@example.com", PASSWORD),
        ("closed@example.com", "not the password"),
    ],
)
def test_every_refusal_takes_the_same_work(api: APIClient, settings: Any, email: str, password: str) -> None:
    settings.PASSWORD_HASHERS = ["accounts.tests.test_login.CountingHasher"]
    a_user(email="ann@example.com")
    a_user(email="closed@example.com", is_active=False)
    before = CountingHasher.hashed
    with CaptureQueriesContext(
        connection,
    ) as queries:
        log_in(api, email, password)
    assert CountingHasher.hashed - before == 1
    assert len(queries) == 1


def test_a_stale_token_in_the_header_does_not_keep_one_from_logging_in(api: APIClient) -> None:
    a_user(email="ann@example.com")
    assert log_in(api, HTTP_AUTHORIZATION="Bearer stale").status_code == 200


def test_an_overlong_password_is_refused_before_it_is_hashed(api: APIClient) -> None:
    answer = log_in(api, password="x" * 129)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/password"


def test_a_weak_password_is_no_reason_to_refuse_a_login(api: APIClient) -> None:
    User.objects.create_user("old@example.com", "abc")
    assert log_in(api, "old@example.com", "abc").status_code == 200
