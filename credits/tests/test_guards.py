"""The database keeps the laws by itself, whoever writes: here, plain SQL does."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from credits.caps import set_cap
from credits.models import Hold, LedgerEntry, SpendingCap, Wallet
from credits.services import capture, charge, hold, refund, release, reverse
from credits.tests.factories import (
    another_session,
    assert_sound,
    at_once,
    figures,
    hold_named,
    user_with,
)

pytestmark = pytest.mark.django_db

WHO_AND_WHY = {"actor": "operator@example.com", "reason": "test"}
LATER = datetime(2027, 1, 1, tzinfo=UTC)


def sql(statement: str, *parameters: Any) -> None:
    """Run it as it stands."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


@contextmanager
def refused(law: str) -> Iterator[None]:
    """The database refuses what happens in the block, naming its law, at the latest at the commit."""
    cause: BaseException | None = None
    try:
        with transaction.atomic():
            yield
            sql("SET CONSTRAINTS ALL IMMEDIATE")
    except IntegrityError as refusal:
        cause = refusal.__cause__
    assert isinstance(cause, psycopg.Error)
    assert cause.diag.constraint_name == law


def entry(user: Any, amount: int, balance_after: int, **facts: Any) -> None:
    """Insert an entry, and nothing else."""
    facts = {"kind": "grant" if amount > 0 else "charge", "operation": "test", "key": uuid4().hex, **facts}
    LedgerEntry.objects.create(wallet_id=user.pk, amount=amount, balance_after=balance_after, **facts)


@pytest.fixture
def user() -> Any:
    """Someone with 10 credits and one entry."""
    return user_with(10)


class TestAnEntryIsNeverChanged:
    def test_not_updated(self, user: Any) -> None:
        with refused("credits_ledgerentry_no_change"):
            LedgerEntry.objects.for_user(user).update(amount=11)

    def test_not_even_updated_to_what_it_was(self, user: Any) -> None:
        with refused("credits_ledgerentry_no_change"):
            LedgerEntry.objects.get(wallet=user.pk).save()

    def test_not_deleted(self, user: Any) -> None:
        with refused("credits_ledgerentry_no_change"):
            LedgerEntry.objects.get(wallet=user.pk).delete()

    def test_not_truncated(self, user: Any) -> None:
        sql("SET CONSTRAINTS ALL IMMEDIATE")  # a table with pending checks cannot be altered
        sql("ALTER TABLE credits_ledgerentry ENABLE TRIGGER credits_ledgerentry_no_truncate")
        for table in ("credits_ledgerentry", "credits_wallet", "credits_hold"):
            with refused("credits_ledgerentry_no_truncate"):
                sql(f"TRUNCATE {table} CASCADE")

    def test_its_wallet_is_not_deleted(self, user: Any) -> None:
        with refused("credits_ledgerentry_wallet_id_99805673_fk_credits_w"):
            sql("DELETE FROM credits_wallet WHERE user_id = %s", user.pk)


