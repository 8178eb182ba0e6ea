"""Confirming and rejecting answers."""

import pytest

from accounts.models import User
from accounts.tests.factories import a_user
from conversion.errors import FeedbackGiven, NotToBeJudged, SameASIN, UnknownConversion
from conversion.feedback import give_feedback
from conversion.models import Conversion, Feedback, Mapping, Purchase
from conversion.tests.factories import (
    ASIN,
    CODE,
    OTHER_ASIN,
    THIRD_ASIN,
    ConversionFactory,
    an_answer,
    heard,
    new_id,
    right,
    wrong,
)
from credits.models import LedgerEntry
from credits.services import charge, refund
from credits.tests.factories import assert_sound, entries_of, figures

pytestmark = pytest.mark.django_db


def own_pairs(user: User) -> dict[str, str]:
    """What this account's own word says, by code."""
    return dict(Mapping.objects.filter(owner=user, source="confirmed").values_list("code", "asin"))


# --- money ---


def test_a_wrong_answer_is_refunded(alice: User) -> None:
    said = wrong(an_answer(alice))
    assert (said.refund, said.refunded, said.withheld) == ("given", 2, "")
    assert entries_of(alice) == [("grant", 100), ("charge", -2), ("refund", 2)]
    assert_sound()


def test_the_refund_names_charge_and_conversion(alice: User) -> None:
    row = an_answer(alice)
    wrong(row)
    entry = LedgerEntry.objects.get(kind="refund")
    assert entry.charge is not None
    assert entry.charge.key == row.charge
    assert entry.metadata["conversion"] == "cnv_" + entry.key.removeprefix("feedback_")


def test_a_right_answer_is_not_refunded(alice: User) -> None:
    said = right(an_answer(alice))
    assert (said.refund, said.refunded) == ("none", 0)
    assert figures(alice)[0] == 98


def test_a_free_answer_refunds_nothing(alice: User) -> None:
    said = wrong(an_answer(alice, credits=0))
    assert (said.refund, said.refunded) == ("none", 0)
    assert entries_of(alice) == [("grant", 100)]


def test_what_was_refunded_can_be_bought_again_and_refunded_again(alice: User) -> None:
    wrong(an_answer(alice))
    assert not Purchase.objects.exists()
    again = an_answer(alice)
    assert Purchase.objects.get().charge == again.charge
    assert wrong(again).refunded == 2
    assert figures(alice)[0] == 100


def test_a_pair_that_another_answer_has_paid_for_stays_paid(alice: User) -> None:
    product_only = an_answer(alice, credits=1)
    paid = an_answer(alice)
    wrong(product_only)
    assert Purchase.objects.get().charge == paid.charge


def test_of_a_charge_for_many_answers_this_ones_part_is_refunded(alice: User) -> None:
    charge(alice, 10, operation="conversion.fnsku", key="chg_chunk")
    row = ConversionFactory.create(user=alice, credits=2, charge="chg_chunk")
    assert wrong(row).refunded == 2
    assert figures(alice)[0] == 92


def test_what_was_given_back_before_is_not_given_again(alice: User) -> None:
    whole, half = an_answer(alice), an_answer(alice, code="X0002ABCDE")
    refund(whole.charge, key="by_hand_1")
    refund(half.charge, 1, key="by_hand_2")
    assert (wrong(whole).refund, wrong(half).refunded) == ("none", 1)
    assert figures(alice)[0] == 100
    assert_sound()


# --- once, by whom, of what ---


def test_feedback_is_given_once(alice: User) -> None:
    row = an_answer(alice)
    right(row)
    with pytest.raises(FeedbackGiven):
        wrong(row)
    assert Feedback.objects.get().is_correct
    assert figures(alice)[0] == 98


def test_another_accounts_answer_is_unknown(alice: User, bob: User) -> None:
    row = an_answer(alice)
    with pytest.raises(UnknownConversion):
        give_feedback(user=bob, conversion_id=row.pk, is_correct=False)
    with pytest.raises(UnknownConversion):
        give_feedback(user=bob, conversion_id=new_id(), is_correct=False)
    assert not Feedback.objects.exists()


@pytest.mark.parametrize("status", [Conversion.Status.PENDING, Conversion.Status.NOT_FOUND])
def test_what_names_no_asin_cannot_be_judged(alice: User, status: str) -> None:
    row = an_answer(alice, credits=0, status=status, asin="", heard={})
    with pytest.raises(NotToBeJudged):
        wrong(row)


def test_what_was_answered_is_no_correction(alice: User) -> None:
    with pytest.raises(SameASIN):
        wrong(an_answer(alice), ASIN)
    assert not Feedback.objects.exists()


def test_a_right_answer_is_not_corrected(alice: User) -> None:
    row = an_answer(alice)
    with pytest.raises(ValueError, match="not corrected"):
        give_feedback(user=alice, conversion_id=row.pk, is_correct=True, asin=OTHER_ASIN)


# --- what it tells of the pair ---


def test_a_confirmed_pair_is_the_accounts_own(alice: User, bob: User) -> None:
    right(an_answer(alice))
    assert own_pairs(alice) == {CODE: ASIN}
    assert not Mapping.objects.about(CODE).for_user(bob).exists()


def test_a_correction_is_the_accounts_own(alice: User) -> None:
    wrong(an_answer(alice), OTHER_ASIN)
    assert own_pairs(alice) == {CODE: OTHER_ASIN}


def test_an_accounts_last_word_takes_the_place_of_those_before(alice: User) -> None:
    right(an_answer(alice))
    wrong(an_answer(alice), OTHER_ASIN)
    assert own_pairs(alice) == {CODE: OTHER_ASIN}
    wrong(an_answer(alice, asin=OTHER_ASIN))
    assert own_pairs(alice) == {}
    right(an_answer(alice, asin=THIRD_ASIN))
    assert own_pairs(alice) == {CODE: THIRD_ASIN}


def test_rejecting_one_asin_leaves_another_that_was_confirmed(alice: User) -> None:
    right(an_answer(alice))
    wrong(an_answer(alice, asin=OTHER_ASIN))
    assert own_pairs(alice) == {CODE: ASIN}


def test_other_claims_of_the_account_stay(alice: User) -> None:
    right(an_answer(alice, credits=0, is_own=True, heard=heard(ASIN, "inventory")))
    right(an_answer(a_user(), credits=0))
    wrong(an_answer(alice))
    assert Mapping.objects.filter(source="confirmed").count() == 1
