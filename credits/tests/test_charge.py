"""charge: credits are taken for an answer."""

from uuid import uuid4

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from credits.errors import DuplicateEntry, InsufficientCredits
from credits.models import LedgerEntry
from credits.services import charge, grant, hold, reverse
from credits.tests.factories import assert_sound, entries_of, figures, user_with

pytestmark = pytest.mark.django_db


def test_takes_the_amount_and_says_what_is_left() -> None:
    user = user_with(10)
    assert charge(user, 3, operation="product.lookup", key="chg_1") == ("chg_1", -3, 7, 7)
    assert figures(user) == (7, 0, 0)
    assert entries_of(user) == [("grant", 10), ("charge", -3)]
    assert_sound()


def test_keeps_what_it_is_told_about_itself() -> None:
    user = user_with(10)
    charge(
        user,
        1,
        operation="product.lookup",
        key="chg_1",
        reference="B07ZPKCJ6X",
        metadata={"parts": ["offers"]},
    )
    entry = LedgerEntry.objects.get(key="chg_1")
    assert (entry.operation, entry.reference) == ("product.lookup", "B07ZPKCJ6X")
    assert entry.metadata == {"parts": ["offers"]}


def test_takes_the_last_credit() -> None:
    user = user_with(1)
    assert charge(user, 1, operation="product.lookup", key="chg_1").available == 0


def test_refuses_when_credits_are_short() -> None:
    user = user_with(2)
    with pytest.raises(InsufficientCredits) as refusal:
        charge(user, 3, operation="product.lookup", key="chg_1")
    assert (refusal.value.required, refusal.value.available) == (3, 2)
    assert str(refusal.value) == "This costs 3 credits, and 2 credits can be spent."
    assert entries_of(user) == [("grant", 2)]


def test_refuses_a_user_who_never_had_credits() -> None:
    with pytest.raises(InsufficientCredits) as refusal:
        charge(user_with(0), 1, operation="product.lookup", key="chg_1")
    assert refusal.value.available == 0


def test_does_not_touch_what_is_held() -> None:
    user = user_with(10)
    hold(user, 8, operation="job", key="job_1")
    with pytest.raises(InsufficientCredits) as refusal:
        charge(user, 3, operation="product.lookup", key="chg_1")
    assert refusal.value.available == 2
    assert charge(user, 2, operation="product.lookup", key="chg_2") == ("chg_2", -2, 8, 0)


def test_is_taken_once_for_its_key() -> None:
    user = user_with(10)
    charge(user, 3, operation="product.lookup", key="chg_1")
    with pytest.raises(DuplicateEntry, match="chg_1"):
        charge(user, 3, operation="product.lookup", key="chg_1")
    assert figures(user) == (7, 0, 0)


def test_a_repeated_key_is_named_even_when_credits_are_short_by_now() -> None:
    user = user_with(3)
    charge(user, 3, operation="product.lookup", key="chg_1")
    with pytest.raises(DuplicateEntry):
        charge(user, 3, operation="product.lookup", key="chg_1")


def test_a_refused_charge_leaves_its_key_free() -> None:
    user = user_with(1)
    with pytest.raises(InsufficientCredits):
        charge(user, 3, operation="product.lookup", key="chg_1")
    grant(user, 5, operation="pack", key="pack_1")
    assert charge(user, 3, operation="product.lookup", key="chg_1").balance == 3


def test_who_owes_cannot_spend() -> None:
    user = user_with(1)
    reverse(user, 5, operation="dispute", key="rev_1")
    with pytest.raises(InsufficientCredits):
        charge(user, 1, operation="product.lookup", key="chg_1")


def test_a_duplicate_leaves_the_callers_transaction_usable() -> None:
    user = user_with(10)
    with transaction.atomic():
        charge(user, 1, operation="product.lookup", key="chg_1")
        with pytest.raises(DuplicateEntry):
            charge(user, 1, operation="product.lookup", key="chg_1")
        charge(user, 1, operation="product.lookup", key="chg_2")
    assert figures(user) == (8, 0, 0)


def test_falls_with_the_callers_transaction() -> None:
    user = user_with(10)
    with transaction.atomic():
        charge(user, 1, operation="product.lookup", key="chg_1")
        transaction.set_rollback(True)
    assert figures(user) == (10, 0, 0)
    assert_sound()


@pytest.mark.django_db(transaction=True)
def test_is_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    user = user_with(10)
    with django_assert_num_queries(1) as captured:
        charge(user, 1, operation="product.lookup", key="chg_1")
    assert "UPDATE credits_wallet" in captured[0]["sql"]
    assert "INSERT INTO credits_ledgerentry" in captured[0]["sql"]


@pytest.mark.parametrize("amount", [0, -3, 2.0, False])
def test_refuses_what_is_no_positive_whole_number(amount: int) -> None:
    with pytest.raises(ValueError, match="whole number"):
        charge(user_with(10), amount, operation="product.lookup", key=uuid4().hex)
