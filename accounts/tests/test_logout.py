"""POST /api/v1/auth/logout and GET /api/v1/auth/me."""

import pytest
from django.test import Client as Browser
from rest_framework.test import APIClient

from accounts import services
from accounts.models import AuditEvent, Session
from accounts.tests.factories import a_user, bearing, key_of, logged_in

pytestmark = pytest.mark.django_db
URL = "/api/v1/auth/logout"
ME = "/api/v1/auth/me"


def test_ends_the_session_at_once() -> None:
    ann = logged_in(a_user())
    client = bearing(ann.access_token)
    assert client.get(ME).status_code == 200
    answer = client.post(URL)
    assert (answer.status_code, answer.json()["status"]) == (200, "success")
    refused = client.get(ME)
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")
    refreshed = APIClient().post("/api/v1/auth/refresh", {"refresh_token": ann.refresh_token}, format="json")
    assert refreshed.status_code == 401
    assert AuditEvent.objects.filter(action="session:end", actor=ann.user).count() == 1


def test_ending_a_session_twice_is_noted_once() -> None:
    ann = logged_in(a_user())
    for _ in range(2):
        services.log_out(user=ann.user, session_id=ann.session_id)
    assert AuditEvent.objects.filter(action="session:end").count() == 1


def test_nobody_ends_a_session_of_another() -> None:
    ann = logged_in(a_user())
    services.log_out(user=a_user(), session_id=ann.session_id)
    assert bearing(ann.access_token).get(ME).status_code == 200


def test_leaves_other_sessions_alone() -> None:
    user = a_user()
    one, other = logged_in(user), logged_in(user)
    bearing(one.access_token).post(URL)
    assert bearing(other.access_token).get(ME).status_code == 200


def test_needs_a_session() -> None:
    _, key = key_of(a_user())
    answer = bearing(key).post(URL)
    assert (answer.status_code, answer.json()["code"]) == (403, "session_required")


def test_takes_no_fields() -> None:
    ann = logged_in(a_user())
    answer = bearing(ann.access_token).post(URL, {"all": True}, format="json")
    assert answer.status_code == 422
    assert Session.objects.get().revoked_at is None


def test_nobody_cannot_log_out(api: APIClient) -> None:
    answer = api.post(URL)
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_required")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_me_shows_no_more_than_the_user_may_see() -> None:
    user = a_user(email="ann@example.com")
    body = bearing(logged_in(user).access_token).get(ME).json()
    assert set(body) == {"status", "user", "request_id"}
    assert set(body["user"]) == {"id", "email", "created_at"}
    assert body["user"]["created_at"].endswith("Z")


def test_a_cookie_of_the_browser_is_no_credential_here() -> None:
    browser = Browser()
    browser.force_login(a_user(is_staff=True, is_superuser=True), backend="accounts.backends.EmailBackend")
    assert browser.get(ME).status_code == 401
    assert browser.post(URL).status_code == 401
