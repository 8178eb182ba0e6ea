"""What the tests of this app share."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime

import pytest
import time_machine
from pytest_django import Settings
from rest_framework.test import APIClient


@pytest.fixture(autouse=True)
def quick_hash(settings: Settings) -> None:
    """Hash passwords cheaply; that the real hash is argon2 has a test of its own."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def api() -> APIClient:
    """A program without a credential."""
    return APIClient()


@pytest.fixture
def time_machine_at() -> Iterator[Callable[[datetime], None]]:
    """Say what time it is from now on."""
    with ExitStack() as stack:

        def travel(to: datetime) -> None:
            stack.enter_context(time_machine.travel(to, tick=False))

        yield travel
