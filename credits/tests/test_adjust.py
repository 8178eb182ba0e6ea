"""adjust: staff correct a balance, and say why."""

import pytest

from credits.errors import DuplicateEntry, InsufficientCredits
from credits.models import LedgerEntry
from credits.services import adjust, hold, reverse
from credits.tests.factories import assert_sound, entries_of, figures, user_with

pytestmark = pytest.mark.django_db

WHO_AND_WHY = {"reason": "lost in a fire", "actor": "operator@example.com"}


def test_adds_credits() -> None:
    user = user_with(10)
    assert adjust(user, 5, key="adj_1", **WHO_AND_WHY) == ("adj_1", 5, 15, 15)
    assert entries_of(user)[-1] == ("adjustment", 5)
    assert_sound()


def test_takes_credits() -> None:
    user = user_with(10)
    assert adjust(user, -4, key="adj_1", **WHO_AND_WHY) == ("adj_1", -4, 6, 6)
    assert_sound()


def test_keeps_who_and_why() -> None:
    adjust(user_with(10), 5, key="adj_1", reason="  lost in a fire ", actor="operator@example.com")
    assert LedgerEntry.objects.get(key="adj_1").metadata == WHO_AND_WHY


@pytest.mark.parametrize(("reason", "actor"), [("", "me"), ("  ", "me"), ("because", "")])
def test_needs_a_reason_and_an_actor(reason: str, actor: str) -> None:
    user = user_with(10)
    with pytest.raises(ValueError, match="who made it and why"):
        adjust(user, 5, key="adj_1", reason=reason, actor=actor)
    assert figures(user) == (10, 0, 0)


def test_takes_nothing_that_is_not_there_or_is_held() -> None:
    user = user_with(10)
    hold(user, 8, operation="job", key="job_1")
    with pytest.raises(InsufficientCredits) as refusal:
        adjust(user, -3, key="adj_1", **WHO_AND_WHY)
    assert (refusal.value.required, refusal.value.available) == (3, 2)


def test_opens_a_wallet_for_a_user_who_has_none() -> None:
    user = user_with(0)
    adjust(user, 5, key="adj_1", **WHO_AND_WHY)
    assert figures(user) == (5, 0, 0)


def test_is_made_once_for_its_key() -> None:
    user = user_with(10)
    adjust(user, 5, key="adj_1", **WHO_AND_WHY)
    with pytest.raises(DuplicateEntry):
        adjust(user, 5, key="adj_1", **WHO_AND_WHY)
    assert figures(user) == (15, 0, 0)


def test_pays_what_the_wallet_owes_first() -> None:
    user = user_with(10)
    reverse(user, 12, operation="dispute", key="rev_1")
    assert adjust(user, 5, key="adj_1", **WHO_AND_WHY).available == 3
    assert figures(user) == (3, 0, 0)
    assert_sound()


@pytest.mark.parametrize("amount", [0, 1.5])
def test_refuses_what_is_no_whole_number(amount: int) -> None:
    with pytest.raises(ValueError, match="whole number"):
        adjust(user_with(10), amount, key="adj_1", **WHO_AND_WHY)
