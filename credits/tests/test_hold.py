"""hold: credits are set aside for work under way."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries, Settings

from credits.errors import DuplicateEntry, InsufficientCredits
from credits.services import charge, hold
from credits.tests.factories import assert_sound, entries_of, figures, hold_named, user_with

pytestmark = pytest.mark.django_db


def test_sets_credits_aside_and_takes_none() -> None:
    user = user_with(10)
    held = hold(user, 4, operation="product.lookup", key="hold_1", reference="B07ZPKCJ6X")
    assert (held.amount, held.available) == (4, 6)
    assert figures(user) == (10, 4, 0)
    assert entries_of(user) == [("grant", 10)]
    kept = hold_named("hold_1")
    assert (kept.pk, kept.operation, kept.reference) == (held.hold, "product.lookup", "B07ZPKCJ6X")
    assert kept.is_open
    assert_sound()


def test_refuses_when_credits_are_short() -> None:
    user = user_with(10)
    hold(user, 8, operation="job", key="hold_1")
    with pytest.raises(InsufficientCredits) as refusal:
        hold(user, 3, operation="job", key="hold_2")
    assert (refusal.value.required, refusal.value.available) == (3, 2)
    assert figures(user) == (10, 8, 0)


def test_refuses_a_user_who_never_had_credits() -> None:
    with pytest.raises(InsufficientCredits):
        hold(user_with(0), 1, operation="job", key="hold_1")


def test_is_made_once_for_its_key() -> None:
    user = user_with(10)
    hold(user, 8, operation="job", key="hold_1")
    for amount in (1, 8):
        with pytest.raises(DuplicateEntry, match="hold_1"):
            hold(user, amount, operation="job", key="hold_1")
    assert figures(user) == (10, 8, 0)


def test_shares_no_keys_with_entries() -> None:
    user = user_with(10)
    charge(user, 1, operation="product.lookup", key="req_1")
    assert hold(user, 1, operation="product.lookup", key="req_1").available == 8


def test_ends_by_itself_after_the_time_of_the_setting(settings: Settings) -> None:
    settings.HOLD_SECONDS = 90
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        hold(user_with(1), 1, operation="job", key="hold_1")
    assert hold_named("hold_1").expires_at == now + timedelta(seconds=90)


def test_a_job_can_ask_for_more_time() -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        hold(user_with(1), 1, operation="job", key="hold_1", seconds=86_400)
    assert hold_named("hold_1").expires_at == now + timedelta(days=1)


@pytest.mark.django_db(transaction=True)
def test_is_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    user = user_with(10)
    with django_assert_num_queries(1) as captured:
        hold(user, 1, operation="product.lookup", key="hold_1")
    assert "UPDATE credits_wallet" in captured[0]["sql"]
    assert "INSERT INTO credits_hold" in captured[0]["sql"]


@pytest.mark.parametrize("amount", [0, -3, 2.0])
def test_refuses_what_is_no_positive_whole_number(amount: int) -> None:
    with pytest.raises(ValueError, match="whole number"):
        hold(user_with(10), amount, operation="job", key="hold_1")
