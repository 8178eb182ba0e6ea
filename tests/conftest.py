"""The cast of the tests that span apps: Alice has 100 credits, her program a key."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import a_user, bearing, key_of
from billing.tests.fake_stripe import KEY, SECRET, FakeStripe, serving
from products.tests.factories import give, sample


@pytest.fixture(scope="session")
def fake_stripe() -> Iterator[FakeStripe]:
    """One for all tests: nobody's purchases meet another's."""
    with serving() as fake:
        yield fake


@pytest.fixture
def surroundings(settings: Settings, fake_stripe: FakeStripe) -> None:
    """Hash passwords cheaply, and ask the stand-ins whatever the environment says."""
    settings.STRIPE_API_URL, settings.STRIPE_SECRET_KEY = fake_stripe.url, KEY
    settings.STRIPE_WEBHOOK_SECRETS, settings.STRIPE_LIVE_MODE = [SECRET], False
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.PROVIDERS = [sample()]
    settings.SPAPI_CLIENT_ID = settings.SPAPI_CLIENT_SECRET = "an application"


@pytest.fixture
def alice(db: None) -> User:
    """Someone with 100 credits."""
    user = a_user()
    give(user, 100)
    return user


@pytest.fixture
def program(alice: User) -> APIClient:
    """Alice's program."""
    return bearing(key_of(alice)[1])
