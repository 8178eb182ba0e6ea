"""POST /api/v1/auth/register, where addresses need no verification."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import override_settings
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Session, User
from accounts.signals import user_signed_up
from accounts.tests.factories import PASSWORD, a_user

pytestmark = pytest.mark.django_db
URL = "/api/v1/auth/register"


@pytest.fixture
def welcomes() -> Iterator[list[str]]:
    """The mailboxes that the signal named."""
    heard: list[str] = []

    def listen(sender: object, *, mailbox: str, **_: object) -> None:
        heard.append(mailbox)

    user_signed_up.connect(listen)
    yield heard
    user_signed_up.disconnect(listen)


def register(api: APIClient, email: Any = "ann@example.com", password: Any = PASSWORD, **more: Any) -> Any:
    return api.post(URL, {"email": email, "password": password, **more}, format="json")


def test_answers_with_the_user_and_tokens(api: APIClient) -> None:
    answer = register(api)
    body = answer.json()
    assert answer.status_code == 201
    assert body["status"] == "success"
    assert set(body["user"]) == {"id", "email", "created_at"}
    assert body["user"]["email"] == "ann@example.com"
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 1800)
    assert body["access_token"] != body["refresh_token"]
    assert answer["Cache-Control"] == "no-store"


def test_the_access_token_is_good_at_once(api: APIClient) -> None:
    body = register(api).json()
    me = api.get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"Bearer {body['access_token']}")
    assert me.json()["user"] == body["user"]


def test_stores_the_normal_form_of_the_address(api: APIClient) -> None:
    register(api, "  Ann.Lee+Shop@BÜCHER.example ")
    user = User.objects.get()
    assert user.email == "ann.lee+shop@xn--bcher-kva.example"
    assert user.mailbox == "ann.lee@xn--bcher-kva.example"


def test_says_whom_to_welcome(api: APIClient, welcomes: list[str]) -> None:
    register(api, "A.n.n+1@googlemail.com")
    assert welcomes == ["ann@gmail.com"]


def test_what_a_listener_raises_undoes_the_sign_up(api: APIClient) -> None:
    def refuse(sender: object, **_: object) -> None:
        raise RuntimeError("no welcome, no account")

    user_signed_up.connect(refuse)
    api.raise_request_exception = False
    try:
        assert register(api).status_code == 500
    finally:
        user_signed_up.disconnect(refuse)
    assert not User.objects.exists()


def test_a_listener_that_breaks_a_constraint_is_no_known_address(api: APIClient) -> None:
    def refuse(sender: object, **_: object) -> None:
        raise IntegrityError("a constraint of the listener's own")

    user_signed_up.connect(refuse)
    api.raise_request_exception = False
    try:
        assert register(api).status_code == 500
    finally:
        user_signed_up.disconnect(refuse)
    assert not User.objects.exists()


def test_signing_up_again_with_the_password_answers_alike_and_welcomes_once(
    api: APIClient, welcomes: list[str]
) -> None:
    first, second = register(api), register(api, " ANN@example.com")
    assert second.status_code == first.status_code == 201
    assert second.json()["user"] == first.json()["user"]
    assert set(second.json()) == set(first.json())
    assert welcomes == ["ann@example.com"]
    assert Session.objects.count() == 2


def test_a_known_address_with_another_password_answers_as_a_wrong_login(api: APIClient) -> None:
    a_user(email="ann@example.com")
    known = register(api, password="some other long password")
    login = api.post(
        "/api/v1/auth/login", {"email": "nobody@example.com", "password": "whatever it is"}, format="json"
    )
    assert known.status_code == login.status_code == 401
    varying = {"instance", "request_id"}
    assert {k: v for k, v in known.json().items() if k not in varying} == {
        k: v for k, v in login.json().items() if k not in varying
    }
    assert known.json()["code"] == "invalid_credentials"


def test_a_disabled_account_is_not_opened_again_by_signing_up(api: APIClient) -> None:
    a_user(email="ann@example.com", is_active=False)
    assert register(api).status_code == 401


def test_an_address_that_waited_for_its_mail_is_taken_over_when_mails_are_no_longer_asked_for(
    api: APIClient, welcomes: list[str]
) -> None:
    with override_settings(EMAIL_VERIFICATION="mandatory"):
        register(api, password="the password of before")
    assert register(api).status_code == 201
    assert welcomes == ["ann@example.com"]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("email", "", "blank"),
        ("email", "no address", "invalid"),
        ("email", "ann@", "invalid"),
        ("email", "ann@exa mple.com", "invalid"),
        ("email", "ann@-example-.com", "invalid"),
        ("email", "a" * 250 + "@example.com", "invalid"),
        ("email", None, "null"),
        ("email", 5, "invalid"),
        ("email", ["ann@example.com"], "invalid"),
        ("email", {"a": 1}, "invalid"),
        ("email", True, "invalid"),
        ("email", "ann\0@example.com", "null_characters_not_allowed"),
        ("password", "", "blank"),
        ("password", "short 1", "password_too_short"),
        ("password", "password123", "password_too_common"),
        ("password", "ann@example.com", "password_too_similar"),
        ("password", "x" * 129, "max_length"),
        ("password", None, "null"),
        ("password", 1234567890123, "invalid"),
        ("password", "correct horse\0battery", "null_characters_not_allowed"),
    ],
)
def test_bad_input_is_named(api: APIClient, field: str, value: Any, code: str) -> None:
    answer = register(api, **{field: value})
    assert answer.status_code == 422
    assert answer.json()["code"] == "validation_error"
    assert {(error["pointer"], error["code"]) for error in answer.json()["errors"]} == {(f"#/{field}", code)}
    assert not User.objects.exists()


@pytest.mark.parametrize("field", ["is_staff", "is_superuser", "balance", "credits", "id", "user", "scopes"])
def test_fields_that_are_not_asked_for_are_refused(api: APIClient, field: str) -> None:
    answer = register(api, **{field: True})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"detail": "There is no such field here.", "pointer": f"#/{field}", "code": "unknown_field"}
    ]
    assert not User.objects.exists()


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"null", b"5", b"{", b"\xff\xfe", b""])
def test_a_body_that_is_no_object_is_refused(api: APIClient, body: Any) -> None:
    assert api.generic("POST", URL, body, content_type="application/json").status_code in {400, 422}


def test_missing_fields_are_named(api: APIClient) -> None:
    errors = api.post(URL, {}, format="json").json()["errors"]
    assert {(error["pointer"], error["code"]) for error in errors} == {
        ("#/email", "required"),
        ("#/password", "required"),
    }


def test_a_password_is_taken_as_it_is(api: APIClient) -> None:
    password = "  spaces at both ends count  "
    assert register(api, password=password).status_code == 201
    user = User.objects.get()
    assert user.check_password(password)
    assert not user.check_password(password.strip())


def test_a_password_of_128_characters_is_taken(api: APIClient) -> None:
    assert register(api, password="Ñandú 7 " * 16).status_code == 201


@override_settings(
    PASSWORD_HASHERS=["django.contrib.auth.hashers.Argon2PasswordHasher"],
)
def test_passwords_are_kept_as_argon2(api: APIClient) -> None:
    register(api)
    assert User.objects.get().password.startswith("argon2$argon2id$")


def test_leaves_an_audit_event(api: APIClient) -> None:
    api.post(URL, {"email": "ann@example.com", "password": PASSWORD}, format="json", REMOTE_ADDR="192.0.2.7")
    event = AuditEvent.objects.get(action="user:sign_up")
    assert (event.actor, event.address) == (User.objects.get(), "192.0.2.7")
    assert PASSWORD not in str(event.metadata)
