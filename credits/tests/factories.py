"""Users with credits to test with, and what the tests ask the database directly."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import factory
import psycopg
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection
from factory.django import DjangoModelFactory

from credits.laws import breaches
from credits.models import Hold, LedgerEntry, SpendingCap, Wallet
from credits.services import grant

PATIENCE = 20  # seconds until a test that waits for another thread gives up


class UserFactory(DjangoModelFactory):  # type: ignore[type-arg]  # not generic when it runs
    """Someone without a wallet."""

    class Meta:
        model = get_user_model()

    email = factory.declarations.LazyFunction(  # type: ignore[no-untyped-call]
        lambda: f"{uuid4().hex}@example.com"
    )

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> AbstractBaseUser:
        """Through the manager, which knows what a user needs; no password to hash."""
        user: AbstractBaseUser = model_class.objects.create_user(*args, **kwargs)
        return user


def user_with(credits: int) -> AbstractBaseUser:
    """Someone who has been granted this many credits; none: someone without a wallet."""
    user: AbstractBaseUser = UserFactory.create()
    if credits:
        grant(user, credits, operation="pack", key=f"grant_{uuid4().hex}")
    return user


def wallet_of(user: Any) -> Wallet:
    """The wallet as it is in the database now."""
    return Wallet.objects.get(pk=user.pk)


def figures(user: Any) -> tuple[int, int, int]:
    """Balance, held and receivable as they are in the database now."""
    wallet = wallet_of(user)
    return wallet.balance, wallet.held, wallet.receivable


def entries_of(user: Any) -> list[tuple[str, int]]:
    """Kind and amount of each entry, oldest first."""
    return list(LedgerEntry.objects.for_user(user).order_by("id").values_list("kind", "amount"))


def hold_named(key: str) -> Hold:
    """The hold with this key."""
    return Hold.objects.get(key=key)


def cap_of(subject: UUID) -> SpendingCap:
    """The cap as it is in the database now."""
    return SpendingCap.objects.get(pk=subject)


def assert_sound() -> None:
    """No law of the ledger is broken anywhere, constraints that wait for the commit included."""
    with connection.cursor() as cursor:
        if connection.in_atomic_block:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    assert list(breaches()) == []


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Call each in a thread of its own, all at the same moment; what each returned or raised."""
    barrier = threading.Barrier(len(calls), timeout=PATIENCE)

    def attempt(call: Callable[[], Any]) -> Any:
        try:
            barrier.wait()
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(attempt, calls))


def until(is_so: Callable[[], bool]) -> None:
    """Wait for another thread to get somewhere."""
    deadline = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        pause.wait(0.002)


@contextmanager
def another_session() -> Iterator[psycopg.Connection[Any]]:
    """A connection to the same database that knows nothing of Django: as good as another process."""
    parameters = connection.get_connection_params()
    names = {"dbname", "user", "password", "host", "port"}
    with psycopg.connect(**{name: parameters[name] for name in names & parameters.keys()}) as session:
        yield session


@contextmanager
def locked_elsewhere(user: Any) -> Iterator[psycopg.Connection[Any]]:
    """Another process holds the wallet's lock for the length of the block."""
    with another_session() as session:
        session.execute("SELECT FROM credits_wallet WHERE user_id = %s FOR NO KEY UPDATE", [user.pk])
        yield session


def waiting_for_locks() -> int:
    """How many sessions of this database wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        count: int = cursor.fetchone()[0]
    return count


def transactions_of(keys: Sequence[str]) -> list[int]:
    """The number of the transaction that wrote each of these entries, by key."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT xmin::text::bigint FROM credits_ledgerentry WHERE key = ANY (%s) ORDER BY id",
            [list(keys)],
        )
        return [row[0] for row in cursor.fetchall()]
