"""release: what was set aside is let go, by whoever asked for it or by the sweep."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from credits import holds
from credits.caps import set_cap
from credits.errors import HoldClosed
from credits.models import Hold
from credits.services import capture, hold, release, reverse
from credits.tasks import release_expired_holds
from credits.tests.factories import (
    assert_sound,
    at_once,
    cap_of,
    entries_of,
    figures,
    hold_named,
    locked_elsewhere,
    until,
    user_with,
    waiting_for_locks,
)

pytestmark = pytest.mark.django_db


def test_lets_go_what_is_held_and_leaves_no_trace_in_the_ledger() -> None:
    user = user_with(10)
    held = hold(user, 4, operation="product.lookup", key="hold_1")
    assert release(held.hold) == (4, 10)
    assert figures(user) == (10, 0, 0)
    assert entries_of(user) == [("grant", 10)]
    assert (hold_named("hold_1").status, hold_named("hold_1").released) == ("released", 4)
    assert_sound()


def test_lets_go_only_what_has_not_been_captured() -> None:
    user = user_with(10)
    held = hold(user, 4, operation="job", key="job_1")
    capture(held.hold, 3, key="chg_1")
    assert release(held.hold) == (1, 7)
    assert_sound()


def test_a_hold_ends_once() -> None:
    user = user_with(10)
    held = hold(user, 4, operation="job", key="job_1")
    release(held.hold)
    with pytest.raises(HoldClosed):
        release(held.hold)
    with pytest.raises(HoldClosed):
        capture(held.hold, 1, key="chg_1")
    assert figures(user) == (10, 0, 0)


def test_a_hold_nobody_made_cannot_end() -> None:
    with pytest.raises(HoldClosed):
        release(uuid4())


def test_pays_what_the_wallet_owes_with_what_is_let_go() -> None:
    user = user_with(10)
    held = hold(user, 8, operation="job", key="job_1")
    reverse(user, 7, operation="dispute", key="rev_1")
    assert release(held.hold) == (8, 3)
    assert figures(user) == (3, 0, 0)
    assert entries_of(user)[1:] == [("reversal", -2), ("reversal", -5)]
    assert_sound()


def test_gives_the_spending_cap_its_credits_back() -> None:
    user, key = user_with(10), uuid4()
    set_cap(key, limit=5, period="day")
    held = hold(user, 5, operation="job", key="job_1", cap=key)
    assert cap_of(key).spent == 5
    release(held.hold)
    assert cap_of(key).spent == 0
    assert_sound()


def test_the_sweep_ends_holds_past_their_time_and_no_others() -> None:
    user = user_with(10)
    hold(user, 1, operation="job", key="short", seconds=60)
    hold(user, 2, operation="job", key="long", seconds=600)
    assert holds.release_expired(timezone.now() + timedelta(seconds=61)) == 1
    assert hold_named("short").status == "expired"
    assert hold_named("long").is_open
    assert figures(user) == (10, 2, 0)
    assert_sound()


def test_the_sweep_spares_what_has_been_captured() -> None:
    user = user_with(10)
    held = hold(user, 5, operation="job", key="job_1", seconds=0)
    capture(held.hold, 3, key="chg_1")
    assert release_expired_holds() == 1
    assert figures(user) == (7, 0, 0)
    assert_sound()


def test_the_sweep_finds_nothing_the_second_time() -> None:
    hold(user_with(10), 5, operation="job", key="job_1", seconds=0)
    assert release_expired_holds() == 1
    assert release_expired_holds() == 0


def test_what_the_sweep_has_ended_cannot_be_captured() -> None:
    user = user_with(10)
    held = hold(user, 5, operation="job", key="job_1", seconds=0)
    release_expired_holds()
    with pytest.raises(HoldClosed):
        capture(held.hold, 1, key="chg_1")
    assert figures(user) == (10, 0, 0)


def test_the_sweep_gives_caps_their_credits_back_and_pays_what_is_owed() -> None:
    user, key = user_with(10), uuid4()
    set_cap(key, limit=9, period="month")
    hold(user, 5, operation="job", key="job_1", cap=key, seconds=0)
    hold(user, 2, operation="job", key="job_2", seconds=0)
    reverse(user, 5, operation="dispute", key="rev_1")
    assert release_expired_holds() == 2
    assert cap_of(key).spent == 0
    assert figures(user) == (5, 0, 0)
    assert_sound()


def test_the_sweep_goes_on_until_all_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holds, "SWEEP_HOLDS", 2)
    monkeypatch.setattr(holds, "SWEEP_WALLETS", 2)
    users = [user_with(10) for _ in range(3)]
    for user in users:
        for _ in range(3):
            hold(user, 1, operation="job", key=uuid4().hex, seconds=0)
    assert release_expired_holds() == 9
    assert [figures(user) for user in users] == [(10, 0, 0)] * 3
    assert_sound()


def test_the_sweep_forgets_ended_holds_that_captured_nothing_after_a_day() -> None:
    user = user_with(10)
    release(hold(user, 1, operation="product.lookup", key="nothing").hold)
    capture(hold(user, 1, operation="product.lookup", key="something").hold, 1, key="chg_1")
    hold(user, 1, operation="product.lookup", key="still_open", seconds=10**6)
    holds.release_expired(timezone.now() + timedelta(hours=23))
    assert Hold.objects.for_user(user).count() == 3
    holds.release_expired(timezone.now() + timedelta(hours=25))
    assert set(Hold.objects.for_user(user).values_list("key", flat=True)) == {"something", "still_open"}
    assert_sound()


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_end_each_hold_once() -> None:
    users = [user_with(10) for _ in range(6)]
    for user in users:
        for _ in range(5):
            hold(user, 2, operation="job", key=uuid4().hex, seconds=0)
    assert sum(at_once(release_expired_holds, release_expired_holds)) == 30
    assert [figures(user) for user in users] == [(10, 0, 0)] * 6
    assert_sound()


@pytest.mark.django_db(transaction=True)
def test_the_sweep_ends_other_holds_first_and_waits_for_a_busy_wallet_at_the_end() -> None:
    busy, free = user_with(10), user_with(10)
    for user in (busy, free):
        hold(user, 3, operation="job", key=uuid4().hex, seconds=0)

    def let_go_when_the_other_is_done() -> None:
        with locked_elsewhere(busy):
            locked.set()
            until(lambda: figures(free) == (10, 0, 0) and waiting_for_locks() == 1)

    def sweep_when_locked() -> int:
        until(locked.is_set)
        return holds.release_expired()

    locked = threading.Event()
    assert at_once(let_go_when_the_other_is_done, sweep_when_locked) == [None, 2]
    assert figures(busy) == (10, 0, 0)
    assert_sound()
