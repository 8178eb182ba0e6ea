"""Claims in, probabilities out: the numbers of the table, and laws that hold for all claims."""

import random
from math import isfinite, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversion import starts
from conversion.confidence import CAP, Answer, combine
from conversion.reliability import Beta, Knowledge, copies, holds, right
from conversion.signals import Catalog, Facts
from conversion.similarity import Agreement
from conversion.witnesses import Claim

A, B, C = "B000000001", "B000000002", "B000000003"
EVERY_SOURCE = sorted(starts.SOURCES)


def said(source: str, asin: str = A, **more: object) -> Claim:
    return Claim(source=source, asin=asin, **more)  # type: ignore[arg-type]


def chance(answer: Answer, asin: str = A) -> float:
    return {one.asin: one.probability for one in answer.candidates}.get(asin, 0.0)


def of(*claims: Claim, known: Knowledge | None = None, **facts: object) -> float:
    """Return the probability of A, with these facts about it."""
    return chance(combine(claims, {A: Facts(**facts)} if facts else {}, known or {}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "catalog", "expected"),
    [
        ("listing", Catalog.FOUND, 0.99),
        ("inventory", Catalog.UNCHECKED, 0.98),
        ("archived", Catalog.UNCHECKED, 0.95),
        ("returns", Catalog.UNCHECKED, 0.97),
        ("code", Catalog.FOUND, 0.95),
        ("code", Catalog.ABSENT, 0.70),
        ("transparency", Catalog.UNCHECKED, 0.90),
        ("fnskutoasin", Catalog.FOUND, 0.85),
        ("manifest", Catalog.UNCHECKED, 0.75),
        ("confirmed", Catalog.UNCHECKED, 0.97),
        ("shared", Catalog.UNCHECKED, 0.85),
    ],
)
def test_one_source_alone_has_the_number_of_the_table(source: str, catalog: Catalog, expected: float) -> None:
    assert of(said(source), catalog=catalog) == pytest.approx(expected, abs=1e-9)


def test_an_own_row_fades_to_the_number_of_the_table_within_a_year_and_a_half() -> None:
    assert of(said("inventory", age_days=90)) == pytest.approx(0.965, abs=0.0001)
    assert of(said("inventory", age_days=540)) == pytest.approx(0.95, abs=0.001)
    assert of(said("inventory", age_days=None)) == pytest.approx(0.95, abs=1e-9)


def test_the_candidates_of_one_gtin_share_its_reliability() -> None:
    answer = combine([said("gtin", asin) for asin in (A, B, C)], {})
    assert [one.probability for one in answer.candidates] == pytest.approx([0.3, 0.3, 0.3])
    assert answer.none == pytest.approx(0.1)
    assert not answer.is_conflict


def test_the_label_ranks_the_candidates_of_one_gtin_anew() -> None:
    facts = {A: Facts(title=0.1), B: Facts(title=0.98), C: Facts(title=0.5, condition=Agreement.DIFFERENT)}
    answer = combine([said("gtin", asin) for asin in (A, B, C)], facts)
    assert [one.asin for one in answer.candidates] == [B, A, C]
    assert answer.candidates[0].probability > 0.9


@pytest.mark.parametrize(
    ("one", "other", "lost", "lost_by_the_other"),
    [
        ("inventory", "manifest", 0.05, 0.70),
        ("inventory", "fnskutoasin", 0.07, 0.73),
        ("inventory", "code", 0.20, 0.72),
        ("fnskutoasin", "manifest", 0.25, 0.44),
        ("listing", "confirmed", 0.30, 0.67),  # 0.30 is what the table takes off for any conflict
        ("shared", "fnskutoasin", 0.32, 0.43),
        ("listing", "inventory", 0.34, 0.64),
    ],
)
def test_a_conflict_costs_the_more_the_better_the_other_source_is(
    one: str, other: str, lost: float, lost_by_the_other: float
) -> None:
    both = combine([said(one, A), said(other, B)], {})
    losses = (of(said(one)) - chance(both, A), of(said(other)) - chance(both, B))
    assert losses == pytest.approx((lost, lost_by_the_other), abs=0.01)


def test_a_conflict_returns_both_candidates_and_says_so() -> None:
    answer = combine([said("inventory", A), said("fnskutoasin", B)], {})
    assert answer.is_conflict
    assert [one.asin for one in answer.candidates] == [A, B]


