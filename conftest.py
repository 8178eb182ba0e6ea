"""What every test stands on: a ledger that can be emptied between tests, clean caches, no calls that wait."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management.commands import flush
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from hypothesis import HealthCheck, settings
from pytest_django.plugin import DjangoDbBlocker

from api import batches

# The same examples in every run, however slow the machine: a run fails by a change, never by chance.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("steady")


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
