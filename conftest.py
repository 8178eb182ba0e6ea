"""What every test stands on: a ledger that can be emptied between tests, clean caches, no calls that wait."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import connection
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
