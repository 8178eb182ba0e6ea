"""grant: credits come in."""

import pytest
from django.db import IntegrityError

from credits.errors import DuplicateEntry
from credits.models import LedgerEntry
from credits.services import grant, reverse
from credits.tests.factories import UserFactory, assert_sound, entries_of, figures, user_with

pytestmark = pytest.mark.django_db


def test_opens_a_wallet_for_a_user_who_has_none() -> None:
    user = user_with(0)
    movement = grant(user, 10, operation="welcome", key="welcome_1")
    assert movement == ("welcome_1", 10, 10, 10)
    assert figures(user) == (10, 0, 0)
    assert_sound()


def test_adds_to_what_is_there() -> None:
    user = user_with(5)
    assert grant(user, 7, operation="pack", key="pack_1").balance == 12
    assert entries_of(user) == [("grant", 5), ("grant", 7)]


def test_keeps_what_it_is_told_about_itself() -> None:
    user = user_with(0)
    grant(user, 1, operation="pack", key="pack_1", reference="order_7", metadata={"package": "starter"})
    entry = LedgerEntry.objects.get(key="pack_1")
    assert (entry.operation, entry.reference, entry.metadata) == ("pack", "order_7", {"package": "starter"})


def test_is_made_once_for_its_key() -> None:
    user = user_with(5)
    grant(user, 7, operation="pack", key="pack_1")
    with pytest.raises(DuplicateEntry, match="pack_1"):
        grant(user, 7, operation="pack", key="pack_1")
    assert figures(user) == (12, 0, 0)


def test_a_key_is_used_up_for_every_user() -> None:
    grant(user_with(5), 7, operation="pack", key="pack_1")
    other = user_with(5)
    with pytest.raises(DuplicateEntry):
        grant(other, 7, operation="pack", key="pack_1")
    assert figures(other) == (5, 0, 0)


def test_pays_what_the_wallet_owes_first() -> None:
    user = user_with(10)
    reverse(user, 25, operation="dispute", key="rev_1")
    assert grant(user, 40, operation="pack", key="pack_1") == ("pack_1", 40, 25, 25)
    assert figures(user) == (25, 0, 0)
    assert entries_of(user)[2:] == [("grant", 40), ("reversal", -15)]
    assert_sound()


def test_owing_more_than_comes_in_leaves_nothing_to_spend() -> None:
    user = user_with(10)
    reverse(user, 25, operation="dispute", key="rev_1")
    assert grant(user, 4, operation="pack", key="pack_1").available == 0
    assert figures(user) == (0, 0, 11)
    assert_sound()


@pytest.mark.parametrize("amount", [0, -1, 1.5, True, "1", 10**16])
def test_refuses_what_is_no_positive_whole_number(amount: int) -> None:
    with pytest.raises(ValueError, match="whole number"):
        grant(user_with(0), amount, operation="pack", key="pack_1")


@pytest.mark.parametrize(
    ("operation", "key", "reference"),
    [
        ("", "k", ""),
        ("o", "", ""),
        ("o" * 65, "k", ""),
        ("o", "k" * 201, ""),
        ("o", "k", "r" * 201),
        ("o", "k\0", ""),
    ],
)
def test_refuses_names_that_do_not_fit(operation: str, key: str, reference: str) -> None:
    with pytest.raises(ValueError, match="has"):
        grant(user_with(0), 1, operation=operation, key=key, reference=reference)


def test_a_stranger_gets_no_wallet() -> None:
    grant(UserFactory.build(), 1, operation="pack", key="pack_1")
    with pytest.raises(IntegrityError, match="credits_wallet_user_id"):
        assert_sound()


@pytest.mark.django_db(transaction=True)
def test_a_broken_law_is_not_blamed_on_the_key() -> None:
    with pytest.raises(IntegrityError, match="credits_wallet_user_id"):
        grant(UserFactory.build(), 1, operation="pack", key="pack_1")
