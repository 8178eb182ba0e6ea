"""What the tests that span apps have besides the cast of all: Alice's program calls with a key."""

from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import bearing, key_of
from billing.customers import customer_of
from billing.tests.fake_stripe import KEY, SECRET, FakeStripe, serving


@pytest.fixture(scope="session")
def fake_stripe() -> Iterator[FakeStripe]:
    """One for all tests: nobody's purchases meet another's."""
    with serving() as fake:
        yield fake


@pytest.fixture
def surroundings(surroundings: None, settings: Settings, fake_stripe: FakeStripe) -> None:
    """As everywhere, with Stripe's stand-in, and with an application at Amazon."""
    settings.STRIPE_API_URL, settings.STRIPE_SECRET_KEY = fake_stripe.url, KEY
    settings.STRIPE_WEBHOOK_SECRETS, settings.STRIPE_LIVE_MODE = [SECRET], False
    settings.SPAPI_CLIENT_ID = settings.SPAPI_CLIENT_SECRET = "an application"


@pytest.fixture
def with_saved_card(fake_stripe: FakeStripe) -> Callable[[User], None]:
    """How to give somebody a saved card."""

    def save(user: User) -> None:
        fake_stripe.save_card(customer_of(user))

    return save


@pytest.fixture
def program(alice: User) -> APIClient:
    """Alice's program."""
    return bearing(key_of(alice)[1])
