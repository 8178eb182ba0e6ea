"""Spending caps: how much may be spent in a key's name."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from credits.caps import caps_of, remove_cap, set_cap
from credits.errors import CapReached, DuplicateEntry, InsufficientCredits
from credits.models import SpendingCap
from credits.services import capture, charge, hold, refund, release
from credits.tests.factories import assert_sound, cap_of, figures, user_with

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def spend(user: object, amount: int, cap: UUID) -> str:
    """Charge under a cap; the key of the charge."""
    key = uuid4().hex
    charge(user, amount, operation="product.lookup", key=key, cap=cap)  # type: ignore[arg-type]
    return key


def test_allows_what_its_limit_allows() -> None:
    user, key = user_with(10), uuid4()
    set_cap(key, limit=5, period="total")
    spend(user, 3, key)
    spend(user, 2, key)
    assert cap_of(key).spent == 5
    assert figures(user) == (5, 0, 0)
    assert_sound()


def test_refuses_what_goes_beyond() -> None:
    user, key = user_with(10), uuid4()
    set_cap(key, limit=5, period="total")
    spend(user, 3, key)
    with pytest.raises(CapReached) as refusal:
        spend(user, 3, key)
    assert (refusal.value.cap, refusal.value.limit, refusal.value.available) == (key, 5, 2)
    assert refusal.value.resets_at is None
    assert figures(user) == (7, 0, 0)
    assert cap_of(key).spent == 3
    assert_sound()


@time_machine.travel(NOON, tick=False)
@pytest.mark.parametrize(
    ("period", "resets_at"),
    [("day", datetime(2026, 11, 21, tzinfo=UTC)), ("month", datetime(2026, 12, 1, tzinfo=UTC))],
)
def test_says_when_it_starts_afresh(period: str, resets_at: datetime) -> None:
    key = uuid4()
    set_cap(key, limit=5, period=period)
    with pytest.raises(CapReached) as refusal:
        spend(user_with(10), 6, key)
    assert refusal.value.resets_at == resets_at


@pytest.mark.parametrize(
    ("period", "later"),
    [("day", datetime(2026, 11, 21, tzinfo=UTC)), ("month", datetime(2026, 12, 1, tzinfo=UTC))],
)
def test_starts_afresh_with_the_next_day_or_month(period: str, later: datetime) -> None:
    user, key = user_with(20), uuid4()
    with time_machine.travel(NOON, tick=False):
        set_cap(key, limit=5, period=period)
        spend(user, 5, key)
    with time_machine.travel(later - timedelta(seconds=1), tick=False), pytest.raises(CapReached):
        spend(user, 1, key)
    with time_machine.travel(later, tick=False):
        spend(user, 5, key)
    assert cap_of(key).window_started_at == later
    assert figures(user) == (10, 0, 0)
    assert_sound()


def test_a_cap_on_the_total_never_starts_afresh() -> None:
    user, key = user_with(20), uuid4()
    with time_machine.travel(NOON, tick=False):
        set_cap(key, limit=5, period="total")
        spend(user, 5, key)
    with time_machine.travel(NOON + timedelta(days=4000), tick=False), pytest.raises(CapReached):
        spend(user, 1, key)


def test_a_slow_clock_does_not_turn_the_window_back() -> None:
    user, key = user_with(20), uuid4()
    with time_machine.travel(NOON, tick=False):
        set_cap(key, limit=5, period="day")
        spend(user, 5, key)
    with time_machine.travel(NOON - timedelta(days=1), tick=False), pytest.raises(CapReached):
        spend(user, 1, key)


def test_counts_holds_while_they_are_open() -> None:
    user, key = user_with(20), uuid4()
    set_cap(key, limit=5, period="day")
    held = hold(user, 4, operation="job", key="job_1", cap=key)
    with pytest.raises(CapReached):
        hold(user, 2, operation="job", key="job_2", cap=key)
    with pytest.raises(CapReached):
        spend(user, 2, key)
    capture(held.hold, 1, key="chg_1")
    release(held.hold)
    spend(user, 4, key)
    assert cap_of(key).spent == 5
    assert figures(user) == (15, 0, 0)
    assert_sound()


def test_what_a_passed_window_counted_is_not_given_back_to_the_next() -> None:
    user, key = user_with(20), uuid4()
    with time_machine.travel(NOON, tick=False):
        set_cap(key, limit=5, period="day")
        held = hold(user, 2, operation="job", key="job_1", cap=key)
        spent = spend(user, 3, key)
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        spend(user, 4, key)
        release(held.hold)
        refund(spent, key="ref_1")
        assert cap_of(key).spent == 4
    assert_sound()


def test_is_asked_after_the_wallet() -> None:
    user, key = user_with(1), uuid4()
    set_cap(key, limit=1, period="day")
    with pytest.raises(InsufficientCredits):
        spend(user, 2, key)
    with pytest.raises(InsufficientCredits):
        hold(user, 2, operation="job", key="job_1", cap=key)
    assert cap_of(key).spent == 0


def test_a_repeated_key_counts_once() -> None:
    user, key = user_with(10), uuid4()
    set_cap(key, limit=5, period="day")
    charge(user, 2, operation="product.lookup", key="chg_1", cap=key)
    with pytest.raises(DuplicateEntry):
        charge(user, 2, operation="product.lookup", key="chg_1", cap=key)
    hold(user, 2, operation="job", key="job_1", cap=key)
    for amount in (1, 2):
        with pytest.raises(DuplicateEntry):
            hold(user, amount, operation="job", key="job_1", cap=key)
    assert cap_of(key).spent == 4
    assert_sound()


def test_a_cap_that_does_not_exist_allows_nothing() -> None:
    user = user_with(10)
    with pytest.raises(CapReached) as refusal:
        spend(user, 1, uuid4())
    assert (refusal.value.limit, refusal.value.available) == (0, 0)
    with pytest.raises(CapReached):
        hold(user, 1, operation="job", key="job_1", cap=uuid4())
    assert figures(user) == (10, 0, 0)


def test_a_removed_cap_takes_nothing_back() -> None:
    user, key = user_with(10), uuid4()
    set_cap(key, limit=5, period="day")
    held = hold(user, 2, operation="job", key="job_1", cap=key)
    remove_cap(key)
    release(held.hold)
    assert not SpendingCap.objects.filter(pk=key).exists()
    assert figures(user) == (10, 0, 0)
    assert_sound()


def test_a_cap_that_is_missing_says_that_it_is() -> None:
    key = uuid4()
    with pytest.raises(CapReached, match="is missing") as refusal:
        spend(user_with(10), 1, key)
    assert (refusal.value.cap, refusal.value.available, refusal.value.resets_at) == (key, 0, None)


def test_a_raised_limit_allows_more_at_once() -> None:
    user, key = user_with(10), uuid4()
    set_cap(key, limit=2, period="total")
    spend(user, 2, key)
    assert set_cap(key, limit=6, period="total").spent == 2
    spend(user, 4, key)
    assert_sound()


def test_a_lowered_limit_counts_what_has_been_spent_beyond_it() -> None:
    user, key = user_with(20), uuid4()
    set_cap(key, limit=10, period="total")
    spent = [spend(user, 3, key) for _ in range(3)]
    lowered = set_cap(key, limit=5, period="total")
    assert (lowered.spent, lowered.excess) == (5, 4)
    refund(spent[0], key="ref_1")
    with pytest.raises(CapReached):
        spend(user, 1, key)
    refund(spent[1], key="ref_2")
    spend(user, 2, key)
    assert (cap_of(key).spent, cap_of(key).excess) == (5, 0)
    assert_sound()


def test_another_period_begins_to_count_afresh() -> None:
    user, key = user_with(20), uuid4()
    set_cap(key, limit=5, period="total")
    spend(user, 5, key)
    changed = set_cap(key, limit=5, period="day")
    assert (changed.spent, changed.excess) == (0, 0)
    spend(user, 5, key)
    assert_sound()


def test_a_cap_set_again_in_a_later_window_starts_with_it() -> None:
    user, key = user_with(20), uuid4()
    with time_machine.travel(NOON, tick=False):
        set_cap(key, limit=5, period="day")
        spend(user, 5, key)
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert set_cap(key, limit=4, period="day").spent == 0
    assert_sound()


@pytest.mark.parametrize(("limit", "period"), [(-1, "day"), (1.5, "day"), (True, "day"), (1, "week")])
def test_refuses_what_is_no_cap(limit: int, period: str) -> None:
    with pytest.raises(ValueError, match="whole number"):
        set_cap(uuid4(), limit=limit, period=period)


def test_the_caps_of_some_subjects_are_told_as_they_stand_now(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    user, daily, lowered, unknown = user_with(20), uuid4(), uuid4(), uuid4()
    with time_machine.travel(NOON, tick=False):
        set_cap(daily, limit=5, period="day")
        spend(user, 5, daily)
    set_cap(lowered, limit=9, period="total")
    spend(user, 7, lowered)
    set_cap(lowered, limit=2, period="total")
    with time_machine.travel(NOON + timedelta(days=1), tick=False), django_assert_num_queries(1):
        told = caps_of([daily, lowered, unknown])
    assert told == {
        daily: {"limit": 5, "period": "day", "spent": 0, "resets_at": datetime(2026, 11, 22, tzinfo=UTC)},
        lowered: {"limit": 2, "period": "total", "spent": 7, "resets_at": None},
    }
