"""What operators see and do."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib.admin import site
from django.contrib.auth.models import Permission
from django.test import Client as Browser
from django.urls import reverse

from accounts.caps import Cap
from accounts.models import APIKey, AuditEvent, Session, User
from accounts.tests.factories import PASSWORD, a_user, bearing, key_of, logged_in

pytestmark = pytest.mark.django_db
ME = "/api/v1/auth/me"


@pytest.fixture
def root() -> User:
    """An operator who may do everything."""
    user: User = a_user(email="root@example.com", is_staff=True, is_superuser=True)
    return user


@pytest.fixture
def browser(root: User) -> Browser:
    """The operator's browser, logged in through the admin's form, address spelled as people do."""
    browser = Browser()
    answer = browser.post(
        reverse("admin:login"), {"username": " Root@Example.com ", "password": PASSWORD}, follow=False
    )
    assert answer.status_code == 302
    return browser


def helper(*permissions: str) -> Browser:
    """The browser of an operator who may do only this."""
    user = a_user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    browser = Browser()
    browser.force_login(user, backend="accounts.backends.EmailBackend")
    return browser


def act(browser: Browser, model: str, action: str, *rows: Any) -> Any:
    return browser.post(
        reverse(f"admin:accounts_{model}_changelist"),
        {"action": action, "_selected_action": [str(row.pk) for row in rows]},
        follow=True,
    )


def test_every_list_and_every_page_opens(browser: Browser) -> None:
    user = a_user()
    logged_in(user)
    key_of(user)
    for model in User, Session, APIKey, AuditEvent:
        name = f"admin:accounts_{model._meta.model_name}"
        row = model._default_manager.order_by("pk").first()
        assert row is not None
        assert browser.get(reverse(f"{name}_changelist"), {"q": "example"}).status_code == 200
        assert browser.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200


def test_a_key_is_shown_by_its_prefix_only(browser: Browser) -> None:
    key, plaintext = key_of(a_user())
    for url in (
        reverse("admin:accounts_apikey_changelist"),
        reverse("admin:accounts_apikey_change", args=[key.pk]),
    ):
        page = browser.get(url).content.decode()
        assert key.prefix in page
        assert plaintext not in page
        assert bytes(key.key_hash).hex() not in page


def test_what_a_key_may_do_is_shown(browser: Browser) -> None:
    key, _ = key_of(
        a_user(), scopes=["credits:read"], allowed_ips=["203.0.113.0/24"], cap=Cap(limit=500, period="day")
    )
    page = browser.get(reverse("admin:accounts_apikey_change", args=[key.pk])).content.decode()
    for fact in "credits:read", "203.0.113.0/24", "0 of 500 credits, day", "active":
        assert fact in page
    assert '<input type="text"' not in page


SECRET = "JBSWY3DPEHPK3PXP"


@pytest.mark.parametrize(
    ("model", "facts"),
    [
        (Authenticator, {"type": "totp", "data": {"secret": SECRET}}),
        (EmailAddress, {"email": "ann@example.com", "verified": True}),
        (SocialAccount, {"provider": "google", "uid": "7", "extra_data": {"secret": SECRET}}),
    ],
)
def test_what_allauth_keeps_is_shown_without_secrets_and_cannot_be_changed(
    browser: Browser, model: Any, facts: dict[str, Any]
) -> None:
    row = model.objects.create(user=a_user(), **facts)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    change = reverse(f"{name}_change", args=[row.pk])
    for url in reverse(f"{name}_changelist"), change:
        answer = browser.get(url, {"q": "a"} if "changelist" in url else {})
        assert answer.status_code == 200
        assert SECRET not in answer.content.decode()
    refused = [
        browser.post(change, {"verified": "on"}),
        browser.post(reverse(f"{name}_add"), {}),
        browser.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}),
    ]
    assert [answer.status_code for answer in refused] == [403, 403, 403]


@pytest.mark.parametrize("model", [SocialApp, SocialToken])
def test_what_is_nothing_but_a_secret_has_no_page(model: Any) -> None:
    assert not site.is_registered(model)


def test_disabling_and_enabling_go_through_the_services(browser: Browser, root: User) -> None:
    ann = logged_in(a_user())
    assert bearing(ann.access_token).get(ME).status_code == 200
    act(browser, "user", "disable", ann.user)
    assert bearing(ann.access_token).get(ME).status_code == 401
    assert not User.objects.get(pk=ann.user.pk).is_active
    act(browser, "user", "enable", ann.user)
    assert User.objects.get(pk=ann.user.pk).is_active
    actions = AuditEvent.objects.filter(target=f"user:{ann.user.pk}", actor=root).values_list(
        "action", flat=True
    )
    assert set(actions) == {"user:disable", "user:enable"}


def test_revoking_a_key_ends_it(browser: Browser, root: User) -> None:
    key, plaintext = key_of(a_user())
    assert bearing(plaintext).get(ME).status_code == 200
    act(browser, "apikey", "revoke", key)
    assert bearing(plaintext).get(ME).status_code == 401
    assert AuditEvent.objects.get(action="api_key:revoke").actor == root


def test_ending_a_session_ends_its_tokens(browser: Browser, root: User) -> None:
    ann = logged_in(a_user())
    act(browser, "session", "end", Session.objects.get(pk=ann.session_id))
    assert bearing(ann.access_token).get(ME).status_code == 401
    assert AuditEvent.objects.get(action="session:end").actor == root


def test_a_new_password_ends_the_sessions(browser: Browser, root: User) -> None:
    ann = logged_in(a_user())
    assert bearing(ann.access_token).get(ME).status_code == 200
    answer = browser.post(
        reverse("admin:auth_user_password_change", args=[ann.user.pk]),
        {
            "password1": "another good password",
            "password2": "another good password",
            "usable_password": "true",
        },
    )
    assert answer.status_code == 302
    assert User.objects.get(pk=ann.user.pk).check_password("another good password")
    assert bearing(ann.access_token).get(ME).status_code == 401
    assert AuditEvent.objects.get(action="user:end_sessions").actor == root


def test_nobody_is_added_or_deleted_and_the_record_is_only_read(browser: Browser) -> None:
    user = a_user()
    key_of(user)
    for model in User, Session, APIKey, AuditEvent:
        name = f"admin:accounts_{model._meta.model_name}"
        assert browser.get(reverse(f"{name}_add")).status_code == 403
    for row in user, APIKey.objects.get(), AuditEvent.objects.latest("id"):
        name = f"admin:accounts_{row._meta.model_name}_delete"
        assert browser.post(reverse(name, args=[row.pk]), {"post": "yes"}).status_code == 403
    event = AuditEvent.objects.latest("id")
    page = reverse("admin:accounts_auditevent_change", args=[event.pk])
    assert browser.post(page, {"action": "user:forged"}).status_code == 403


def test_an_operator_who_is_no_superuser_cannot_make_one() -> None:
    user = a_user()
    browser = helper("change_user", "view_user")
    browser.post(
        reverse("admin:accounts_user_change", args=[user.pk]), {"is_staff": "on", "is_superuser": "on"}
    )
    user.refresh_from_db()
    assert (user.is_staff, user.is_superuser) == (False, False)


def test_a_superuser_gives_rights(browser: Browser) -> None:
    user = a_user()
    browser.post(reverse("admin:accounts_user_change", args=[user.pk]), {"is_staff": "on"})
    user.refresh_from_db()
    assert (user.is_staff, user.is_superuser, user.is_active) == (True, False, True)


def test_looking_is_not_acting() -> None:
    ann = logged_in(a_user())
    key, _ = key_of(ann.user)
    browser = helper("view_user", "view_session", "view_apikey")
    act(browser, "user", "disable", ann.user)
    act(browser, "session", "end", Session.objects.get(pk=ann.session_id))
    act(browser, "apikey", "revoke", key)
    assert bearing(ann.access_token).get(ME).status_code == 200
    assert APIKey.objects.get().revoked_at is None


def test_a_user_who_is_no_operator_does_not_get_in() -> None:
    browser = Browser()
    a_user(email="ann@example.com")
    browser.post(reverse("admin:login"), {"username": "ann@example.com", "password": PASSWORD})
    assert browser.get(reverse("admin:index")).status_code == 302


def test_only_a_superuser_changes_a_superuser(root: User) -> None:
    """Whoever sets an operator's password can log in as that operator."""
    chosen = {"password1": "An0ther-horse-88", "password2": "An0ther-horse-88", "usable_password": "true"}
    page = reverse("admin:auth_user_password_change", args=[root.pk])
    assert helper("view_user", "change_user").post(page, chosen).status_code == 403
    root.refresh_from_db()
    assert root.check_password(PASSWORD)


def test_sessions_of_browsers_are_found_and_their_keys_are_not_shown(root: User, browser: Browser) -> None:
    session = UserSession.objects.create(user=root, ip="192.0.2.7", session_key="a-way-in", user_agent="x")
    found = browser.get(reverse("admin:usersessions_usersession_changelist"), {"q": "root@example"})
    assert b"192.0.2.7" in found.content
    shown = browser.get(reverse("admin:usersessions_usersession_change", args=[session.pk]))
    assert shown.status_code == 200
    assert session.session_key.encode() not in shown.content
