"""POST /api/v1/auth/refresh: each refresh token is good once."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import services
from accounts.models import AuditEvent, Session
from accounts.sessions import SignedIn
from accounts.tests.factories import a_user, bearing, logged_in

pytestmark = pytest.mark.django_db
URL = "/api/v1/auth/refresh"
ME = "/api/v1/auth/me"


@pytest.fixture
def ann() -> SignedIn:
    """Ann, logged in."""
    return logged_in(a_user(email="ann@example.com"))


def refresh(api: APIClient, token: Any) -> Any:
    return api.post(URL, {"refresh_token": token}, format="json")


def test_answers_with_new_tokens(api: APIClient, ann: SignedIn) -> None:
    answer = refresh(api, ann.refresh_token)
    body = answer.json()
    assert answer.status_code == 200
    assert body["user"]["email"] == "ann@example.com"
    assert body["refresh_token"] != ann.refresh_token
    assert bearing(body["access_token"]).get(ME).status_code == 200
    assert answer["Cache-Control"] == "no-store"


def test_the_session_stays_the_same_and_lives_longer(api: APIClient, ann: SignedIn) -> None:
    Session.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    refresh(api, ann.refresh_token)
    session = Session.objects.get()
    assert session.pk == ann.session_id
    assert session.expires_at > timezone.now() + timedelta(days=6)


def test_a_chain_of_refreshes_goes_on(api: APIClient, ann: SignedIn) -> None:
    token = ann.refresh_token
    for _ in range(5):
        answer = refresh(api, token)
        assert answer.status_code == 200
        token = answer.json()["refresh_token"]


def test_using_a_token_again_ends_the_whole_session(api: APIClient, ann: SignedIn) -> None:
    new = refresh(api, ann.refresh_token).json()
    again = refresh(api, ann.refresh_token)
    assert (again.status_code, again.json()["code"]) == (401, "token_reused")
    assert refresh(api, new["refresh_token"]).json()["code"] == "invalid_token"
    assert bearing(new["access_token"]).get(ME).status_code == 401
    assert bearing(ann.access_token).get(ME).status_code == 401


def test_using_a_token_again_and_again_reads_the_same_and_is_noted_once(
    api: APIClient, ann: SignedIn
) -> None:
    refresh(api, ann.refresh_token)
    codes = [refresh(api, ann.refresh_token).json()["code"] for _ in range(3)]
    assert codes == ["token_reused"] * 3
    assert AuditEvent.objects.filter(action="session:end_on_reuse").count() == 1


def test_another_session_of_the_user_is_not_touched(api: APIClient, ann: SignedIn) -> None:
    other = logged_in(ann.user)
    refresh(api, ann.refresh_token)
    refresh(api, ann.refresh_token)
    assert refresh(api, other.refresh_token).status_code == 200


def test_an_ended_session_is_not_refreshed(api: APIClient, ann: SignedIn) -> None:
    services.log_out(user=ann.user, session_id=ann.session_id)
    answer = refresh(api, ann.refresh_token)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert answer.json()["detail"] == "This session has ended: log in again."


def test_a_session_that_was_cleaned_away_is_not_refreshed(api: APIClient, ann: SignedIn) -> None:
    Session.objects.all().delete()
    assert refresh(api, ann.refresh_token).json()["detail"] == "This session has ended: log in again."


def test_a_session_past_its_time_is_not_refreshed(api: APIClient, ann: SignedIn) -> None:
    Session.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert refresh(api, ann.refresh_token).json()["detail"] == "The token has expired."


def test_an_access_token_is_no_refresh_token(api: APIClient, ann: SignedIn) -> None:
    answer = refresh(api, ann.access_token)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert (
        answer.json()["detail"]
        == "This is no refresh token: of the two that a log-in gives, send the other one."
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "required"),
        ({"refresh_token": None}, "null"),
        ({"refresh_token": ""}, "blank"),
        ({"refresh_token": 5}, "invalid"),
        ({"refresh_token": "x" * 4097}, "max_length"),
    ],
)
def test_bad_input_is_named(api: APIClient, body: dict[str, Any], code: str) -> None:
    answer = api.post(URL, body, format="json")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/refresh_token"
    assert answer.json()["errors"][0]["code"] == code


def test_garbage_is_no_token(api: APIClient) -> None:
    assert refresh(api, "garbage").json()["detail"] == "This is not a token."
