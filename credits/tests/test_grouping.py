"""Group charging: concurrent charges of one process share a transaction, and each gets its own outcome."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import OperationalError, connection, connections, transaction
from pytest_django import DjangoAssertNumQueries

from credits import grouping
from credits.caps import set_cap
from credits.charging import GROUPING, charge_together
from credits.errors import CapReached, DuplicateEntry, InsufficientCredits
from credits.grouping import Grouping, Member, Outcome
from credits.movements import Charge, Movement
from credits.services import charge
from credits.tests.factories import (
    another_session,
    assert_sound,
    at_once,
    cap_of,
    entries_of,
    figures,
    locked_elsewhere,
    transactions_of,
    until,
    user_with,
    waiting_for_locks,
)

pytestmark = pytest.mark.django_db(transaction=True)


def together(keys: Sequence[str]) -> bool:
    """Whether one transaction wrote all these entries."""
    return len(set(transactions_of(keys))) == 1


def version_of(user: Any) -> int:
    """The transaction that last wrote the wallet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text::bigint FROM credits_wallet WHERE user_id = %s", [user.pk])
        version: int = cursor.fetchone()[0]
    return version


def taking(user: Any, amount: int, key: str, cap: UUID | None = None) -> Callable[[], Movement]:
    """A charge to be made."""
    return partial(charge, user, amount, operation="product.lookup", key=key, cap=cap)


class Line:
    """Charges that stand in line, in this order, behind a first one that cannot finish."""

    def __init__(self, pool: ThreadPoolExecutor, go: Callable[[], None]) -> None:
        self.pool = pool
        self.go = go  # lets the first one finish; at the latest at the end of the block
        self.futures: list[Future[Any]] = []

    def join(self, *calls: Callable[[], Any]) -> None:
        """Let each call begin and come to stand in line, one after the other."""
        for call in calls:
            length = len(GROUPING.line)
            self.futures.append(self.pool.submit(self.attempt, call))
            until(lambda length=length: len(GROUPING.line) == length + 1)  # type: ignore[misc]

    @staticmethod
    def attempt(call: Callable[[], Any]) -> Any:
        """What the call returns or raises."""
        try:
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    def outcomes(self) -> list[Any]:
        """What became of each, in order."""
        return [future.result(timeout=30) for future in self.futures]


@contextmanager
def line() -> Iterator[Line]:
    """A leader is stuck on a locked wallet for the length of the block: whoever charges stands in line."""
    stuck = user_with(1)
    with ThreadPoolExecutor(80) as pool:
        with locked_elsewhere(stuck) as session:
            waiting = Line(pool, session.rollback)
            first = pool.submit(waiting.attempt, taking(stuck, 1, uuid4().hex))
            until(lambda: waiting_for_locks() == 1)
            yield waiting
        assert isinstance(first.result(timeout=30), Movement)


def test_those_who_wait_are_committed_together() -> None:
    user = user_with(100)
    keys = [f"chg_{number}" for number in range(20)]
    with line() as waiting:
        waiting.join(*[taking(user, 1, key) for key in keys])
    assert waiting.outcomes() == [(key, -1, 99 - place, 99 - place) for place, key in enumerate(keys)]
    assert together(keys)
    assert_sound()


def test_charges_of_many_wallets_are_committed_together() -> None:
    users = [user_with(10) for _ in range(12)]
    with line() as waiting:
        waiting.join(
            *[taking(user, 3, f"chg_{place}_{turn}") for turn in range(2) for place, user in enumerate(users)]
        )
    assert all(isinstance(outcome, Movement) for outcome in waiting.outcomes())
    assert [figures(user) for user in users] == [(4, 0, 0)] * 12
    assert len(set(transactions_of([f"chg_{place}_{turn}" for turn in range(2) for place in range(12)]))) == 1
    assert_sound()


def test_each_member_gets_its_own_outcome_in_the_order_of_arrival() -> None:
    user, poor, key = user_with(10), user_with(0), uuid4()
    set_cap(key, limit=2, period="day")
    charge(user, 1, operation="product.lookup", key="used")
    with line() as waiting:
        waiting.join(
            taking(user, 3, "one"),
            taking(user, 7, "too_much"),
            taking(user, 2, "two", key),
            taking(user, 1, "over_the_cap", key),
            taking(user, 1, "one"),
            taking(user, 1, "used"),
            taking(poor, 1, "no_wallet"),
            taking(poor, 1, "used"),
            taking(user, 1, "no_such_cap", uuid4()),
            taking(user, 4, "three"),
            taking(user, 1, "none_left"),
        )
    one, too_much, two, over, again, used, no_wallet, used_too, no_cap, three, none_left = waiting.outcomes()
    assert (one, two, three) == (("one", -3, 6, 6), ("two", -2, 4, 4), ("three", -4, 0, 0))
    assert isinstance(too_much, InsufficientCredits)
    assert too_much.available == 6
    assert isinstance(over, CapReached)
    assert isinstance(again, DuplicateEntry)
    assert isinstance(used, DuplicateEntry)
    assert isinstance(no_wallet, InsufficientCredits)
    assert isinstance(used_too, DuplicateEntry)  # not for the credits it has not got
    assert isinstance(no_cap, CapReached)
    assert isinstance(none_left, InsufficientCredits)
    assert entries_of(user)[2:] == [("charge", -3), ("charge", -2), ("charge", -4)]
    assert cap_of(key).spent == 2
    assert together(["one", "two", "three"])
    assert_sound()


