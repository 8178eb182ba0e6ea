"""The cast of the tests about money: a Stripe of our own, and Alice, who buys."""

from collections.abc import Iterator

import pytest
import stripe
from django.db import connection
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.tests.factories import a_user
from billing import tasks
from billing.tests.fake_stripe import KEY, SECRET, FakeStripe, serving
from billing.tests.offline_buyer import stand_in


@pytest.fixture
def fake(settings: Settings) -> Iterator[FakeStripe]:
    """A Stripe that knows nothing yet, which the settings lead to."""
    with serving() as made:
        settings.STRIPE_API_URL = made.url
        settings.STRIPE_SECRET_KEY = KEY
        settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
        settings.STRIPE_LIVE_MODE = False
        yield made


@pytest.fixture
def alice(settings: Settings) -> User:
    """Someone without credits."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return a_user()


@pytest.fixture
def standing_in(settings: Settings) -> None:
    """A stand-in that answers for Stripe, without any account there; its events arrive nowhere."""
    stand_in(settings, "http://localhost:9")


@pytest.fixture
def offline(settings: Settings, transactional_db: None, live_server: LiveServer) -> Iterator[None]:
    """The stand-in, whose events arrive in the inbox of a web server."""
    stand_in(settings, live_server.url)
    yield
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]


@pytest.fixture
def workers_at_hand() -> Iterator[None]:
    """Tasks are carried out where they are sent."""
    conf = tasks.work_event.app.conf
    conf.task_always_eager = True
    yield
    conf.task_always_eager = False


@pytest.fixture
def sdk_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees how another let the SDK speak."""
    for name in ("api_base", "max_network_retries", "default_http_client"):
        monkeypatch.setattr(stripe, name, getattr(stripe, name))
