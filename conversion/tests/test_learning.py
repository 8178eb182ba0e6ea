"""What one answer of a customer teaches."""

import pytest
from hypothesis import given

from conversion import starts
from conversion.confidence import combine
from conversion.learning import confirmed, learned, rejected
from conversion.reliability import LATELY_CAP, SOURCE_CAP, Beta, copies, holds, lately, right
from conversion.signals import Catalog, Facts
from conversion.tests.test_confidence import claims_of, facts_of, knowledge_of
from conversion.witnesses import Claim

A, B = "B000000001", "B000000002"
RESOLVER = Claim(source="fnskutoasin", asin=A)
MANIFEST = Claim(source="manifest", asin=A)
CERTAINLY_A, CERTAINLY_B = {A: 1.0}, {B: 1.0}
OTHER = Claim(source="shared", asin=B)


def test_a_confirmed_answer_speaks_for_those_who_gave_it_and_against_the_others() -> None:
    counts = learned([RESOLVER, OTHER], {}, CERTAINLY_A)
    assert counts[right("fnskutoasin")].mean > starts.start(right("fnskutoasin")).mean
    assert counts[right("shared")].mean < starts.start(right("shared")).mean


def test_a_rejected_answer_speaks_against_those_who_gave_it_and_a_little_for_the_others() -> None:
    truth = rejected([A], combine([RESOLVER, OTHER], {}), error=0)
    counts = learned([RESOLVER, OTHER], {}, truth)
    assert 0.8 < truth[B] < 1
    assert truth[A] == 0
    assert counts[right("fnskutoasin")].mean < starts.start(right("fnskutoasin")).mean
    assert counts[right("shared")].yes == pytest.approx(starts.start(right("shared")).yes + truth[B])


def test_a_rejection_of_all_leaves_none() -> None:
    assert rejected([A, B], combine([RESOLVER, OTHER], {}), error=0) == {A: 0, B: 0}


def test_who_says_which_it_is_without_fail_is_believed() -> None:
    answer = combine([RESOLVER, OTHER], {})
    assert confirmed(A, answer, error=0) == {A: 1, B: 0}
    assert confirmed("B000000003", answer, error=0) == {A: 0, B: 0}


def test_one_rejection_of_what_is_nearly_certain_is_rather_a_slip() -> None:
    answer = combine([RESOLVER, Claim(source="inventory", asin=A)], {})
    truth = rejected([A], answer)[A]
    assert 0.5 < truth < answer.candidates[0].probability


def test_what_is_said_never_speaks_against_itself() -> None:
    answer = combine([RESOLVER, OTHER], {})
    before = {one.asin: one.probability for one in answer.candidates}
    assert rejected([A], answer)[A] < before[A] < confirmed(A, answer)[A]


def test_an_answer_without_candidates_teaches_nothing() -> None:
    assert confirmed(A, combine([], {})) == rejected([A], combine([], {})) == {}


def test_a_mistake_made_by_both_counts_as_copied() -> None:
    name = copies("fnskutoasin", "manifest")
    repeated = learned([RESOLVER, MANIFEST], {}, CERTAINLY_B)[name]
    assert repeated == Beta(starts.start(name).yes + 1, starts.start(name).no)


def test_a_mistake_made_by_one_counts_as_not_copied() -> None:
    name = copies("fnskutoasin", "shared")
    assert learned([RESOLVER, OTHER], {}, CERTAINLY_A)[name].no == starts.start(name).no + 0.5


def test_agreeing_on_what_is_right_says_nothing_of_copying() -> None:
    name = copies("fnskutoasin", "manifest")
    assert learned([RESOLVER, MANIFEST], {}, CERTAINLY_A)[name] == starts.start(name)


def test_an_old_claim_that_is_wrong_may_have_been_right() -> None:
    fresh, old = (
        learned([Claim(source="fnskutoasin", asin=A, age_days=age)], {}, CERTAINLY_B) for age in (0, 720)
    )
    assert fresh[right("fnskutoasin")].no > old[right("fnskutoasin")].no
    assert old[holds("fnskutoasin")].mean < fresh[holds("fnskutoasin")].mean
    assert fresh[holds("fnskutoasin")] == starts.start(holds("fnskutoasin"))


def test_the_outcomes_of_signals_are_counted_for_right_and_wrong_candidates() -> None:
    facts = {A: Facts(catalog=Catalog.FOUND), B: Facts(catalog=Catalog.ABSENT)}
    counts = learned([RESOLVER, OTHER], facts, CERTAINLY_A)
    found, absent = starts.start("catalog:found"), starts.start("catalog:absent")
    assert counts["catalog:found"] == Beta(found.yes + 1, found.no)
    assert counts["catalog:absent"] == Beta(absent.yes, absent.no + 1)


def test_feedback_of_no_weight_teaches_nothing() -> None:
    for name, beta in learned([RESOLVER, OTHER], {A: Facts(title=0.9)}, CERTAINLY_A, weight=0).items():
        assert beta == starts.start(name)


def test_a_source_that_has_changed_begins_anew_with_what_it_did_lately() -> None:
    known = {right("shared"): Beta.of(0.9, SOURCE_CAP), lately("shared"): Beta.of(0.6, LATELY_CAP)}
    counts = learned([OTHER], {}, CERTAINLY_A, {**known, holds("shared"): Beta(1, 99)})
    assert counts[right("shared")] == counts[lately("shared")]
    assert counts[holds("shared")] == starts.start(holds("shared"))


def test_confirming_again_and_again_raises_confidence() -> None:
    known: dict[str, Beta] = {}
    for _ in range(50):
        known |= learned([RESOLVER], {}, CERTAINLY_A, known)
    best = combine([RESOLVER], {}, known).best
    assert best is not None
    assert best.probability > 0.93


@given(claims_of, facts_of, knowledge_of)
def test_counts_stay_counts_whatever_they_were(
    claims: list[Claim], facts: dict[str, Facts], known: dict[str, Beta]
) -> None:
    counts = learned(claims, facts, rejected([A], combine(claims, facts, known)), known)
    assert all(0 < beta.mean < 1 for beta in counts.values())
