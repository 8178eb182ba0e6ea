"""What feedback does to the counts."""

import pytest

from accounts.models import User
from accounts.tests.factories import a_user
from conversion import starts
from conversion.confidence import combine
from conversion.learning import confirmed, learned, rejected
from conversion.models import Share
from conversion.reliability import TRUST_START, Beta
from conversion.reliability import right as right_of
from conversion.teaching import claims_of, facts_of
from conversion.tests.factories import ASIN, OTHER_ASIN, OTHER_CODE, RESOLVER, an_answer, heard, right, wrong

pytestmark = pytest.mark.django_db
NAME = right_of(RESOLVER)
A_STRANGER = TRUST_START[0] / sum(TRUST_START)


def counts() -> dict[str, Beta]:
    """What is kept."""
    return {row.name: Beta(row.yes, row.no) for row in Share.objects.all()}


def moved(name: str = NAME) -> float:
    """How much more sure the share has become."""
    return starts.share(counts(), name).mean - starts.start(name).mean


def test_a_confirmation_raises_what_a_source_is_worth(alice: User) -> None:
    right(an_answer(alice))
    assert moved() > 0


def test_a_rejection_lowers_it(alice: User) -> None:
    wrong(an_answer(alice))
    assert moved() < 0


def test_a_stranger_moves_as_much_as_is_said(alice: User) -> None:
    said = right(an_answer(alice))
    row = said.conversion
    claims, facts = claims_of(row.heard), facts_of(row.heard)
    assert said.weight == A_STRANGER
    assert counts() == learned(claims, facts, confirmed(ASIN, combine(claims, facts)), weight=A_STRANGER)


def test_a_correction_teaches_who_was_right_instead(alice: User) -> None:
    both = heard(ASIN, RESOLVER)
    both["claims"] += heard(OTHER_ASIN, "manifest")["claims"]
    both["facts"] |= heard(OTHER_ASIN)["facts"]
    wrong(an_answer(alice, heard=both), OTHER_ASIN)
    assert moved() < 0 < moved(right_of("manifest"))


def test_a_bare_rejection_teaches_that_it_is_one_of_the_others_or_none(alice: User) -> None:
    row = an_answer(alice)
    claims, facts = claims_of(row.heard), facts_of(row.heard)
    wrong(row)
    assert counts() == learned(claims, facts, rejected([ASIN], combine(claims, facts)), weight=A_STRANGER)


def test_it_builds_on_what_was_taught_before(alice: User) -> None:
    right(an_answer(alice))
    first = counts()
    row = an_answer(alice, code=OTHER_CODE)
    said = right(row)
    claims, facts = claims_of(row.heard), facts_of(row.heard)
    assert counts() == learned(
        claims, facts, confirmed(ASIN, combine(claims, facts, first)), first, weight=said.weight
    )


def test_an_account_speaks_of_a_pair_once(alice: User) -> None:
    right(an_answer(alice))
    first = counts()
    assert right(an_answer(alice, credits=0)).weight == 0
    assert wrong(an_answer(alice, credits=0)).weight == 0
    assert counts() == first


def test_what_others_bear_out_makes_a_word_weigh_more(alice: User) -> None:
    right(an_answer(alice))
    right(an_answer(a_user(), credits=0))
    assert right(an_answer(alice, code=OTHER_CODE)).weight == pytest.approx(2 / 5)


def test_what_others_contradict_makes_it_weigh_less(alice: User) -> None:
    right(an_answer(alice))
    wrong(an_answer(a_user(), credits=0))
    assert right(an_answer(alice, code=OTHER_CODE)).weight == pytest.approx(1 / 5)


def test_counts_never_rest_on_more_than_their_cap() -> None:
    for _ in range(3):
        right(an_answer(a_user(), credits=0))
    Share.objects.filter(name=NAME).update(yes=1e6, no=1e6)
    right(an_answer(a_user(), credits=0))
    assert counts()[NAME].strength <= 1000


def test_an_answer_that_nobody_claimed_teaches_nothing(alice: User) -> None:
    right(an_answer(alice, heard={}))
    assert counts() == {}
