"""capture: what was set aside is taken, at once or chunk by chunk."""

import threading
from uuid import uuid4

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from credits.caps import set_cap
from credits.errors import DuplicateEntry, HoldClosed, HoldExceeded
from credits.models import LedgerEntry
from credits.services import capture, hold, release, reverse
from credits.tests.factories import (
    assert_sound,
    at_once,
    cap_of,
    entries_of,
    figures,
    hold_named,
    until,
    user_with,
    waiting_for_locks,
)

pytestmark = pytest.mark.django_db


def test_takes_from_what_is_held() -> None:
    user = user_with(10)
    held = hold(user, 4, operation="product.lookup", key="hold_1", reference="B07ZPKCJ6X")
    assert capture(held.hold, 4, key="chg_1") == ("chg_1", -4, 6, 6)
    assert figures(user) == (6, 0, 0)
    kept = hold_named("hold_1")
    assert (kept.status, kept.captured, kept.released) == ("captured", 4, 0)
    assert kept.ended_at is not None
    entry = LedgerEntry.objects.get(key="chg_1")
    assert (entry.kind, entry.operation, entry.reference) == ("charge", "product.lookup", "B07ZPKCJ6X")
    assert entry.hold == kept
    assert_sound()


def test_can_be_done_chunk_by_chunk() -> None:
    user = user_with(100)
    held = hold(user, 90, operation="job", key="job_1")
    for chunk in range(3):
        capture(held.hold, 20, key=f"job_1_{chunk}", metadata={"chunk": chunk})
    assert figures(user) == (40, 30, 0)
    assert hold_named("job_1").is_open
    release(held.hold)
    assert entries_of(user) == [("grant", 100), *[("charge", -20)] * 3]
    assert figures(user) == (40, 0, 0)
    assert_sound()


def test_the_last_one_lets_the_rest_go() -> None:
    user = user_with(10)
    held = hold(user, 4, operation="product.lookup", key="hold_1")
    assert capture(held.hold, 1, key="chg_1", is_last=True) == ("chg_1", -1, 9, 9)
    kept = hold_named("hold_1")
    assert (kept.status, kept.captured, kept.released) == ("released", 1, 3)
    assert_sound()


def test_never_takes_more_than_is_held() -> None:
    user = user_with(10)
    held = hold(user, 4, operation="job", key="job_1")
    capture(held.hold, 3, key="chg_1")
    with pytest.raises(HoldExceeded) as refusal:
        capture(held.hold, 2, key="chg_2")
    assert (refusal.value.asked, refusal.value.remaining) == (2, 1)
    assert figures(user) == (7, 1, 0)


@pytest.mark.parametrize("is_last", [True, False])
def test_a_hold_that_has_ended_has_nothing_to_take(is_last: bool) -> None:
    user = user_with(10)
    held = hold(user, 4, operation="job", key="job_1")
    capture(held.hold, 4, key="chg_1", is_last=is_last)
    with pytest.raises(HoldClosed):
        capture(held.hold, 1, key="chg_2")
    assert figures(user) == (6, 0, 0)


def test_a_hold_nobody_made_has_nothing_to_take() -> None:
    with pytest.raises(HoldClosed):
        capture(uuid4(), 1, key="chg_1")


def test_is_made_once_for_its_key() -> None:
    user = user_with(10)
    held = hold(user, 4, operation="job", key="job_1")
    capture(held.hold, 1, key="chg_1")
    with pytest.raises(DuplicateEntry):
        capture(held.hold, 1, key="chg_1")
    assert figures(user) == (9, 3, 0)


def test_is_made_once_even_when_the_hold_has_ended_since() -> None:
    held = hold(user_with(10), 4, operation="job", key="job_1")
    capture(held.hold, 4, key="chg_1")
    with pytest.raises(DuplicateEntry):
        capture(held.hold, 4, key="chg_1")


def test_what_is_held_is_safe_from_a_reversal() -> None:
    user = user_with(10)
    held = hold(user, 8, operation="job", key="job_1")
    reverse(user, 10, operation="dispute", key="rev_1")
    assert figures(user) == (8, 8, 8)
    capture(held.hold, 8, key="chg_1")
    assert figures(user) == (0, 0, 8)
    assert_sound()


def test_what_the_last_one_lets_go_pays_what_the_wallet_owes() -> None:
    user = user_with(10)
    held = hold(user, 8, operation="job", key="job_1")
    reverse(user, 5, operation="dispute", key="rev_1")
    assert capture(held.hold, 1, key="chg_1", is_last=True) == ("chg_1", -1, 4, 4)
    assert figures(user) == (4, 0, 0)
    assert_sound()


def test_counts_against_the_cap_what_was_taken() -> None:
    user, key = user_with(10), uuid4()
    set_cap(key, limit=5, period="total")
    held = hold(user, 5, operation="job", key="job_1", cap=key)
    capture(held.hold, 2, key="chg_1", is_last=True)
    assert cap_of(key).spent == 2
    assert_sound()


@pytest.mark.parametrize("amount", [0, -3, 2.0])
def test_refuses_what_is_no_positive_whole_number(amount: int) -> None:
    held = hold(user_with(10), 4, operation="job", key="job_1")
    with pytest.raises(ValueError, match="whole number"):
        capture(held.hold, amount, key="chg_1")


def test_refuses_a_key_that_does_not_fit() -> None:
    held = hold(user_with(10), 4, operation="job", key="job_1")
    with pytest.raises(ValueError, match="key"):
        capture(held.hold, 1, key="")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("amount", "is_last"), [(4, True), (4, False), (1, True), (1, False)])
def test_takes_one_statement(
    amount: int, is_last: bool, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user = user_with(10)
    held = hold(user, 4, operation="product.lookup", key="hold_1")
    with django_assert_num_queries(1):
        capture(held.hold, amount, key="chg_1", is_last=is_last)
    rest = 4 - amount if not is_last else 0
    assert figures(user) == (10 - amount, rest, 0)
    assert_sound()


@pytest.mark.django_db(transaction=True)
def test_what_another_took_from_the_hold_meanwhile_is_not_taken_again() -> None:
    user = user_with(10)
    held = hold(user, 4, operation="job", key="job_1")

    def take_three_and_commit_when_the_other_waits() -> None:
        with transaction.atomic():
            capture(held.hold, 3, key="chg_1")
            taken.set()
            assert waits.wait(20)

    def take_two() -> None:
        taken.wait(20)
        capture(held.hold, 2, key="chg_2", is_last=True)

    def watch() -> None:
        until(lambda: waiting_for_locks() == 1)
        waits.set()

    taken, waits = threading.Event(), threading.Event()
    outcomes = at_once(take_three_and_commit_when_the_other_waits, take_two, watch)
    assert [type(outcome) for outcome in outcomes] == [type(None), HoldExceeded, type(None)]
    assert figures(user) == (7, 1, 0)
    assert_sound()


def test_leaves_its_cap_and_its_window_on_the_entry() -> None:
    user, key = user_with(10), uuid4()
    set_cap(key, limit=5, period="day")
    held = hold(user, 5, operation="job", key="job_1", cap=key)
    capture(held.hold, 5, key="chg_1", metadata={"chunk": 1})
    entry = LedgerEntry.objects.get(key="chg_1")
    assert (entry.cap, entry.cap_window, entry.metadata) == (
        key,
        hold_named("job_1").cap_window,
        {"chunk": 1},
    )
    assert cap_of(key).spent == 5
    assert_sound()
