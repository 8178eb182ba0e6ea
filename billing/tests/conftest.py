"""The cast of the tests about money: a Stripe of our own, and Alice, who buys."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from accounts.models import User
from accounts.tests.factories import a_user
from billing.tests.fake_stripe import KEY, SECRET, FakeStripe, serving


@pytest.fixture
def fake(settings: Settings) -> Iterator[FakeStripe]:
    """A Stripe that knows nothing yet, which the settings lead to."""
    with serving() as stripe:
        settings.STRIPE_API_URL = stripe.url
        settings.STRIPE_SECRET_KEY = KEY
        settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
        settings.STRIPE_LIVE_MODE = False
        yield stripe


@pytest.fixture
def alice(settings: Settings) -> User:
    """Someone without credits."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return a_user()
