"""Feedback at the same moment, with real threads on a real PostgreSQL."""

from collections import Counter
from functools import partial
from typing import Any

import pytest

from accounts.models import User
from accounts.tests.factories import a_user
from conversion import starts
from conversion.errors import FeedbackGiven
from conversion.feedback import give_feedback
from conversion.models import Feedback, Mapping, Share
from conversion.reliability import right as right_of
from conversion.tests.factories import ASIN, CODE, RESOLVER, an_answer, heard, right, wrong
from credits.services import charge, grant
from credits.tests.factories import assert_sound, at_once, figures

pytestmark = pytest.mark.django_db(transaction=True)


def rich() -> User:
    """Somebody with 100 credits."""
    user = a_user()
    grant(user, 100, operation="test", key=f"test:{user.pk}")
    return user


def kinds(outcomes: list[Any]) -> Counter[str]:
    """How many of each type."""
    return Counter(type(outcome).__name__ for outcome in outcomes)


def test_of_32_at_once_one_is_taken_and_refunded() -> None:
    user = rich()
    row = an_answer(user)
    say = [
        partial(give_feedback, user=user, conversion_id=row.pk, is_correct=number % 4 == 0)
        for number in range(32)
    ]
    outcomes = at_once(*say)
    assert kinds(outcomes) == {"Feedback": 1, FeedbackGiven.__name__: 31}
    said = Feedback.objects.get()
    assert figures(user)[0] == 98 + said.refunded
    assert said.refunded == (0 if said.is_correct else 2)
    assert_sound()


def test_the_limit_of_refunds_holds_for_many_at_once() -> None:
    user = rich()
    rows = [an_answer(user, code=f"X0001ABC{number:02}") for number in range(16)]
    outcomes = at_once(*[partial(wrong, row) for row in rows])
    assert kinds(outcomes) == {"Feedback": 16}
    assert Feedback.objects.filter(refund="given").count() == 3 + 16 // 4
    assert figures(user)[0] == 100 - 2 * 16 + 2 * 7
    assert_sound()


def test_two_who_confirm_at_once_are_both_counted() -> None:
    for number in range(5):
        code = f"X0001ABCD{number}"
        rows = [an_answer(a_user(), credits=0, code=code) for _ in range(2)]
        at_once(*[partial(right, row) for row in rows])
        assert Mapping.objects.filter(code=code, source="shared").count() == 1


def test_no_lesson_is_lost_and_nobody_waits_in_a_circle() -> None:
    sources = [RESOLVER, "manifest", "gtin", "shared"]
    rows = [
        an_answer(
            a_user(),
            credits=0,
            code=f"X0001ABC{number:02}",
            heard=heard(ASIN, *sources[number % 4 :], *sources[: number % 4]),
        )
        for number in range(16)
    ]
    outcomes = at_once(*[partial(right, row) for row in rows])
    assert kinds(outcomes) == {"Feedback": 16}
    for source in sources:
        row = Share.objects.get(name=right_of(source))
        assert row.yes + row.no == pytest.approx(starts.STRENGTH + 16 * 0.25)


def test_spending_goes_on_beside_refunds() -> None:
    user = rich()
    rows = [an_answer(user, code=f"X0001ABCD{number}") for number in range(3)]
    pay = [
        partial(charge, user, 1, operation="product.lookup", key=f"chg_beside_{number}")
        for number in range(8)
    ]
    outcomes = at_once(*[partial(wrong, row) for row in rows], *pay)
    assert kinds(outcomes) == {"Feedback": 3, "Movement": 8}
    assert figures(user)[0] == 100 - 8
    assert_sound()


def test_feedback_on_one_pair_by_one_account_moves_the_counts_once() -> None:
    user = a_user()
    rows = [an_answer(user, credits=0) for _ in range(8)]
    said = at_once(*[partial(right, row) for row in rows])
    assert sorted(one.weight for one in said) == [0.0] * 7 + [0.25]
    assert Mapping.objects.get(owner=user).code == CODE
