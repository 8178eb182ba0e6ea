"""What the tests that span apps have besides the cast of all: Alice's program calls with a key."""

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import bearing, key_of


@pytest.fixture
def surroundings(surroundings: None, settings: Settings) -> None:
    """As everywhere, and with an application at Amazon."""
    settings.SPAPI_CLIENT_ID = settings.SPAPI_CLIENT_SECRET = "an application"


@pytest.fixture
def program(alice: User) -> APIClient:
    """Alice's program."""
    return bearing(key_of(alice)[1])
