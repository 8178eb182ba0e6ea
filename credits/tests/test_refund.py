"""refund: an answer turned out wrong, its charge is given back."""

from uuid import uuid4

import pytest

from credits.caps import set_cap
from credits.errors import DuplicateEntry, RefundExceedsCharge, UnknownCharge
from credits.models import LedgerEntry
from credits.services import capture, charge, hold, refund, reverse
from credits.tests.factories import assert_sound, cap_of, entries_of, figures, user_with

pytestmark = pytest.mark.django_db


def test_gives_back_all_of_the_charge() -> None:
    user = user_with(10)
    charge(user, 4, operation="conversion.fnsku", key="chg_1", reference="X001ABCDEF")
    assert refund("chg_1", key="ref_1") == ("ref_1", 4, 10, 10)
    entry = LedgerEntry.objects.get(key="ref_1")
    assert (entry.kind, entry.operation, entry.reference) == ("refund", "conversion.fnsku", "X001ABCDEF")
    assert entry.charge is not None
    assert entry.charge.key == "chg_1"
    assert_sound()


def test_gives_back_a_part() -> None:
    user = user_with(10)
    charge(user, 4, operation="conversion.fnsku", key="chg_1")
    assert refund("chg_1", 1, key="ref_1").balance == 7
    assert refund("chg_1", key="ref_2") == ("ref_2", 3, 10, 10)
    assert_sound()


def test_never_gives_back_more_than_was_charged() -> None:
    user = user_with(10)
    charge(user, 4, operation="conversion.fnsku", key="chg_1")
    refund("chg_1", 3, key="ref_1")
    with pytest.raises(RefundExceedsCharge) as refusal:
        refund("chg_1", 2, key="ref_2")
    assert (refusal.value.asked, refusal.value.refundable) == (2, 1)
    assert figures(user) == (9, 0, 0)


def test_gives_back_nothing_of_what_has_been_given_back() -> None:
    user = user_with(10)
    charge(user, 4, operation="conversion.fnsku", key="chg_1")
    refund("chg_1", key="ref_1")
    with pytest.raises(RefundExceedsCharge):
        refund("chg_1", key="ref_2")
    assert figures(user) == (10, 0, 0)


def test_is_made_once_for_its_key() -> None:
    user = user_with(10)
    charge(user, 4, operation="conversion.fnsku", key="chg_1")
    refund("chg_1", 1, key="ref_1")
    with pytest.raises(DuplicateEntry):
        refund("chg_1", 1, key="ref_1")
    assert figures(user) == (7, 0, 0)


def test_gives_back_what_was_captured_from_a_hold() -> None:
    user = user_with(10)
    held = hold(user, 5, operation="product.lookup", key="hold_1")
    capture(held.hold, 2, key="chg_1", is_last=True)
    assert refund("chg_1", key="ref_1").balance == 10
    assert_sound()


def test_knows_charges_only() -> None:
    user = user_with(10)
    grant_key = LedgerEntry.objects.for_user(user).get().key
    for key in (grant_key, "chg_unheard_of"):
        with pytest.raises(UnknownCharge, match=key):
            refund(key, key="ref_1")


def test_pays_what_the_wallet_owes_first() -> None:
    user = user_with(10)
    charge(user, 4, operation="conversion.fnsku", key="chg_1")
    reverse(user, 9, operation="dispute", key="rev_1")
    assert refund("chg_1", key="ref_1").available == 1
    assert figures(user) == (1, 0, 0)
    assert entries_of(user)[3:] == [("refund", 4), ("reversal", -3)]
    assert_sound()


def test_gives_the_spending_cap_its_credits_back() -> None:
    user, key = user_with(10), uuid4()
    set_cap(key, limit=5, period="total")
    charge(user, 4, operation="conversion.fnsku", key="chg_1", cap=key)
    refund("chg_1", 3, key="ref_1")
    assert cap_of(key).spent == 1
    assert_sound()


@pytest.mark.parametrize("amount", [0, -1, 1.5])
def test_refuses_what_is_no_positive_whole_number(amount: int) -> None:
    charge(user_with(10), 4, operation="conversion.fnsku", key="chg_1")
    with pytest.raises(ValueError, match="whole number"):
        refund("chg_1", amount, key="ref_1")
