"""The cast: Alice has webhooks, Bob is another account. Receivers are servers on this machine."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import a_user, bearing, logged_in
from providers.tests import loopback
from providers.tests.loopback import Server


@pytest.fixture(autouse=True)
def surroundings(settings: Settings) -> None:
    """Hash passwords cheaply, and let webhooks lead to this machine."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.WEBHOOK_ALLOW_PRIVATE = True


@pytest.fixture
def strict(settings: Settings) -> None:
    """As it is where customers are: no private addresses."""
    settings.WEBHOOK_ALLOW_PRIVATE = False


@pytest.fixture
def alice(db: None) -> User:
    """Someone with webhooks."""
    return a_user(email="alice@example.com")


@pytest.fixture
def bob(db: None) -> User:
    """Someone else."""
    return a_user(email="bob@example.com")


@pytest.fixture
def as_alice(alice: User) -> APIClient:
    """Alice's program."""
    return bearing(logged_in(alice).access_token)


@pytest.fixture
def as_bob(bob: User) -> APIClient:
    """Bob's program."""
    return bearing(logged_in(bob).access_token)


@pytest.fixture
def receiver() -> Iterator[Server]:
    """A server of a customer's that takes everything, unless its script says otherwise."""
    with loopback.serving(loopback.says({})) as server:
        yield server
