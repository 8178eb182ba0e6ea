"""The cast: Alice and Carol, strangers to each other, and Alice's programs."""

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import APIKey, User
from accounts.tests.factories import a_user, bearing, key_of


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Settings) -> None:
    """Hash passwords cheaply."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice(db: None) -> User:
    """Who calls."""
    return a_user(email="alice@example.com")


@pytest.fixture
def carol(db: None) -> User:
    """Another tenant."""
    return a_user(email="carol@example.com")


@pytest.fixture
def key(alice: User) -> tuple[APIKey, APIClient]:
    """Alice's API key and a program that sends it."""
    made, plaintext = key_of(alice)
    return made, bearing(plaintext)


@pytest.fixture
def as_alice(key: tuple[APIKey, APIClient]) -> APIClient:
    """Alice's program."""
    return key[1]


@pytest.fixture
def as_carol(carol: User) -> APIClient:
    """Carol's program."""
    return bearing(key_of(carol)[1])
