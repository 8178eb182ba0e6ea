"""The sums by day: exact at every moment, whoever writes or folds meanwhile."""

import random
import threading
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models import F

from credits import rollup
from credits.laws import breaches
from credits.models import LedgerDay, LedgerEntry, LedgerFold
from credits.services import adjust, charge, grant, hold, payment, refund, release, reverse
from credits.tasks import fold_ledger
from credits.tests.factories import another_session, assert_sound, at_once, user_with
from credits.tests.sums import assert_figures_are_exact, fold_everything, folded_to, moved, quick

pytestmark = pytest.mark.django_db(transaction=True)

KEYS = [str(uuid4()) for _ in range(2)]


def something(user: Any) -> None:
    """Any movement."""
    key, metadata = uuid4().hex, random.choice([None, {"key": KEYS[0]}, {"key": KEYS[1]}])
    operation = random.choice(["product.lookup", "conversion.fnsku"])
    amount = random.randint(1, 9)
    match random.randrange(6):
        case 0:
            grant(user, amount, operation="pack", key=key)
        case 1:
            charge(user, amount, operation=operation, key=key, metadata=metadata)
            refund(key, random.choice([None, 1]), key=f"ref_{key}")
        case 2:
            adjust(user, random.choice([-amount, amount]), reason="test", actor="test", key=key)
        case 3:
            with payment(user, amount, operation=operation, key=key) as due:
                due.authorise()
                due.metadata = metadata
        case 4:
            release(hold(user, amount, operation="job", key=key).hold)
        case _:
            reverse(user, amount, operation="dispute", key=key)


def test_figures_are_those_of_the_entries_however_often_they_are_folded_in_between() -> None:
    users = [user_with(10_000), user_with(10_000)]
    for turn in range(60):
        something(users[turn % 2])
        if random.random() < 0.3:
            fold_everything()
        for group in rollup.GROUPS:
            assert_figures_are_exact(users[turn % 2], group)
    assert LedgerDay.objects.exists()
    assert_sound()


@pytest.mark.parametrize("folded", [0, 15, 30])
def test_no_entry_of_a_period_lies_outside_its_span(folded: int) -> None:
    user = user_with(100)
    moved(LedgerEntry.objects.for_user(user).get().key, 60)
    for number in range(30):
        charge(user, 1, operation="job", key=f"chg_{number}")
        moved(f"chg_{number}", 30 - number + random.choice([0, 0, 7, -3]))  # clocks need not be right
        if number == folded - 1:
            fold_everything()
    entries = LedgerEntry.objects.for_user(user)
    times = [entry.created_at for entry in entries]
    for _ in range(60):
        begins, ends = sorted(random.choices(times, k=2))
        wanted = entries.matching(**{"from": begins, "to": ends})
        first, last = rollup.span(user.pk, begins, ends)
        assert set(wanted.filter(pk__range=(first, last))) == set(wanted)
    if folded == 30:
        begins = entries.get(key="chg_15").created_at
        first, last = rollup.span(user.pk, begins, begins)
        assert first >= entries.get(key="chg_5").pk  # what comes before is older, however wrong the clocks
        assert last <= entries.get(key="chg_25").pk  # and what comes later is younger
    day = timedelta(days=1)
    assert rollup.span(user.pk, max(times) + day, max(times) + 2 * day) == (0, -1)


def test_folding_again_changes_nothing() -> None:
    user = user_with(10)
    fold_everything()
    before = list(LedgerDay.objects.values())
    assert fold_ledger() == 0
    assert list(LedgerDay.objects.values()) == before
    assert quick(user, "kind") == {"grant": (0, 10, 1)}


def test_what_is_folded_already_is_added_to() -> None:
    user = user_with(10)
    for number in range(3):
        charge(user, 2, operation="product.lookup", key=f"chg_{number}")
        fold_everything()
    day = LedgerDay.objects.get(wallet=user.pk, kind="charge")
    assert (day.spent, day.received, day.entries) == (6, 0, 3)


