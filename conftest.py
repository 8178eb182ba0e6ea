"""What every test stands on: engines of its own, clean caches, and the cast.

Alice has 100 credits, Bob has none, Carol is another tenant.
"""

import os
from collections.abc import Iterator

# Each parallel worker has a Redis database of its own, as pytest-django gives it a PostgreSQL one. Settings read it.
worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
os.environ["REDIS_DB"] = str(int(worker) + 1)
os.environ.setdefault("PUBLIC_URL", "http://testserver")

import pytest  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.db import connection  # noqa: E402
from pytest_django.plugin import DjangoDbBlocker  # noqa: E402


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Let the tests that commit empty the ledger afterwards; a test of its own proves the guard that is off here."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE credits_ledgerentry DISABLE TRIGGER credits_ledgerentry_no_truncate")


@pytest.fixture(autouse=True)
def clean_cache() -> Iterator[None]:
    """No test sees what another left in Redis."""
    cache.clear()
    yield