def test_a_gtin_that_names_the_answer_among_others_does_not_contradict_it() -> None:
    assert not combine([said("inventory", A), said("gtin", A), said("gtin", B)], {}).is_conflict


def test_nobody_says_anything() -> None:
    answer = combine([], {})
    assert (answer.candidates, answer.none, answer.weights, answer.best) == ((), 1.0, (), None)
    assert not answer.is_conflict


def test_the_catalogue_counts_for_or_against() -> None:
    at = {catalog: of(said("fnskutoasin"), catalog=catalog) for catalog in Catalog}
    assert at[Catalog.FOUND] > at[Catalog.UNCHECKED] > at[Catalog.ELSEWHERE] > at[Catalog.ABSENT]


def test_the_condition_counts_for_or_against() -> None:
    same, kin, different = (of(said("fnskutoasin"), condition=agreed) for agreed in Agreement)
    assert same > of(said("fnskutoasin")) > kin > different


def test_a_source_that_only_copies_adds_nothing() -> None:
    known = {copies("fnskutoasin", "manifest"): Beta(100_000, 0)}
    both = of(said("fnskutoasin"), said("manifest"), known=known)
    assert both == pytest.approx(of(said("fnskutoasin")), abs=0.001)


def test_a_hundred_strangers_who_agree_are_not_a_hundred_witnesses() -> None:
    crowd = [said("manifest", B, origin=f"file {number}") for number in range(100)]
    ten = combine(crowd[:10], {}).candidates[0].probability
    assert combine(crowd, {}).candidates[0].probability - ten < 0.01
    assert ten < of(said("inventory"))


def test_a_copier_that_contradicts_counts_for_less_than_its_record() -> None:
    often = {copies("fnskutoasin", "manifest"): Beta(60, 40)}
    seldom = {copies("fnskutoasin", "manifest"): Beta(1, 99)}
    claims = said("fnskutoasin", A), said("manifest", B)
    assert of(*claims, known=often) > of(*claims, known=seldom)


def test_a_claim_made_twice_is_one_claim_of_the_younger_age() -> None:
    twice = combine([said("inventory", age_days=300), said("inventory", age_days=10)], {})
    once = combine([said("inventory", age_days=10)], {})
    assert chance(twice) == chance(once)
    assert twice.weights == pytest.approx([chance(once) / 2] * 2)


def test_two_copies_weigh_together_as_much_as_one_of_them() -> None:
    known = {
        copies("fnskutoasin", "manifest"): Beta(1000, 1),
        right("manifest"): starts.start("right:fnskutoasin"),
    }
    apart = combine([said("inventory"), said("fnskutoasin")], {}, known)
    copied = combine([said("inventory"), said("fnskutoasin"), said("manifest")], {}, known)
    assert copied.weights[1] == pytest.approx(copied.weights[2])
    assert copied.weights[1] < 0.6 * apart.weights[1] + 0.1


def test_an_age_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="age"):
        said("inventory", age_days=float("nan"))


ages = st.none() | st.floats(0, 5000)
claims_of = st.lists(
    st.builds(
        Claim,
        source=st.sampled_from([*EVERY_SOURCE, "nobody knows"]),
        asin=st.sampled_from([A, B, C]),
        origin=st.sampled_from(["", "one", "two"]),
        age_days=ages,
    ),
    max_size=8,
)
facts_of = st.dictionaries(
    st.sampled_from([A, B, C]),
    st.builds(
        Facts,
        catalog=st.sampled_from(Catalog),
        title=st.none() | st.floats(0, 1),
        condition=st.none() | st.sampled_from(Agreement),
    ),
)
counts = st.sampled_from([0.0, 1e-300, 1e-9, 1.0, 37.5, 1e9, 1e308]) | st.floats(0, 1e6)
names = (
    [right(source) for source in EVERY_SOURCE]
    + [holds(source) for source in EVERY_SOURCE]
    + [copies(one, other) for one in EVERY_SOURCE for other in EVERY_SOURCE]
    + [f"{kind}:{outcome}" for kind, outcomes in starts.SIGNALS.items() for outcome in outcomes]
)
knowledge_of = st.dictionaries(st.sampled_from(names), st.builds(Beta, counts, counts))