class TestTheSumOfEntriesIsTheBalance:
    def test_an_entry_alone_is_refused(self, user: Any) -> None:
        with refused("credits_ledgerentry_continues"):
            entry(user, 5, 15)

    def test_a_balance_alone_is_refused(self, user: Any) -> None:
        with refused("credits_wallet_moves_with_entry"):
            Wallet.objects.for_user(user).update(balance=15)

    def test_a_wallet_does_not_begin_with_credits(self) -> None:
        with refused("credits_wallet_starts_empty"):
            Wallet.objects.create(pk=user_with(0).pk, balance=5)

    @pytest.mark.parametrize(("amount", "balance_after"), [(5, 5), (5, 16), (-3, 8)])
    def test_an_entry_that_does_not_continue_the_one_before_is_refused(
        self, user: Any, amount: int, balance_after: int
    ) -> None:
        with refused("credits_ledgerentry_continues"):
            sql(
                "WITH moved AS (UPDATE credits_wallet SET balance = %s WHERE user_id = %s RETURNING *)"
                " INSERT INTO credits_ledgerentry (wallet_id, amount, balance_after, kind, operation, key)"
                " SELECT user_id, %s, balance, %s, 'test', 'a' FROM moved",
                *(balance_after, user.pk, amount, "grant" if amount > 0 else "charge"),
            )

    def test_entry_and_balance_in_two_statements_are_refused(self, user: Any) -> None:
        with refused("credits_wallet_moves_with_entry"):
            Wallet.objects.for_user(user).update(balance=15)
            entry(user, 5, 15)

    def test_an_entry_cannot_be_slipped_in_between(self, user: Any) -> None:
        charge(user, 1, operation="test", key="chg_1")
        first = LedgerEntry.objects.for_user(user).order_by("id").first()
        assert first is not None
        with refused("credits_ledgerentry_continues"):
            entry(user, -1, 9, id=first.pk - 10**6)

    def test_entries_that_cancel_each_other_are_refused_when_the_chain_breaks(self, user: Any) -> None:
        with refused("credits_ledgerentry_continues"):
            sql(
                "INSERT INTO credits_ledgerentry (wallet_id, amount, balance_after, kind, operation, key)"
                " VALUES (%s, 5, 15, 'grant', 'test', 'a'), (%s, -4, 10, 'charge', 'test', 'b')",
                *(user.pk, user.pk),
            )

    @pytest.mark.django_db(transaction=True)
    def test_entries_that_cancel_each_other_wait_for_a_charge_under_way(self, user: Any) -> None:
        """Without the wallet's lock they would look sound now, and not be when the charge commits."""
        cancelling = (
            "INSERT INTO credits_ledgerentry (wallet_id, amount, balance_after, kind, operation, key)"
            " VALUES (%s, 5, 15, 'grant', 'test', 'a'), (%s, -5, 10, 'charge', 'test', 'b')"
        )
        with transaction.atomic():
            charge(user, 1, operation="test", key="chg_1")
            with another_session() as session:
                session.execute("SET lock_timeout = '200ms'")
                with pytest.raises(psycopg.errors.LockNotAvailable):
                    session.execute(cancelling, [user.pk, user.pk])
        [outcome] = at_once(lambda: sql(cancelling, user.pk, user.pk))
        assert isinstance(outcome, IntegrityError)
        assert_sound()

    def test_a_receivable_without_its_entry_is_refused(self) -> None:
        empty = user_with(1)
        charge(empty, 1, operation="test", key="chg_1")
        with refused("credits_wallet_receivable_is_recorded"):
            Wallet.objects.for_user(empty).update(receivable=5)

    def test_a_receivable_that_the_wallet_does_not_know_is_refused(self, user: Any) -> None:
        with refused("credits_wallet_receivable_is_recorded"):
            entry(user, 0, 10, kind="reversal", receivable=5)


class TestWhatOneRowMayBe:
    @pytest.mark.parametrize(
        ("law", "figures"),
        [
            ("credits_wallet_balance_not_negative", {"balance": -1, "held": -1}),
            ("credits_wallet_held_within_balance", {"held": 11}),
            ("credits_wallet_held_within_balance", {"held": -1}),
            ("credits_wallet_receivable_not_negative", {"receivable": -1, "held": 10}),
            ("credits_wallet_owing_has_nothing_to_spend", {"receivable": 1}),
        ],
    )
    def test_a_wallet(self, user: Any, law: str, figures: dict[str, int]) -> None:
        with refused(law):
            Wallet.objects.for_user(user).update(**figures)

    @pytest.mark.parametrize(
        ("law", "amount", "facts"),
        [
            ("credits_ledgerentry_sign_of_kind", -1, {"kind": "grant"}),
            ("credits_ledgerentry_sign_of_kind", 1, {"kind": "charge"}),
            ("credits_ledgerentry_sign_of_kind", 1, {"kind": "expiry"}),
            ("credits_ledgerentry_sign_of_kind", 1, {"kind": "reversal", "receivable": 1}),
            ("credits_ledgerentry_sign_of_kind", 0, {"kind": "adjustment", "metadata": WHO_AND_WHY}),
            ("credits_ledgerentry_sign_of_kind", 1, {"kind": "gift"}),
            ("credits_ledgerentry_key_not_empty", 1, {"key": ""}),
            ("credits_ledgerentry_refund_names_its_charge", 1, {"kind": "refund"}),
            ("credits_ledgerentry_adjustment_says_who_and_why", 1, {"kind": "adjustment"}),
            ("credits_ledgerentry_receivable_of_reversals", 1, {"receivable": 1}),
            ("credits_ledgerentry_receivable_of_reversals", 0, {"kind": "reversal"}),
            ("credits_ledgerentry_cap_has_its_window", -1, {"cap": uuid4()}),
            ("credits_ledgerentry_balance_after_not_negative", -11, {}),
        ],
    )
    def test_an_entry(self, user: Any, law: str, amount: int, facts: dict[str, Any]) -> None:
        with refused(law):
            entry(user, amount, 10 + amount, **facts)

    def test_a_key_is_used_once(self, user: Any) -> None:
        charge(user, 1, operation="test", key="chg_1")
        with refused("credits_ledgerentry_key_once"):
            entry(user, -1, 8, key="chg_1")

    @pytest.mark.parametrize(
        ("law", "change"),
        [
            ("credits_hold_is_open_or_ended_in_full", {"captured": 6}),
            ("credits_hold_is_open_or_ended_in_full", {"captured": 5}),
            ("credits_hold_is_open_or_ended_in_full", {"status": "released", "released": 4}),
            ("credits_hold_is_open_or_ended_in_full", {"status": "captured", "captured": 5}),
            ("credits_hold_is_open_or_ended_in_full", {"status": "gone"}),
            ("credits_hold_amounts_not_negative", {"released": -1}),
            ("credits_hold_ends_once", {"amount": 6}),
            ("credits_hold_ends_once", {"captured": -1}),
            ("credits_hold_ends_once", {"key": "other"}),
        ],
    )
    def test_a_hold(self, user: Any, law: str, change: dict[str, Any]) -> None:
        hold(user, 5, operation="test", key="hold_1")
        with refused(law):
            Hold.objects.filter(key="hold_1").update(**change)

    @pytest.mark.parametrize(
        ("law", "change"),
        [
            ("credits_spendingcap_spent_within_limit", {"spent": 6}),
            ("credits_spendingcap_spent_within_limit", {"spent": -1}),
            ("credits_spendingcap_excess_only_when_full", {"excess": 1}),
            ("credits_spendingcap_period", {"period": "week"}),
        ],
    )
    def test_a_cap(self, law: str, change: dict[str, Any]) -> None:
        cap = set_cap(uuid4(), limit=5, period="day")
        with refused(law):
            SpendingCap.objects.of(cap.pk).update(**change)


