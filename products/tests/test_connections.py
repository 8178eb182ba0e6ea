"""No database connection is held while an upstream answers, and one that was given back can be used again."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction
from pytest_django import Settings

from accounts.models import User
from accounts.tests.factories import a_user, bearing, key_of
from api.connections import give_back_connection
from credits.tests.factories import at_once
from products.models import Product
from products.prefetch import Prefetched, prefetch
from products.tests.factories import ASIN, full, give, purse, sample
from providers.turns import turns

pytestmark = pytest.mark.django_db(transaction=True)
CALLERS = 50


@pytest.fixture
def two_connections() -> Iterator[None]:
    """A pool of two, as a small install may have."""
    options = connections.settings["default"]["OPTIONS"]
    before = options["pool"]
    connection.close_pool()  # type: ignore[attr-defined]
    options["pool"] = {**before, "min_size": 1, "max_size": 2}
    yield
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    options["pool"] = before


def in_use() -> int:
    """Connections of the pool that somebody holds."""
    stats = connection.pool.get_stats()  # type: ignore[attr-defined]
    return int(stats["pool_size"] - stats["pool_available"])


def is_connected() -> bool:
    """Whether this thread holds a connection."""
    return connection.connection is not None


def test_a_pool_of_two_serves_fifty_lookups_that_wait_for_their_upstream(
    two_connections: None, alice: User, settings: Settings
) -> None:
    all_there = threading.Barrier(CALLERS + 1)
    go_on = threading.Event()

    def wait(seconds: float) -> None:
        all_there.wait(timeout=60)
        go_on.wait(timeout=60)

    settings.PROVIDERS = [sample(latency_ms=1, sleep=wait)]
    key = key_of(alice)[1]

    def call(number: int) -> int:
        try:
            return bearing(key).get(f"/api/v1/products/B00000{number:04}").status_code
        finally:
            connections.close_all()

    give_back_connection()
    with ThreadPoolExecutor(CALLERS) as callers:
        answers = [callers.submit(call, number) for number in range(CALLERS)]
        all_there.wait(timeout=60)
        held_meanwhile = in_use()
        set_aside = purse(alice)
        give_back_connection()
        go_on.set()
        statuses = {answer.result(timeout=60) for answer in answers}
    assert held_meanwhile == 0
    assert set_aside == {"balance": 100, "held": CALLERS, "holds": CALLERS, "charges": 0}
    assert statuses == {200}
    assert purse(alice) == full(100 - CALLERS, charges=CALLERS)


def test_a_connection_given_back_in_mid_request_serves_the_rest_of_it(
    alice: User, settings: Settings
) -> None:
    """The hold before the wait and the capture, the row and the next request after it each find one."""
    settings.PROVIDERS = [sample(latency_ms=1, sleep=lambda seconds: None)]
    program = bearing(key_of(alice)[1])
    for asin in ("B07ZPKCJ6X", "B000000001", "B07ZPKCJ6X"):
        assert program.get(f"/api/v1/products/{asin}").status_code == 200
    assert Product.objects.count() == 2
    assert purse(alice) == full(97, charges=3)


def test_what_was_given_back_can_be_taken_again() -> None:
    give_back_connection()
    assert not is_connected()
    a_user()
    assert is_connected()
    assert User.objects.count() == 1


def test_within_a_transaction_nothing_is_given_back() -> None:
    with transaction.atomic():
        a_user()
        give_back_connection()
        assert User.objects.count() == 1
    assert User.objects.count() == 1


def test_a_row_read_right_before_the_upstream_is_asked_holds_no_connection(
    alice: User, settings: Settings
) -> None:
    """The gateway looks into the store once more when its turn has come; that look must not keep one."""
    held: list[Any] = []
    settings.PROVIDERS = [sample(latency_ms=1, sleep=lambda seconds: held.append(connection.connection))]
    assert bearing(key_of(alice)[1]).get("/api/v1/products/B07ZPKCJ6X").status_code == 200
    assert held == [None]


def test_whoever_asks_ahead_waits_for_a_turn_without_a_connection(settings: Settings) -> None:
    settings.PROVIDERS = [sample()]
    assert [one.prefetched for one in prefetch([ASIN], marketplace="US")] == [Prefetched.ASKED]
    is_taken, is_there, nothing = (threading.Event() for _ in range(3))

    def hold_the_turn() -> bool:
        """Whether the other has given its connection back within ten seconds; at twenty it waits no more."""
        with turns.taken():
            is_taken.set()
            is_there.wait(timeout=60)
            return any(in_use() == 0 or nothing.wait(0.01) for _ in range(1_000))

    def ask() -> list[Prefetched]:
        is_taken.wait(timeout=60)
        Product.objects.count()
        is_there.set()
        return [one.prefetched for one in prefetch([ASIN], marketplace="US", max_age=0)]

    give_back_connection()
    assert at_once(hold_the_turn, ask) == [True, [Prefetched.ASKED]]


def test_fifty_callers_of_one_missing_product_make_one_upstream_call_and_pay_one_credit_each(
    two_connections: None, settings: Settings
) -> None:
    asked: list[float] = []
    everyone_waits = threading.Event()

    def wait(seconds: float) -> None:
        asked.append(seconds)
        everyone_waits.wait(timeout=60)

    settings.PROVIDERS = [sample(latency_ms=1, sleep=wait)]
    users = [a_user() for _ in range(CALLERS)]
    for user in users:
        give(user, 1)
    keys = [key_of(user)[1] for user in users]

    def call(key: str) -> int:
        try:
            return bearing(key).get("/api/v1/products/B07ZPKCJ6X").status_code
        finally:
            connections.close_all()

    give_back_connection()
    with ThreadPoolExecutor(CALLERS) as callers:
        answers = [callers.submit(call, key) for key in keys]
        while sum(purse(user)["held"] for user in users) < CALLERS:
            give_back_connection()
        everyone_waits.set()
        assert {answer.result(timeout=60) for answer in answers} == {200}
    assert len(asked) == 1
    assert {tuple(purse(user).items()) for user in users} == {tuple(full(0, charges=1).items())}
