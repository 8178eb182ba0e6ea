"""payment(): pay for what is delivered, around one piece of work."""

import logging
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from credits import holds
from credits.caps import set_cap
from credits.errors import CapReached, InsufficientCredits
from credits.models import Hold, LedgerEntry
from credits.services import payment
from credits.tests.factories import assert_sound, cap_of, entries_of, figures, hold_named, user_with

pytestmark = pytest.mark.django_db

LOOKUP: Any = {"operation": "product.lookup", "key": "chg_1"}


def test_a_cached_answer_is_one_plain_charge() -> None:
    user = user_with(10)
    with payment(user, 3, reference="B07ZPKCJ6X", **LOOKUP) as due:
        pass
    assert (due.charged, due.available) == (3, 7)
    assert LedgerEntry.objects.get(key="chg_1").reference == "B07ZPKCJ6X"
    assert not Hold.objects.exists()


def test_credits_are_held_while_an_upstream_is_asked_and_captured_then() -> None:
    user = user_with(10)
    with payment(user, 3, reference="B07ZPKCJ6X", **LOOKUP) as due:
        due.authorise()
        assert figures(user) == (10, 3, 0)
    assert (due.charged, due.available) == (3, 7)
    assert figures(user) == (7, 0, 0)
    assert LedgerEntry.objects.get(key="chg_1").hold == hold_named("chg_1")
    assert_sound()


def test_authorising_twice_holds_once() -> None:
    user = user_with(10)
    with payment(user, 3, **LOOKUP) as due:
        due.authorise()
        due.authorise()
        assert figures(user) == (10, 3, 0)
    assert entries_of(user) == [("grant", 10), ("charge", -3)]


def test_takes_less_when_less_was_delivered() -> None:
    user = user_with(10)
    with payment(user, 3, **LOOKUP) as due:
        due.authorise()
        due.amount = 1
    assert (due.charged, due.available) == (1, 9)
    assert figures(user) == (9, 0, 0)
    assert_sound()


def test_a_plain_charge_can_be_lowered_too() -> None:
    user = user_with(10)
    with payment(user, 3, **LOOKUP) as due:
        due.amount = 2
    assert (due.charged, due.available) == (2, 8)


@pytest.mark.parametrize("is_held", [True, False])
def test_a_free_answer_leaves_no_trace(is_held: bool) -> None:
    user = user_with(10)
    with payment(user, 3, **LOOKUP) as due:
        if is_held:
            due.authorise()
        due.amount = 0
    assert due.charged == 0
    assert due.available == (10 if is_held else None)
    assert figures(user) == (10, 0, 0)
    assert entries_of(user) == [("grant", 10)]


@pytest.mark.parametrize("amount", [4, -1, 1.5])
def test_never_takes_more_than_was_announced(amount: int) -> None:
    user = user_with(10)
    with payment(user, 3, **LOOKUP) as due, pytest.raises(ValueError, match="from 0 to 3"):
        due.amount = amount
    assert due.charged == 3


def test_never_takes_more_than_was_authorised() -> None:
    with payment(user_with(10), 3, **LOOKUP) as due:
        due.amount = 2
        due.authorise()
        with pytest.raises(ValueError, match="from 0 to 2"):
            due.amount = 3


def test_nothing_is_held_for_what_is_free_already() -> None:
    user = user_with(10)
    with payment(user, 3, **LOOKUP) as due:
        due.amount = 0
        due.authorise()
    assert not Hold.objects.exists()


def test_refuses_before_an_upstream_costs_us_money() -> None:
    user = user_with(2)
    with pytest.raises(InsufficientCredits), payment(user, 3, **LOOKUP) as due:
        due.authorise()
    assert figures(user) == (2, 0, 0)


def test_refuses_a_cached_answer_that_cannot_be_paid() -> None:
    user = user_with(2)
    with pytest.raises(InsufficientCredits), payment(user, 3, **LOOKUP):
        pass
    assert figures(user) == (2, 0, 0)


@pytest.mark.parametrize("interruption", [RuntimeError, KeyboardInterrupt, GeneratorExit, SystemExit])
def test_whatever_ends_the_work_leaves_the_wallet_as_it_was(interruption: type[BaseException]) -> None:
    user = user_with(10)

    def work() -> None:
        with payment(user, 3, **LOOKUP) as due:
            due.authorise()
            raise interruption

    with pytest.raises(interruption):
        work()
    assert figures(user) == (10, 0, 0)
    assert entries_of(user) == [("grant", 10)]
    assert hold_named("chg_1").status == "released"
    assert_sound()


def test_work_that_fails_before_anything_is_held_costs_nothing() -> None:
    user = user_with(10)
    with pytest.raises(RuntimeError), payment(user, 3, **LOOKUP):
        raise RuntimeError
    assert entries_of(user) == [("grant", 10)]


def test_work_that_outlasts_its_hold_is_charged_all_the_same() -> None:
    user = user_with(10)
    with payment(user, 3, **LOOKUP) as due:
        due.authorise()
        holds.release_expired(timezone.now() + timedelta(hours=1))
    assert (due.charged, due.available) == (3, 7)
    assert figures(user) == (7, 0, 0)
    assert_sound()


def test_free_work_that_outlasts_its_hold_stays_free() -> None:
    user = user_with(10)
    with payment(user, 3, **LOOKUP) as due:
        due.authorise()
        holds.release_expired(timezone.now() + timedelta(hours=1))
        due.amount = 0
    assert (due.charged, due.available) == (0, None)
    assert figures(user) == (10, 0, 0)


def test_counts_against_the_cap_of_the_key_that_asked() -> None:
    user, key = user_with(10), uuid4()
    set_cap(key, limit=5, period="day")
    with payment(user, 3, cap=key, **LOOKUP) as due:
        due.authorise()
        due.amount = 1
    with payment(user, 2, operation="product.lookup", key="chg_2", cap=key):
        pass
    assert cap_of(key).spent == 3
    with pytest.raises(CapReached), payment(user, 3, operation="product.lookup", key="chg_3", cap=key) as due:
        due.authorise()
    assert figures(user) == (7, 0, 0)
    assert_sound()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_leaves_the_hold_to_the_sweep(caplog: pytest.LogCaptureFixture) -> None:
    user = user_with(10)

    def work() -> None:
        with payment(user, 3, **LOOKUP) as due:
            due.authorise()
            connection.connection.close()  # as when the server ends; Django still believes in it
            raise RuntimeError("upstream")

    with pytest.raises(RuntimeError, match="upstream"):
        work()
    connection.close()
    assert caplog.record_tuples[0][:2] == ("credits.payments", logging.WARNING)
    assert figures(user) == (10, 3, 0)
    assert holds.release_expired(timezone.now() + timedelta(hours=1)) == 1
    assert figures(user) == (10, 0, 0)


@pytest.mark.parametrize("amount", [0, -3, 2.0])
def test_refuses_what_is_no_positive_whole_number(amount: int) -> None:
    with pytest.raises(ValueError, match="whole number"), payment(user_with(10), amount, **LOOKUP):
        pass
