"""Users, and what the database itself refuses."""

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import IntegrityError, transaction

from accounts.audit import record
from accounts.client_address import Client
from accounts.errors import InvalidEmail
from accounts.models import APIKey, AuditEvent, Session, User
from accounts.tests.factories import PASSWORD, a_user, key_of, logged_in

pytestmark = pytest.mark.django_db


def test_an_address_belongs_to_one_user_however_it_is_spelled() -> None:
    a_user(email="ann@example.com")
    with pytest.raises(IntegrityError), transaction.atomic():
        a_user(email=" ANN@example.com")


def test_two_addresses_of_one_mailbox_are_two_users() -> None:
    assert a_user(email="ann+1@example.com").mailbox == a_user(email="ann+2@example.com").mailbox


def test_what_is_no_address_makes_no_user() -> None:
    with pytest.raises(InvalidEmail):
        User.objects.create_user("nothing", PASSWORD)


def test_a_user_is_found_by_any_spelling() -> None:
    user = a_user(email="ann@example.com")
    assert User.objects.get_by_natural_key(" Ann@EXAMPLE.com") == user
    for text in "nothing", None, "ben@example.com":
        with pytest.raises(User.DoesNotExist):
            User.objects.get_by_natural_key(text)


def test_an_operator_is_made_by_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", email="Root@Example.com", interactive=False, verbosity=0)
    user = User.objects.get()
    assert (user.email, user.is_staff, user.is_superuser, user.is_active) == (
        "root@example.com",
        True,
        True,
        True,
    )
    assert authenticate(username="ROOT@example.com", password=PASSWORD) == user


@pytest.mark.parametrize(
    ("username", "password"),
    [("nothing", PASSWORD), (None, PASSWORD), ("ann@example.com", None), ("ann@example.com", "wrong")],
)
def test_the_browsers_login_refuses_what_does_not_fit(username: str | None, password: str | None) -> None:
    a_user(email="ann@example.com")
    assert authenticate(username=username, password=password) is None


def test_the_browsers_login_takes_the_name_email_too() -> None:
    user = a_user(email="ann@example.com")
    assert authenticate(email="ann@example.com", password=PASSWORD) == user


def test_an_audit_event_cannot_be_changed_or_deleted() -> None:
    event = record(a_user(), "user:test", "something", client=Client(address="192.0.2.1"), why="a test")
    for forbidden in (
        lambda: AuditEvent.objects.update(action="user:forged"),
        lambda: AuditEvent.objects.all().delete(),
        event.delete,
        event.save,
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            forbidden()
    assert AuditEvent.objects.get().metadata == {"why": "a test"}


@pytest.mark.parametrize("action", ["", "signup", "User:test", "user:", "user test:x"])
def test_an_act_is_named_subject_and_verb(action: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        record(None, action)


def test_what_is_shown_of_a_row_says_what_it_is() -> None:
    user = a_user(email="ann@example.com")
    logged_in(user)
    key_of(user)
    assert str(user) == "ann@example.com"
    assert str(user.pk) in str(Session.objects.get())
    assert str(APIKey.objects.get()).startswith("plt_live_")
    assert "api_key:create" in {str(event).split()[2] for event in AuditEvent.objects.all()}