@given(claims_of, facts_of, knowledge_of)
def test_probabilities_are_such_whatever_the_counts(
    claims: list[Claim], facts: dict[str, Facts], known: dict[str, Beta]
) -> None:
    answer = combine(claims, facts, known)
    shares = [one.probability for one in answer.candidates]
    assert all(isfinite(share) and 0 <= share <= CAP for share in [*shares, *answer.weights])
    assert sum(shares) + answer.none == pytest.approx(1.0)
    assert 0 <= answer.none <= 1
    assert shares == sorted(shares, reverse=True)
    assert sum(answer.weights) == pytest.approx(sum(shares))


@given(claims_of, facts_of, knowledge_of, st.randoms(use_true_random=False))
def test_the_order_of_claims_does_not_matter(
    claims: list[Claim], facts: dict[str, Facts], known: dict[str, Beta], chance_of: random.Random
) -> None:
    order = list(range(len(claims)))
    chance_of.shuffle(order)
    plain, shuffled = combine(claims, facts, known), combine([claims[i] for i in order], facts, known)
    assert shuffled.candidates == plain.candidates
    assert shuffled.weights == tuple(plain.weights[i] for i in order)


INDEPENDENT = ["inventory", "code", "gtin", "fnskutoasin", "shared"]  # one of each group
believed = st.fixed_dictionaries(
    {right(source): st.builds(Beta.of, st.floats(0.05, 0.99), st.just(50.0)) for source in INDEPENDENT}
)


@given(
    st.dictionaries(st.sampled_from(INDEPENDENT[:-1]), st.tuples(st.sampled_from([A, B]), ages), min_size=1),
    ages,
    believed,
)
def test_one_more_independent_source_that_agrees_never_lowers_the_leader(
    by_source: dict[str, tuple[str, float | None]], age: float | None, known: dict[str, Beta]
) -> None:
    claims = [said(source, asin, age_days=age) for source, (asin, age) in by_source.items()]
    leader = combine(claims, {}, known).candidates[0]
    more = combine([*claims, said(INDEPENDENT[-1], leader.asin, age_days=age)], {}, known)
    assert chance(more, leader.asin) >= leader.probability - 1e-9


@given(st.floats(0.3, 0.97), st.floats(0.3, 0.97), st.floats(0.0, 0.9), st.floats(0.01, 0.1), st.booleans())
def test_a_copied_claim_adds_less_than_an_independent_one(
    first: float, second: float, little: float, more: float, is_same_source: bool
) -> None:
    other = "fnskutoasin" if is_same_source else "manifest"
    known = {right("fnskutoasin"): Beta.of(first, 100), right("manifest"): Beta.of(second, 100)}
    pair = said("fnskutoasin"), said(other, origin="another")
    rare, often = (
        of(*pair, known={**known, copies("fnskutoasin", other): Beta.of(share, 100)})
        for share in (little, little + more)
    )
    alone = max(of(one, known=known) for one in pair)
    assert alone - 1e-9 <= often <= rare
    assert often < rare or rare == CAP or rare == pytest.approx(alone)


@given(claims_of, st.integers(0, 7), st.floats(0, 3000))
def test_an_older_claim_never_counts_for_more(claims: list[Claim], which: int, days: float) -> None:
    single = list({(claim.source, claim.origin): claim for claim in claims}.values())
    if not single:
        return
    old = single[which % len(single)]
    older = None if old.age_days is None else old.age_days + days
    aged = [said(c.source, c.asin, origin=c.origin, age_days=older) if c is old else c for c in single]
    assert chance(combine(aged, {}), old.asin) <= chance(combine(single, {}), old.asin) + 1e-9


@given(claims_of, st.floats(0, 1), st.floats(0, 1))
def test_a_title_that_is_more_alike_never_counts_for_less(
    claims: list[Claim], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    less, more = (chance(combine(claims, {A: Facts(title=title)})) for title in (low, high))
    assert less <= more + 1e-9


def test_doubling_the_odds_is_what_a_ratio_of_two_does() -> None:
    known = {
        "condition:same": Beta(50, 25),
        "condition:kin": Beta(25, 25),
        "condition:different": Beta(25, 50),
    }
    plain, doubled = (
        of(said("shared"), known=known),
        of(said("shared"), known=known, condition=Agreement.SAME),
    )
    assert log2(doubled / (1 - doubled)) - log2(plain / (1 - plain)) == pytest.approx(1.0)
