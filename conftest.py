"""What every test stands on: a ledger that can be emptied between tests, clean caches, no calls that wait.

And the cast of most: Alice has 100 credits, Bob has none. What an app has otherwise is in its own conftest.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.core.cache import cache, caches
from django.core.management.commands import flush
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import Settings
from pytest_django.plugin import DjangoDbBlocker
from rest_framework.test import APIClient

from accounts.caching import LimitsCache, outage
from accounts.models import User
from accounts.tests.factories import a_user, bearing, logged_in
from api import batches
from products.tests.factories import give, sample

# The same examples in every run, however slow the machine: a run fails by a change, never by chance.
hypothesis_settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
hypothesis_settings.load_profile("steady")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Let tests that commit empty the ledger afterwards; the guard that is off here has a test of its own."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE credits_ledgerentry DISABLE TRIGGER credits_ledgerentry_no_truncate")
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone()[0]:
            flush.sql_flush = emptying  # type: ignore[attr-defined]


def emptying(style: Any, database: BaseDatabaseWrapper, **_: Any) -> list[str]:
    """Return the SQL that empties the tables where there is something, triggers and foreign keys off.

    Truncating all, as Django does, takes a third of a second after each test that commits: most of the tables
    are those in which Stripe's objects are mirrored, each with seven indexes.
    """
    tables = database.introspection.django_table_names(only_existing=True, include_views=False)
    return [
        "SET LOCAL session_replication_role = replica",
        *(f'DELETE FROM "{table}"' for table in filled(database, tables)),  # noqa: S608   Django's names
        "SET LOCAL session_replication_role = origin",
    ]


def filled(database: BaseDatabaseWrapper, tables: Iterable[str]) -> list[str]:
    """Return those of the tables that have rows."""
    asked = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in tables)  # noqa: S608
    with database.cursor() as cursor:
        cursor.execute(asked)
        return [row[0] for row in cursor.fetchall()]


@pytest.fixture(autouse=True)
def clean_cache() -> None:
    """No test sees what another left in Redis."""
    cache.clear()


@pytest.fixture(autouse=True)
def no_calls_noted() -> Iterator[None]:
    """No test writes the calls of another. Nothing writes any by itself: only web servers and workers do."""
    forget_calls()
    yield
    forget_calls()


def forget_calls() -> None:
    """Let no call wait to be written."""
    for writer in batches.writers:
        writer.waiting.clear()


@pytest.fixture
def surroundings(settings: Settings) -> None:
    """Hash passwords cheaply, and ask the stand-in whatever the environment says."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.PROVIDERS = [sample()]


@pytest.fixture
def credits_of_alice() -> int:
    """How many Alice has; an app whose tests spend more says how many there."""
    return 100


@pytest.fixture
def alice(db: None, credits_of_alice: int) -> User:
    """Someone with credits."""
    user = a_user(email="alice@example.com")
    give(user, credits_of_alice)
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
def redis_away(settings: Settings) -> Iterator[None]:
    """Redis does not answer: nobody listens where the settings say it is."""
    nowhere = {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {name: entry | nowhere for name, entry in settings.CACHES.items()}
    outage.end()
    yield
    limits = caches["limits"]
    assert isinstance(limits, LimitsCache)
    limits.memory.clear()
    outage.end()