def test_a_refund_belongs_to_the_key_that_was_charged() -> None:
    user = user_with(10)
    charge(user, 2, operation="product.lookup", key="chg_1", metadata={"key": KEYS[0]})
    refund("chg_1", 1, key="ref_1")
    expected = {KEYS[0]: (2, 1, 2), "": (0, 10, 1)}
    assert quick(user, "key") == expected
    fold_everything()
    assert quick(user, "key") == expected


def test_an_entry_that_is_committed_late_is_waited_for() -> None:
    early, late = user_with(10), user_with(10)
    fold_everything()
    with another_session() as session:
        session.execute(
            "WITH wallet AS"
            " (UPDATE credits_wallet SET balance = balance - 4 WHERE user_id = %s RETURNING balance)"
            " INSERT INTO credits_ledgerentry (wallet_id, amount, balance_after, kind, operation, key)"
            " SELECT %s, -4, balance, 'charge', 'job', 'late' FROM wallet",
            [late.pk, late.pk],
        )
        charge(early, 3, operation="job", key="early")
        assert fold_ledger() == fold_ledger() == 0
        assert folded_to() < LedgerEntry.objects.get(key="early").pk
        assert_figures_are_exact(early)
        session.commit()
    assert_figures_are_exact(late)
    fold_everything()
    for user, spent in ((early, 3), (late, 4)):
        assert quick(user, "kind")["charge"] == (spent, 0, 1)
    assert_sound()


def test_a_long_ledger_is_folded_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollup, "CHUNK", 2)
    user = user_with(10)
    for number in range(6):
        charge(user, 1, operation="product.lookup", key=f"chg_{number}")
    fold_everything()
    assert LedgerDay.objects.get(wallet=user.pk, kind="charge").entries == 6
    assert_sound()


def test_a_mark_from_another_cluster_is_made_anew() -> None:
    user = user_with(10)
    LedgerFold.objects.create(id=1, folded_to=0, next_to=10**12, next_transaction=10**15)
    fold_everything()
    assert_figures_are_exact(user)
    assert_sound()


def test_who_folds_while_someone_else_does_leaves_it_to_him() -> None:
    user_with(10)
    fold_everything()
    user_with(10)
    with another_session() as session:
        session.execute("SELECT FROM credits_ledgerfold FOR UPDATE")
        assert fold_ledger() == 0
    fold_everything()
    assert_sound()


def test_figures_are_exact_while_many_write_and_fold() -> None:
    users = [user_with(10_000) for _ in range(2)]
    is_over = threading.Event()

    def write(user: Any) -> None:
        for _ in range(60):
            something(user)

    def fold() -> None:
        while not is_over.is_set():
            rollup.fold()

    def look(user: Any) -> int:
        looks = 0
        while not is_over.is_set():
            before = LedgerEntry.objects.for_user(user).count()
            seen = sum(entries for _, _, entries in quick(user, "kind").values())
            assert before <= seen <= LedgerEntry.objects.for_user(user).count()
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                assert_figures_are_exact(user, random.choice(list(rollup.GROUPS)))
            looks += 1
        return looks

    def all_of_it() -> None:
        try:
            done = at_once(*[partial(write, user) for user in users * 2])
            assert done == [None] * 4
        finally:
            is_over.set()

    outcomes = at_once(all_of_it, fold, fold, *[partial(look, user) for user in users])
    assert outcomes[:3] == [None] * 3
    assert [type(outcome) for outcome in outcomes[3:]] == [int, int], outcomes
    fold_everything()
    for user in users:
        assert_figures_are_exact(user)
    assert_sound()


@pytest.mark.parametrize("column", ["spent", "received", "entries"])
def test_a_sum_that_is_wrong_is_found(column: str) -> None:
    user = user_with(10)
    fold_everything()
    LedgerDay.objects.update(**{column: F(column) + 1})
    [(law, subject, _)] = breaches([user.pk])
    assert law == "the sums by day are those of the entries that were folded"
    assert str(user.pk) in subject
    assert list(breaches()) == [*breaches([user.pk])]


def test_a_sum_that_is_missing_or_too_many_is_found() -> None:
    user = user_with(10)
    fold_everything()
    day = LedgerDay.objects.get(wallet=user.pk)
    day.delete()
    assert len(list(breaches([user.pk]))) == 1
    day.pk, day.kind = None, "charge"
    day.save()
    assert len(list(breaches())) == 2
