"""reverse: money went back, and so do the credits it bought."""

import pytest

from credits.errors import DuplicateEntry
from credits.models import LedgerEntry
from credits.services import charge, grant, hold, reverse
from credits.tests.factories import assert_sound, entries_of, figures, user_with

pytestmark = pytest.mark.django_db


def test_takes_back_what_is_there() -> None:
    user = user_with(10)
    assert reverse(user, 4, operation="stripe.refund", key="rev_1", reference="order_1") == (
        "rev_1",
        -4,
        6,
        6,
    )
    entry = LedgerEntry.objects.get(key="rev_1")
    assert (entry.kind, entry.reference, entry.receivable, entry.metadata) == (
        "reversal",
        "order_1",
        0,
        {"asked": 4},
    )
    assert_sound()


def test_records_what_has_been_spent_as_a_receivable() -> None:
    user = user_with(10)
    charge(user, 7, operation="product.lookup", key="chg_1")
    assert reverse(user, 10, operation="stripe.dispute", key="rev_1") == ("rev_1", -3, 0, 0)
    assert figures(user) == (0, 0, 7)
    assert_sound()


def test_is_recorded_even_when_nothing_is_there_to_take() -> None:
    user = user_with(10)
    charge(user, 10, operation="product.lookup", key="chg_1")
    assert reverse(user, 10, operation="stripe.dispute", key="rev_1").amount == 0
    assert entries_of(user)[-1] == ("reversal", 0)
    assert figures(user) == (0, 0, 10)
    with pytest.raises(DuplicateEntry):
        reverse(user, 10, operation="stripe.dispute", key="rev_1")
    assert figures(user) == (0, 0, 10)
    assert_sound()


def test_leaves_what_is_held_for_work_under_way() -> None:
    user = user_with(10)
    hold(user, 6, operation="job", key="job_1")
    reverse(user, 10, operation="stripe.dispute", key="rev_1")
    assert figures(user) == (6, 6, 6)
    assert_sound()


def test_adds_up_with_an_earlier_one() -> None:
    user = user_with(10)
    reverse(user, 15, operation="stripe.dispute", key="rev_1")
    reverse(user, 5, operation="stripe.dispute", key="rev_2")
    assert figures(user) == (0, 0, 10)
    grant(user, 100, operation="pack", key="pack_1")
    assert figures(user) == (90, 0, 0)
    assert_sound()


def test_can_come_before_the_grant_it_reverses() -> None:
    user = user_with(0)
    reverse(user, 100, operation="stripe.refund", key="rev_1", metadata={"order": "order_1"})
    assert grant(user, 100, operation="pack", key="pack_1").available == 0
    assert figures(user) == (0, 0, 0)
    assert_sound()


@pytest.mark.parametrize("amount", [0, -1, 1.5])
def test_refuses_what_is_no_positive_whole_number(amount: int) -> None:
    with pytest.raises(ValueError, match="whole number"):
        reverse(user_with(10), amount, operation="stripe.refund", key="rev_1")
