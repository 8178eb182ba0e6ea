"""Races, with real threads on a real PostgreSQL. `charge_alone` stands for charges of different processes."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from credits import holds
from credits.caps import set_cap
from credits.charging import charge_alone
from credits.errors import CapReached, DuplicateEntry, HoldClosed, InsufficientCredits, RefundExceedsCharge
from credits.movements import Charge, Movement
from credits.services import capture, charge, grant, hold, refund, release, reverse
from credits.tests.factories import assert_sound, at_once, cap_of, entries_of, figures, user_with

pytestmark = pytest.mark.django_db(transaction=True)

Charging = Callable[..., Movement]


def in_its_own_process(user: Any, amount: int, *, key: str, **terms: Any) -> Movement:
    """A charge as another process would make it: not grouped with ours."""
    return charge_alone(Charge(user.pk, amount, "product.lookup", key, **terms))


def in_this_process(user: Any, amount: int, *, key: str, **terms: Any) -> Movement:
    """A charge in the company of the others of this process."""
    return charge(user, amount, operation="product.lookup", key=key, **terms)


anyhow = pytest.mark.parametrize("take", [in_this_process, in_its_own_process])


def kinds(outcomes: list[Any]) -> Counter[str]:
    """How many of each type."""
    return Counter(type(outcome).__name__ for outcome in outcomes)


@anyhow
def test_64_threads_draining_one_wallet_spend_exactly_what_it_held(take: Charging) -> None:
    user = user_with(500)

    def drain() -> int:
        taken = 0
        try:
            while True:
                taken -= take(user, 3, key=uuid4().hex).amount
        except InsufficientCredits:
            return taken

    assert sum(at_once(*[drain] * 64)) == 498
    assert figures(user) == (2, 0, 0)
    assert entries_of(user) == [("grant", 500), *[("charge", -3)] * 166]
    assert_sound()


@anyhow
def test_one_key_in_many_threads_is_charged_once(take: Charging) -> None:
    user = user_with(100)
    outcomes = at_once(*[partial(take, user, 3, key="chg_1")] * 16)
    assert kinds(outcomes) == {"Movement": 1, "DuplicateEntry": 15}
    assert figures(user) == (97, 0, 0)
    assert_sound()


def test_one_key_on_two_wallets_is_charged_once() -> None:
    users = [user_with(10), user_with(10)]
    outcomes = at_once(*[partial(in_its_own_process, user, 3, key="chg_1") for user in users * 4])
    assert kinds(outcomes) == {"Movement": 1, "DuplicateEntry": 7}
    assert sum(figures(user)[0] for user in users) == 17
    assert_sound()


@anyhow
def test_a_cap_is_never_overspent(take: Charging) -> None:
    user, key = user_with(100), uuid4()
    set_cap(key, limit=10, period="total")
    outcomes = at_once(*[lambda: take(user, 1, key=uuid4().hex, cap=key)] * 32)
    assert kinds(outcomes) == {"Movement": 10, "CapReached": 22}
    assert cap_of(key).spent == 10
    assert figures(user) == (90, 0, 0)
    assert_sound()


def test_holds_and_charges_under_one_cap_never_overspend_it() -> None:
    user, key = user_with(100), uuid4()
    set_cap(key, limit=10, period="day")
    outcomes = at_once(
        *[lambda: in_this_process(user, 1, key=uuid4().hex, cap=key)] * 10,
        *[lambda: hold(user, 1, operation="job", key=uuid4().hex, cap=key)] * 10,
    )
    assert sum(isinstance(outcome, CapReached) for outcome in outcomes) == 10
    assert cap_of(key).spent == 10
    assert_sound()


def test_holds_never_set_aside_more_than_there_is() -> None:
    user = user_with(10)
    outcomes = at_once(*[lambda: hold(user, 3, operation="job", key=uuid4().hex)] * 16)
    assert kinds(outcomes) == {"SetAside": 3, "InsufficientCredits": 13}
    assert figures(user) == (10, 9, 0)
    assert_sound()


def test_one_hold_ends_once_whoever_is_first() -> None:
    for _ in range(5):
        user = user_with(10)
        held = hold(user, 5, operation="job", key=uuid4().hex, seconds=0)
        outcomes = at_once(
            lambda held=held: capture(held.hold, 5, key=uuid4().hex),  # type: ignore[misc]
            lambda held=held: capture(held.hold, 5, key=uuid4().hex),  # type: ignore[misc]
            lambda held=held: release(held.hold),  # type: ignore[misc]
            lambda: holds.release_expired(timezone.now()),
        )
        swept = outcomes.pop()
        assert sum(not isinstance(outcome, HoldClosed) for outcome in outcomes) + swept == 1
        captured = sum(isinstance(outcome, Movement) for outcome in outcomes)
        assert figures(user) == (10 - 5 * captured, 0, 0)
    assert_sound()


def test_captures_of_one_hold_never_take_more_than_it_holds() -> None:
    user = user_with(100)
    held = hold(user, 10, operation="job", key="job_1")
    outcomes = at_once(*[lambda: capture(held.hold, 3, key=uuid4().hex)] * 8)
    assert kinds(outcomes) == {"Movement": 3, "HoldExceeded": 5}
    assert figures(user) == (91, 1, 0)
    assert_sound()


def test_refunds_never_give_back_more_than_was_charged() -> None:
    user = user_with(100)
    charge(user, 10, operation="conversion.fnsku", key="chg_1")
    outcomes = at_once(*[lambda: refund("chg_1", 3, key=uuid4().hex)] * 8)
    assert sum(isinstance(outcome, RefundExceedsCharge) for outcome in outcomes) == 5
    assert figures(user) == (99, 0, 0)
    assert_sound()


def test_one_refund_in_many_threads_is_made_once() -> None:
    user = user_with(100)
    charge(user, 10, operation="conversion.fnsku", key="chg_1")
    outcomes = at_once(*[lambda: refund("chg_1", 3, key="ref_1")] * 8)
    assert kinds(outcomes) == {"Movement": 1, "DuplicateEntry": 7}
    assert figures(user) == (93, 0, 0)


def test_the_first_grants_of_a_new_user_open_one_wallet() -> None:
    user = user_with(0)
    outcomes = at_once(*[lambda: grant(user, 5, operation="pack", key=uuid4().hex)] * 8)
    assert kinds(outcomes) == {"Movement": 8}
    assert figures(user) == (40, 0, 0)
    assert_sound()


def test_one_welcome_is_granted_once() -> None:
    user = user_with(0)
    outcomes = at_once(*[lambda: grant(user, 10, operation="welcome", key="welcome_1")] * 8)
    assert sum(isinstance(outcome, DuplicateEntry) for outcome in outcomes) == 7
    assert figures(user) == (10, 0, 0)


def test_everything_at_once_breaks_no_law() -> None:
    users, key = [user_with(50) for _ in range(3)], uuid4()
    set_cap(key, limit=30, period="day")

    def work(user: Any, turn: int) -> None:
        for step in range(6):
            try:
                held = hold(user, 4, operation="job", key=uuid4().hex, cap=key if turn % 2 else None)
                spent = in_this_process(user, 2, key=uuid4().hex, cap=key if step % 2 else None)
                capture(held.hold, 3, key=uuid4().hex, is_last=step % 2 == 0)
                refund(spent.key, 1, key=uuid4().hex)
                reverse(user, 3, operation="dispute", key=uuid4().hex)
                grant(user, 4, operation="pack", key=uuid4().hex)
            except (InsufficientCredits, CapReached):
                pass

    assert at_once(*[partial(work, users[turn % 3], turn) for turn in range(12)]) == [None] * 12
    assert_sound()
    holds.release_expired(timezone.now() + timedelta(days=1))
    assert [figures(user)[1] for user in users] == [0, 0, 0]
    assert_sound()
