"""The cast: an operator and somebody who is none, and a Keepa of our own on this machine."""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import a_user, person
from providers.http import Patience
from providers.keepa.tests.upstream import knows_all
from providers.tests import loopback
from providers.tests.loopback import Server

KEY = "canary0keepa0key"


@pytest.fixture(autouse=True)
def as_usual(surroundings: None) -> None:
    """No test of this app hashes passwords dearly, or asks an upstream that the environment names."""


@pytest.fixture
def operator(db: None) -> User:
    """Someone who runs this install."""
    return a_user(is_staff=True)


@pytest.fixture
def as_operator(operator: User) -> APIClient:
    """The operator, logged in."""
    return person(operator)


@pytest.fixture
def server() -> Iterator[Server]:
    """A Keepa on this machine."""
    with loopback.serving(knows_all) as running:
        yield running


def keepa_at(url: str) -> dict[str, Any]:
    """An entry of settings.PROVIDERS: the Keepa at this address, asked once and not for long."""
    options = {"api_key": KEY, "base_url": url, "patience": Patience(connect=1, read=5, total=5, attempts=1)}
    return {"NAME": "keepa", "BACKEND": "providers.keepa.provider.KeepaProvider", "OPTIONS": options}


def elsewhere() -> dict[str, str]:
    """The environment in which another process works on the tests' database and queue."""
    return {**os.environ, "DATABASE_URL": database_url(), "PGUSER": connection.settings_dict["USER"]}


def database_url() -> str:
    """How another process reaches the tests' database."""
    known = connection.settings_dict
    if known["HOST"].startswith("/"):
        return f"postgres:///{known['HOST']}/{known['NAME']}"
    who = f"{quote(known['USER'])}:{quote(known['PASSWORD'])}"
    return f"postgres://{who}@{known['HOST']}:{known['PORT']}/{known['NAME']}"
