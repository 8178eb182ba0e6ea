"""Signing up where an address must be verified first (EMAIL_VERIFICATION=mandatory)."""

import re
import smtplib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts import services
from accounts.models import AuditEvent, User
from accounts.signals import user_signed_up
from accounts.tests.factories import PASSWORD, a_user, bearing

pytestmark = pytest.mark.django_db(transaction=True)
REGISTER = "/api/v1/auth/register"
VERIFY = "/api/v1/auth/verify"
ME = "/api/v1/auth/me"


@pytest.fixture(autouse=True)
def mandatory(settings: Settings) -> None:
    """Addresses must be verified."""
    settings.EMAIL_VERIFICATION = "mandatory"


@pytest.fixture
def welcomes() -> Iterator[list[str]]:
    """The mailboxes that the signal named."""
    heard: list[str] = []

    def listen(sender: object, *, mailbox: str, **_: object) -> None:
        heard.append(mailbox)

    user_signed_up.connect(listen)
    yield heard
    user_signed_up.disconnect(listen)


def register(api: APIClient, email: str = "ann@example.com", password: str = PASSWORD) -> Any:
    return api.post(REGISTER, {"email": email, "password": password}, format="json")


def verify(api: APIClient, token: str) -> Any:
    return api.post(VERIFY, {"token": token}, format="json")


def last_token() -> str:
    found = re.search(r"^\S{40,}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found
    return found.group()


def test_known_and_unknown_addresses_are_answered_alike(api: APIClient) -> None:
    a_user(email="known@example.com")
    a_user(email="closed@example.com", is_active=False)
    answers = [
        register(api, email, password)
        for email, password in [
            ("new@example.com", PASSWORD),
            ("new@example.com", PASSWORD),
            ("known@example.com", PASSWORD),
            ("known@example.com", "not the password"),
            ("closed@example.com", PASSWORD),
        ]
    ]
    bodies = [answer.json() for answer in answers]
    for body in bodies:
        del body["request_id"]
    assert {answer.status_code for answer in answers} == {202}
    assert all(body == bodies[0] for body in bodies)
    assert set(bodies[0]) == {"status", "message"}
    assert [message.to for message in mail.outbox] == [
        ["new@example.com"],
        ["new@example.com"],
        ["known@example.com"],
        ["known@example.com"],
        ["closed@example.com"],
    ]


def test_a_new_address_gets_a_token_and_a_known_one_a_notice(api: APIClient, settings: Settings) -> None:
    a_user(email="known@example.com")
    register(api, "new@example.com")
    register(api, "known@example.com")
    new, known = mail.outbox
    assert new.subject == "Confirm your address"
    assert f"{settings.PUBLIC_URL}/api/v1/auth/verify" in str(new.body)
    assert known.subject == "You already have an account"
    assert "token" not in str(known.body)


def test_no_account_is_open_before_the_mail_is_answered(api: APIClient, welcomes: list[str]) -> None:
    register(api)
    login = api.post("/api/v1/auth/login", {"email": "ann@example.com", "password": PASSWORD}, format="json")
    assert (login.status_code, login.json()["code"]) == (401, "invalid_credentials")
    assert welcomes == []


def test_the_token_opens_the_account_and_welcomes(api: APIClient, welcomes: list[str]) -> None:
    register(api)
    answer = verify(api, last_token())
    assert answer.status_code == 200
    assert bearing(answer.json()["access_token"]).get(ME).json()["user"]["email"] == "ann@example.com"
    assert answer["Cache-Control"] == "no-store"
    assert welcomes == ["ann@example.com"]


def test_the_token_is_good_once(api: APIClient, welcomes: list[str]) -> None:
    register(api)
    token = last_token()
    verify(api, token)
    again = verify(api, token)
    assert (again.status_code, again.json()["code"]) == (422, "invalid_verification")
    assert welcomes == ["ann@example.com"]


def test_the_last_to_sign_up_sets_the_password_and_has_the_only_good_token(api: APIClient) -> None:
    register(api, password="the password of a stranger")
    stranger = last_token()
    register(api, password="the password of the owner")
    owner = last_token()
    assert verify(api, stranger).status_code == 422
    assert verify(api, owner).status_code == 200
    assert User.objects.get().check_password("the password of the owner")


def test_the_token_ends_after_three_days(api: APIClient, time_machine_at: Any) -> None:
    register(api)
    time_machine_at(timezone.now() + timedelta(days=3, minutes=1))
    assert verify(api, last_token()).status_code == 422


@pytest.mark.parametrize("token", ["garbage", "a:b:c", "x" * 1000])
def test_what_is_no_token_of_ours_is_refused(api: APIClient, token: str) -> None:
    answer = verify(api, token)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_verification")


def test_an_account_closed_while_it_waited_stays_closed(api: APIClient) -> None:
    register(api)
    services.disable_user(user=User.objects.get())
    assert verify(api, last_token()).status_code == 422
    register(api)
    assert mail.outbox[-1].subject == "You already have an account"


def test_an_operator_can_open_an_account_whose_mail_never_came(api: APIClient, welcomes: list[str]) -> None:
    register(api)
    services.enable_user(user=User.objects.get())
    login = api.post("/api/v1/auth/login", {"email": "ann@example.com", "password": PASSWORD}, format="json")
    assert login.status_code == 200
    assert welcomes == ["ann@example.com"]


def test_signing_up_with_a_known_address_is_noted(api: APIClient) -> None:
    user = a_user(email="known@example.com")
    register(api, "known@example.com")
    assert AuditEvent.objects.get(action="user:sign_up_again").target == f"user:{user.pk}"


class BrokenMail(BaseEmailBackend):
    """A mail server that refuses everything."""

    def send_messages(self, messages: Any) -> int:
        """Fail as smtplib does."""
        raise smtplib.SMTPServerDisconnected("gone")


def test_a_mail_that_cannot_be_sent_is_not_told(api: APIClient, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "accounts.tests.test_verification.BrokenMail"
    a_user(email="known@example.com")
    assert {register(api, email).status_code for email in ("new@example.com", "known@example.com")} == {202}
