"""Whatever is said in whatever order, no more is given back than was taken, and once for each answer."""

import random
from collections.abc import Callable
from functools import partial

import pytest

from accounts.models import User
from accounts.tests.factories import a_user
from conversion.errors import FeedbackError
from conversion.feedback import give_withheld
from conversion.models import Conversion, Feedback, Purchase
from conversion.tests.factories import ASIN, OTHER_ASIN, THIRD_ASIN, an_answer, right, wrong
from credits.errors import CreditsError
from credits.models import LedgerEntry
from credits.services import grant, refund
from credits.tests.factories import assert_sound, figures

pytestmark = pytest.mark.django_db
ASINS = [ASIN, OTHER_ASIN, THIRD_ASIN]


@pytest.mark.parametrize("seed", range(12))
def test_any_sequence_gives_back_at_most_what_was_taken(seed: int) -> None:
    dice = random.Random(seed)
    operator = a_user(is_staff=True)
    users = [a_user() for _ in range(3)]
    for user in users:
        grant(user, 60, operation="test", key=f"test:{user.pk}")
    rows: list[Conversion] = []
    for step in range(60):
        if not rows or dice.random() < 0.3:
            code, asin = f"X0001ABCD{dice.randrange(4)}", dice.choice(ASINS)
            rows.append(an_answer(dice.choice(users), credits=dice.choice([0, 1, 2]), code=code, asin=asin))
            continue
        row = dice.choice(rows)
        acts: list[Callable[[], object]] = [
            partial(right, row),
            partial(wrong, row),
            partial(wrong, row, dice.choice(ASINS)),
            partial(refund, row.charge, 1, key=f"by_hand_{step}"),
            partial(give, row, operator),
        ]
        try:
            dice.choice(acts)()
        except (FeedbackError, CreditsError):
            continue
    holds_for(rows)
    for user in users:
        taken = sum(row.credits for row in rows if row.user == user)
        assert 60 - taken <= figures(user)[0] <= 60
    assert_sound()


def give(row: Conversion, operator: User) -> None:
    """Give what is withheld of an answer, if anything is."""
    said = Feedback.objects.filter(conversion=row).first()
    if said:
        give_withheld(feedback=said, actor=operator, reason="any")


def holds_for(rows: list[Conversion]) -> None:
    """Check each answer."""
    for row in rows:
        refunds = LedgerEntry.objects.filter(kind="refund", charge__key=row.charge)
        assert sum(entry.amount for entry in refunds) <= row.credits
        by_feedback = [entry.amount for entry in refunds if entry.key.startswith("feedback_")]
        said = Feedback.objects.filter(conversion=row).first()
        assert sum(by_feedback) == (said.refunded if said else 0)
        assert len(by_feedback) <= 1
        if by_feedback:
            assert not Purchase.objects.filter(charge=row.charge).exists()