def test_only_wallets_that_pay_are_rewritten() -> None:
    rich, poor = user_with(10), user_with(1)
    before = [version_of(rich), version_of(poor)]
    with line() as waiting:
        waiting.join(taking(rich, 2, "one"), taking(poor, 2, "two"))
    assert [type(outcome) for outcome in waiting.outcomes()] == [Movement, InsufficientCredits]
    with line() as waiting:
        waiting.join(taking(poor, 2, "three"), taking(poor, 2, "four"))
    after = [version_of(rich), version_of(poor)]
    assert after[0] != before[0]
    assert after[1] == before[1]


def test_a_group_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "LARGEST", 4)
    user = user_with(100)
    keys = [f"chg_{number}" for number in range(10)]
    with line() as waiting:
        waiting.join(*[taking(user, 1, key) for key in keys])
    assert all(isinstance(outcome, Movement) for outcome in waiting.outcomes())
    assert list(Counter(transactions_of(keys)).values()) == [4, 4, 2]


def test_a_key_that_races_in_another_process_does_not_fail_the_others() -> None:
    user, elsewhere = user_with(100), user_with(10)
    keys = ["chg_1", "racing", "chg_2"]
    with another_session() as session, line() as waiting:
        waiting.join(*[taking(user, 1, key) for key in keys])
        session.execute(
            "WITH taken AS (UPDATE credits_wallet SET balance = balance - 1 WHERE user_id = %s RETURNING *)"
            " INSERT INTO credits_ledgerentry (wallet_id, amount, balance_after, kind, operation, key)"
            " SELECT user_id, -1, balance, 'charge', 'product.lookup', 'racing' FROM taken",
            [elsewhere.pk],
        )
        waiting.go()
        until(
            lambda: not GROUPING.line and waiting_for_locks() == 1
        )  # it has met the key and waits for its fate
        session.commit()
    first, racing, second = waiting.outcomes()
    assert isinstance(racing, DuplicateEntry)
    assert isinstance(first, Movement)
    assert isinstance(second, Movement)
    assert not together(["chg_1", "chg_2"])
    assert figures(user) == (98, 0, 0)
    assert_sound()


