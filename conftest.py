"""What every test stands on: a ledger that can be emptied between tests, and clean caches."""

import pytest
from django.core.cache import cache
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Let tests that commit empty the ledger afterwards; the guard that is off here has a test of its own."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE credits_ledgerentry DISABLE TRIGGER credits_ledgerentry_no_truncate")


@pytest.fixture(autouse=True)
def clean_cache() -> None:
    """No test sees what another left in Redis."""
    cache.clear()
