"""The cast of the tests that span apps: Alice has 100 credits, her program a key."""

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import a_user, bearing, key_of
from products.tests.factories import give, sample


@pytest.fixture
def surroundings(settings: Settings) -> None:
    """Hash passwords cheaply, and ask the stand-in whatever the environment says."""
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
