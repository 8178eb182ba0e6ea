"""The cast: Alice has 1,000 credits, Bob has none. Workers are called by hand."""

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import a_user, bearing, logged_in
from products.tests.factories import give, sample


@pytest.fixture(autouse=True)
def surroundings(settings: Settings) -> None:
    """Hash passwords cheaply, and ask the stand-in whatever the environment says."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.PROVIDERS = [sample()]


@pytest.fixture
def alice(db: None) -> User:
    """Someone with 1,000 credits."""
    user = a_user(email="alice@example.com")
    give(user, 1_000)
    return user


@pytest.fixture
def bob(db: None) -> User:
    """Someone without credits."""
    return a_user(email="bob@example.com")


@pytest.fixture
def as_alice(alice: User) -> APIClient:
    """Alice's program."""
    return bearing(logged_in(alice).access_token)


@pytest.fixture
def as_bob(bob: User) -> APIClient:
    """Bob's program."""
    return bearing(logged_in(bob).access_token)