class TestAHoldEndsOnce:
    @pytest.mark.parametrize("change", [{"status": "open"}, {"ended_at": LATER}])
    def test_it_does_not_change_after_its_end(self, user: Any, change: dict[str, Any]) -> None:
        release(hold(user, 5, operation="test", key="hold_1").hold)
        with refused("credits_hold_ends_once"):
            Hold.objects.filter(key="hold_1").update(**change)

    def test_it_is_kept_while_it_is_open(self, user: Any) -> None:
        hold(user, 5, operation="test", key="hold_1")
        with refused("credits_hold_is_kept"):
            hold_named("hold_1").delete()

    def test_it_is_kept_when_something_was_captured(self, user: Any) -> None:
        capture(hold(user, 5, operation="test", key="hold_1").hold, 1, key="chg_1", is_last=True)
        with refused("credits_hold_is_kept"):
            sql("DELETE FROM credits_hold WHERE key = 'hold_1'")

    def test_a_hold_that_its_wallet_does_not_know_is_refused(self, user: Any) -> None:
        with refused("credits_hold_adds_up"):
            Hold.objects.create(wallet_id=user.pk, amount=1, key="h", operation="test", expires_at=LATER)

    def test_a_wallet_that_holds_for_nothing_is_refused(self, user: Any) -> None:
        with refused("credits_wallet_held_adds_up"):
            Wallet.objects.for_user(user).update(held=1)

    def test_a_capture_that_its_wallet_does_not_know_is_refused(self, user: Any) -> None:
        hold(user, 5, operation="test", key="hold_1")
        assert_sound()
        with refused("credits_hold_adds_up"):
            Hold.objects.filter(key="hold_1").update(captured=1)


class TestARefundIsOfACharge:
    @staticmethod
    def give_back(user: Any, amount: int, charge: LedgerEntry, balance: int) -> None:
        """A refund past the services, wallet and entry agreeing."""
        sql(
            "WITH moved AS (UPDATE credits_wallet SET balance = %s WHERE user_id = %s RETURNING *)"
            " INSERT INTO credits_ledgerentry"
            " (wallet_id, amount, balance_after, kind, operation, key, charge_id)"
            " SELECT user_id, %s, balance, 'refund', 'test', 'ref', %s FROM moved",
            *(balance, user.pk, amount, charge.pk),
        )

    def test_more_than_was_charged_is_refused(self, user: Any) -> None:
        charge(user, 4, operation="test", key="chg_1")
        refund("chg_1", 2, key="ref_1")
        with refused("credits_ledgerentry_refund_within_charge"):
            self.give_back(user, 3, LedgerEntry.objects.get(key="chg_1"), 11)

    def test_what_was_no_charge_is_refused(self, user: Any) -> None:
        with refused("credits_ledgerentry_refund_within_charge"):
            self.give_back(user, 3, LedgerEntry.objects.get(wallet=user.pk), 13)

    def test_another_wallet_is_refused(self, user: Any) -> None:
        charge(user_with(10), 4, operation="test", key="chg_1")
        with refused("credits_ledgerentry_refund_within_charge"):
            self.give_back(user, 3, LedgerEntry.objects.get(key="chg_1"), 13)


def test_what_the_services_write_is_not_refused(user: Any) -> None:
    charge(user, 4, operation="test", key="chg_1")
    refund("chg_1", key="ref_1")
    capture(hold(user, 5, operation="test", key="hold_1").hold, 1, key="cap_1")
    reverse(user, 20, operation="test", key="rev_1")
    assert figures(user) == (4, 4, 15)
    assert_sound()