@contextmanager
def commit_that_kills() -> Iterator[None]:
    """The commit of an entry with the key `fatal` ends its own server process."""
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE FUNCTION test_die() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER test_die AFTER INSERT ON credits_ledgerentry
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.key = 'fatal') EXECUTE FUNCTION test_die()
        """)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION test_die CASCADE")


def test_when_the_commit_fails_everyone_learns_it_and_nothing_is_half_done() -> None:
    user, other = user_with(100), user_with(100)
    with commit_that_kills():
        with line() as waiting:
            waiting.join(taking(user, 1, "chg_1"), taking(other, 1, "fatal"), taking(user, 1, "chg_2"))
        outcomes = waiting.outcomes()
    assert [type(outcome) for outcome in outcomes] == [OperationalError] * 3
    assert len({id(outcome) for outcome in outcomes}) == 3
    assert transactions_of(["chg_1", "fatal", "chg_2"]) == []
    assert (figures(user), figures(other)) == ((100, 0, 0), (100, 0, 0))
    assert charge(user, 1, operation="product.lookup", key="chg_1").balance == 99
    assert_sound()


def test_when_the_leader_fails_before_the_commit_each_tries_alone() -> None:
    user = user_with(100)
    with locked_elsewhere(user) as session, line() as waiting:
        waiting.join(taking(user, 1, "chg_1"), taking(user, 1, "chg_2"))
        waiting.go()
        until(lambda: not GROUPING.line and waiting_for_locks() == 1)
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        until(lambda: waiting_for_locks() == 2)
        session.rollback()
    assert [type(outcome) for outcome in waiting.outcomes()] == [Movement, Movement]
    assert len(set(transactions_of(["chg_1", "chg_2"]))) == 2
    assert_sound()


def test_a_charge_within_a_transaction_never_waits_in_line() -> None:
    user = user_with(10)

    def within() -> Movement:
        with transaction.atomic():
            return charge(user, 1, operation="product.lookup", key="chg_1")

    with line():
        [outcome] = at_once(within)
        assert outcome == ("chg_1", -1, 9, 9)


def test_who_waits_gives_the_connection_back_to_the_pool() -> None:
    size = settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]
    user = user_with(100)

    def with_a_connection(call: Callable[[], Any]) -> Any:
        connection.ensure_connection()
        return call()

    with line() as waiting:
        waiting.join(*[partial(with_a_connection, taking(user, 1, f"chg_{n}")) for n in range(size)])
        assert at_once(lambda: figures(user)) == [(100, 0, 0)]
    assert all(isinstance(outcome, Movement) for outcome in waiting.outcomes())


def test_who_waits_without_a_connection_asks_for_none() -> None:
    user = user_with(10)

    def attempt(number: int) -> int:
        charge(user, 1, operation="product.lookup", key=f"chg_{number}")
        return len(connections.all(initialized_only=True))

    with line() as waiting:
        waiting.join(*[partial(attempt, number) for number in range(4)])
    assert Counter(waiting.outcomes()) == {1: 1, 0: 3}  # only the leader has one
    assert together([f"chg_{number}" for number in range(4)])


@pytest.mark.parametrize("size", [2, 64])
def test_a_group_is_five_statements_however_large(
    size: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    users = [user_with(100), user_with(100)]
    group = [Charge(users[n % 2].pk, 1, "product.lookup", f"chg_{n}") for n in range(size)]
    with django_assert_num_queries(5) as captured:  # BEGIN, lock, look, write, COMMIT
        charge_together(group)
    assert [query["sql"].split()[0] for query in captured] == ["BEGIN", "SELECT", "SELECT", "WITH", "COMMIT"]


def test_a_charge_alone_is_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    user = user_with(10)
    with django_assert_num_queries(1):
        charge(user, 1, operation="product.lookup", key="chg_1")


def test_a_charge_that_meets_nobody_is_plain() -> None:
    alone, together = [], []

    def commit_alone(one: Charge) -> Movement:
        alone.append(one)
        return Movement(one.key, -one.amount, 0, 0)

    def commit_together(many: Sequence[Charge]) -> Sequence[Outcome]:
        together.append(many)
        return []

    Grouping(commit_together, commit_alone).charge(Charge(uuid4(), 1, "product.lookup", "chg_1"))
    assert [one.key for one in alone] == ["chg_1"]
    assert together == []


def a_charge(key: str) -> Charge:
    """One that is decided by the test's own rules."""
    return Charge(uuid4(), 1, "product.lookup", key)


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), InsufficientCredits(1, 0)])
def test_a_leader_that_is_interrupted_tells_everyone_and_passes_on(failure: BaseException) -> None:
    is_begun, may_end, calls = threading.Event(), threading.Event(), []

    def commit_alone(one: Charge) -> Movement:
        is_begun.set()
        may_end.wait(20)
        return Movement(one.key, -1, 0, 0)

    def commit_together(many: Sequence[Charge]) -> Sequence[Outcome]:
        calls.append(len(many))
        raise failure

    def attempt(key: str) -> Any:
        try:
            return group.charge(a_charge(key))
        except BaseException as error:
            return error

    group = Grouping(commit_together, commit_alone)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(attempt, "first")
        is_begun.wait(20)
        others = []
        for place in range(3):
            others.append(pool.submit(attempt, f"chg_{place}"))
            until(lambda place=place: len(group.line) == place + 1)  # type: ignore[misc]
        may_end.set()
        leader, *followers = [other.result(timeout=20) for other in others]
    assert isinstance(first.result(), Movement)
    assert calls == [3]
    assert leader is failure
    assert [type(follower) for follower in followers] == [OperationalError] * 2
    assert not group.under_way
    assert isinstance(attempt("later"), Movement)


def test_who_leaves_the_line_is_forgotten_and_passes_the_lead_on() -> None:
    group = Grouping(lambda many: [], lambda one: Movement(one.key, -1, 0, 0))
    first, second, third = (Member(a_charge(key)) for key in ("first", "second", "third"))
    group.line.extend([first, second, third])
    group.under_way = first.leads = True
    group.leave(second)
    assert list(group.line) == [first, third]
    assert not third.woken.is_set()
    group.leave(first)
    assert third.leads
    assert third.woken.is_set()
    group.leave(third)
    assert not group.under_way
    group.leave(third)
    assert not group.line


def test_a_forked_child_begins_with_an_empty_line() -> None:
    user = user_with(10)
    with line():
        assert GROUPING.under_way
        child = os.fork()
        if child == 0:
            os._exit(int(GROUPING.under_way))  # no test goes on in the child
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert figures(user) == (10, 0, 0)
