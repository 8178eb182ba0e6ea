"""The cast: Alice has 100 credits, Bob has none. The upstream is the stand-in unless a test says else."""

import time
from collections.abc import Iterator

import pytest
import time_machine
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.caching import outage
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
    """Someone with 100 credits."""
    user = a_user(email="alice@example.com")
    give(user, 100)
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


@pytest.fixture
def anyone() -> APIClient:
    """A program without a credential."""
    return APIClient()


@pytest.fixture
def half_past() -> Iterator[None]:
    """The middle of this hour: what is counted by the hour does not fall into two."""
    with time_machine.travel((time.time() // 3600 + 0.5) * 3600):
        yield


@pytest.fixture
def redis_away(settings: Settings) -> Iterator[None]:
    """Nobody listens where Redis should be."""
    nowhere = {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {name: entry | nowhere for name, entry in settings.CACHES.items()}
    yield
    outage.end()
