"""Scopes: what a key may be used for. A view that states none lets no key in."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from accounts.permissions import InScope, IsOperator
from accounts.scopes import SCOPES, default_scopes
from accounts.tests.factories import a_user, bearing, key_of, logged_in, person

pytestmark = pytest.mark.django_db
CALLS = {
    "account:read": "/api/v1/auth/me",
    "credits:read": "/api/v1/credits/history",
    "keys:write": "/api/v1/keys",
    "products:read": "/api/v1/products/B07ZPKCJ6X/history",
}


class Forgotten(APIView):
    """A view whose author forgot to state a scope."""

    def get(self, request: Request) -> Response:
        """Answer."""
        return Response({})


@pytest.mark.parametrize(("scope", "url"), CALLS.items())
def test_a_key_with_the_scope_is_let_in(scope: str, url: str) -> None:
    assert bearing(key_of(a_user(), scopes=[scope])[1]).get(url).status_code == 200


@pytest.mark.parametrize(("scope", "url"), CALLS.items())
def test_a_key_with_all_other_scopes_is_not(scope: str, url: str) -> None:
    answer = bearing(key_of(a_user(), scopes=set(SCOPES) - {scope})[1]).get(url)
    body = answer.json()
    assert (answer.status_code, body["code"], body["scope"]) == (403, "scope_missing", scope)
    assert "X-Credits-Charged" not in answer


@pytest.mark.parametrize("url", CALLS.values())
def test_a_person_needs_no_scope(url: str) -> None:
    assert person(a_user()).get(url).status_code == 200


def test_a_view_that_states_no_scope_lets_no_key_in() -> None:
    user = a_user()
    token = f"Bearer {logged_in(user).access_token}"
    view, ask = Forgotten.as_view(), APIRequestFactory()
    assert view(ask.get("/", HTTP_AUTHORIZATION=token)).status_code == 200
    refused = view(ask.get("/", HTTP_X_API_KEY=key_of(user, scopes=list(SCOPES))[1]))
    assert (refused.status_code, b"session_required" in refused.content) == (403, True)


def test_no_key_logs_out() -> None:
    answer = bearing(key_of(a_user(), scopes=list(SCOPES))[1]).post("/api/v1/auth/logout")
    assert (answer.status_code, answer.json()["code"]) == (403, "session_required")


def test_managing_keys_is_not_among_the_defaults() -> None:
    assert set(default_scopes()) == set(SCOPES) - {"keys:write"}


def views(resolver: URLResolver) -> list[type[APIView]]:
    """Every view of the API that the map leads to."""
    found = []
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            found += views(entry)
        elif isinstance(entry, URLPattern) and (kind := getattr(entry.callback, "cls", None)):
            found.append(kind)
    return found


def test_every_scope_that_a_view_states_exists() -> None:
    stated = {getattr(view, "scope", None) for view in views(get_resolver())}
    assert stated - {None} <= set(SCOPES)


def test_every_view_asks_who_calls_or_is_public() -> None:
    for view in views(get_resolver()):
        guards = [guard for guard in view.permission_classes if guard is not AllowAny]
        assert guards in ([], [IsAuthenticated, InScope], [IsAuthenticated, InScope, IsOperator]), view
        assert guards or not view.authentication_classes, f"{view} asks for a credential and wants none"


def test_every_scope_is_documented() -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "authentication.md").read_text()
    assert set(re.findall(r"^\| `(\w+:\w+)` \|", text, re.MULTILINE)) == set(SCOPES)
