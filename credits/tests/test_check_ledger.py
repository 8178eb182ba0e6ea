"""check_ledger: finds whatever breaks a law, once the guards are switched off that would have refused it."""

from collections.abc import Iterator
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from credits.caps import set_cap
from credits.laws import GUARDS, LAWS
from credits.services import capture, charge, hold, refund, reverse
from credits.tests.factories import assert_sound, user_with

pytestmark = pytest.mark.django_db

TABLES = ("credits_wallet", "credits_ledgerentry", "credits_hold", "credits_spendingcap")


def check(*arguments: str) -> list[str]:
    """The lines that the command prints about a ledger that is not sound."""
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("check_ledger", *arguments, stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def user() -> Any:
    """Someone with a bit of everything."""
    user, key = user_with(100), uuid4()
    set_cap(key, limit=50, period="total")
    charge(user, 5, operation="test", key="chg_1", cap=key)
    refund("chg_1", 2, key="ref_1")
    held = hold(user, 10, operation="test", key="hold_1", cap=key)
    capture(held.hold, 4, key="chg_2")
    capture(hold(user, 3, operation="test", key="hold_2").hold, 3, key="chg_3")
    owing = user_with(5)
    reverse(owing, 8, operation="test", key="rev_1")
    assert_sound()
    return user


@pytest.fixture
def sql(user: Any) -> Iterator[Any]:
    """Plain SQL with every guard of the ledger out of the way, until the test is rolled back."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(
            "SELECT conrelid::regclass, conname FROM pg_constraint"
            " WHERE contype = 'c' AND conrelid = ANY (%s::regclass[])",
            [list(TABLES)],
        )
        for table, name in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        yield cursor.execute


def with_guards_back(sql: Any) -> None:
    """Switch the triggers on again: they look at what is written from now on, not at what has been."""
    sql("SET CONSTRAINTS ALL IMMEDIATE")  # a table with pending checks cannot be altered
    sql(";".join(f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in TABLES))


def test_a_sound_ledger_is_said_to_be_sound(user: Any) -> None:
    out = StringIO()
    call_command("check_ledger", stdout=out)
    assert out.getvalue() == f"sound: 2 wallets, 7 entries, 2 holds, 1 caps; {len(LAWS)} laws hold\n"


def test_an_empty_ledger_is_sound() -> None:
    call_command("check_ledger", stdout=StringIO())


CORRUPTIONS = [
    (
        "UPDATE credits_wallet SET balance = balance + 1 WHERE user_id = %(user)s",
        {"a balance is the sum of its entries"},
    ),
    (
        "UPDATE credits_ledgerentry SET amount = amount - 1 WHERE key = 'chg_2'",
        {
            "a balance is the sum of its entries",
            "an entry continues the one before it",
            "a hold ends once, in full, and its captures are entries",
            "a cap counts the charges and open holds of its window, up to its limit",
        },
    ),
    (
        "UPDATE credits_ledgerentry SET balance_after = balance_after + 1 WHERE key = 'chg_3'",
        {"an entry continues the one before it"},
    ),
    (
        "DELETE FROM credits_ledgerentry WHERE key = 'ref_1'",
        {
            "a balance is the sum of its entries",
            "an entry continues the one before it",
            "a cap counts the charges and open holds of its window, up to its limit",
        },
    ),
    (
        "UPDATE credits_wallet SET held = held - 1 WHERE user_id = %(user)s",
        {"what is held is the sum of the open holds"},
    ),
    (
        "UPDATE credits_wallet SET held = balance + 1 WHERE user_id = %(user)s",
        {
            "what is held is the sum of the open holds",
            "0 <= held <= balance, and who owes has nothing to spend",
        },
    ),
    (
        "UPDATE credits_wallet SET receivable = receivable - 1 WHERE receivable > 0",
        {"a receivable is the sum of what entries added and paid off"},
    ),
    (
        "UPDATE credits_wallet SET receivable = 1 WHERE user_id = %(user)s",
        {
            "a receivable is the sum of what entries added and paid off",
            "0 <= held <= balance, and who owes has nothing to spend",
        },
    ),
    (
        "UPDATE credits_ledgerentry SET kind = 'grant' WHERE key = 'chg_3'",
        {"an entry has the sign of its kind"},
    ),
    (
        "UPDATE credits_ledgerentry SET amount = 6 WHERE key = 'ref_1'",
        {
            "refunds are no more than their charge took",
            "a balance is the sum of its entries",
            "an entry continues the one before it",
            "a cap counts the charges and open holds of its window, up to its limit",
        },
    ),
    (
        "UPDATE credits_hold SET captured = captured - 1 WHERE key = 'hold_1'",
        {
            "a hold ends once, in full, and its captures are entries",
            "what is held is the sum of the open holds",
            "a cap counts the charges and open holds of its window, up to its limit",
        },
    ),
    (
        "UPDATE credits_hold SET status = 'released' WHERE key = 'hold_2'",
        {"a hold ends once, in full, and its captures are entries"},
    ),
    (
        "UPDATE credits_hold SET ended_at = NULL WHERE key = 'hold_2'",
        {"a hold ends once, in full, and its captures are entries"},
    ),
    (
        "UPDATE credits_spendingcap SET spent = spent + 1",
        {"a cap counts the charges and open holds of its window, up to its limit"},
    ),
    (
        'UPDATE credits_spendingcap SET "limit" = spent - 1',
        {"a cap counts the charges and open holds of its window, up to its limit"},
    ),
]


@pytest.mark.parametrize(("corruption", "laws"), CORRUPTIONS)
def test_corruption_is_found_and_its_law_named(user: Any, sql: Any, corruption: str, laws: set[str]) -> None:
    sql(corruption, {"user": user.pk})
    with_guards_back(sql)
    lines = check()
    assert {line.split("(law: ")[1].rstrip(")") for line in lines} == laws
    assert len(lines) == len(laws)


def test_a_key_that_is_used_twice_is_found(user: Any, sql: Any) -> None:
    sql("ALTER TABLE credits_ledgerentry DROP CONSTRAINT credits_ledgerentry_key_once")
    sql("UPDATE credits_ledgerentry SET key = 'chg_1' WHERE key = 'chg_3'")
    assert "key chg_1: used 2 times (law: a key is used once)" in check()


def test_a_truncated_ledger_is_found(user: Any, sql: Any) -> None:
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("TRUNCATE credits_ledgerentry")
    assert f"wallet {user.pk}: balance 90, entries 0 (law: a balance is the sum of its entries)" in check()


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_that_is_switched_off_is_found(guard: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass FROM pg_trigger WHERE tgname = %s", [guard])
        [table] = cursor.fetchone()
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {guard}")
    assert check() == [f"trigger {guard}: is missing or switched off (law: every guard is in place)"]


def test_one_wallet_can_be_checked_by_itself(user: Any, sql: Any) -> None:
    other = user_with(0)
    sql("UPDATE credits_wallet SET balance = balance + 1 WHERE user_id = %s", [user.pk])
    with_guards_back(sql)
    call_command("check_ledger", wallet=[str(other.pk)], stdout=StringIO())
    assert len(check(f"--wallet={user.pk}", f"--wallet={other.pk}")) == 1
