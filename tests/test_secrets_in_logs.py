"""No key, token or password reaches the log, whatever fails on the way."""

import io
import logging
from collections.abc import Iterator

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.tests.factories import a_user, bearing, key_of, logged_in
from api.logging import formatter
from products.tests.factories import give
from providers.http import Patience

pytestmark = pytest.mark.django_db
KEEPA_KEY = "canary0keepa0key" * 4
PASSWORD = "canary-hunter2-canary"
LOOKUP = "/api/v1/products/B07ZPKCJ6X"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that the root logger hears, down to DEBUG, as production writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def test_credentials_leave_no_trace_in_the_log(log: io.StringIO, settings: Settings) -> None:
    options = {"api_key": KEEPA_KEY, "base_url": "http://127.0.0.1:1", "patience": Patience(attempts=1)}
    settings.PROVIDERS = [
        {"NAME": "keepa", "BACKEND": "providers.keepa.provider.KeepaProvider", "OPTIONS": options}
    ]
    user = a_user()
    give(user, 5)
    session, key = logged_in(user), key_of(user)[1]
    program = APIClient()
    program.post("/api/v1/auth/register", {"email": "a@example.com", "password": PASSWORD}, format="json")
    program.post("/api/v1/auth/login", {"email": "a@example.com", "password": PASSWORD + "x"}, format="json")
    program.post("/api/v1/auth/refresh", {"refresh_token": session.refresh_token}, format="json")
    program.get(f"{LOOKUP}?api_key={key}&token={session.access_token}")
    program.get(f"/api/v1/{key}")
    bearing(key + "x").get(LOOKUP)
    bearing(session.access_token + "x").get(LOOKUP)
    unanswered = bearing(key).get(LOOKUP)

    assert unanswered.status_code == 503
    written = log.getvalue()
    assert "upstream_unavailable" in written
    secrets = (KEEPA_KEY, PASSWORD, key, session.access_token, session.refresh_token)
    assert [secret[:12] for secret in secrets if secret in written] == []
