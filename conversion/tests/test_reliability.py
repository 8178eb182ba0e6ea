"""Counts: what they say, how they grow, fade and change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversion.reliability import (
    EDGE,
    LATELY_CAP,
    LEAST_TRUST,
    MOST_TRUST,
    SOURCE_CAP,
    Beta,
    Seen,
    copies,
    grown,
    has_changed,
    trust,
)

RIGHT, WRONG = Seen(1, 0), Seen(0, 1)


def after(beta: Beta, seen: list[Seen], *, weight: float = 1.0, cap: float = SOURCE_CAP) -> Beta:
    for one in seen:
        beta = grown({"it": beta}, {"it": one}, weight=weight, cap=cap)["it"]
    return beta


@pytest.mark.parametrize(
    ("beta", "mean"),
    [
        (Beta(3, 1), 0.75),
        (Beta(0, 0), 0.5),
        (Beta(0, 9), EDGE),
        (Beta(9, 0), 1 - EDGE),
        (Beta(1.7e308, 1.7e308), 0.5),
        (Beta(5e-324, 5e-324), 0.5),
    ],
)
def test_a_share_is_a_number_whatever_the_counts(beta: Beta, mean: float) -> None:
    assert beta.mean == pytest.approx(mean)


@pytest.mark.parametrize("counts", [(-1.0, 1.0), (1.0, float("nan")), (float("inf"), 1.0)])
def test_counts_that_cannot_be_are_refused(counts: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="counts"):
        Beta(*counts)


def test_one_answer_adds_one() -> None:
    assert after(Beta(17, 3), [RIGHT]) == Beta(18, 3)
    assert after(Beta(17, 3), [WRONG]) == Beta(17, 4)


def test_an_answer_of_little_trust_adds_little() -> None:
    assert after(Beta(17, 3), [WRONG], weight=0.25) == Beta(17, 3.25)


@pytest.mark.parametrize(("weight", "counted"), [(50.0, 1.0), (-3.0, 0.0)])
def test_no_answer_counts_for_more_than_one_or_less_than_none(weight: float, counted: float) -> None:
    assert after(Beta(17, 3), [WRONG], weight=weight) == Beta(17, 3 + counted)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.lists(st.sampled_from([RIGHT, WRONG]), max_size=30))
def test_memory_is_bounded(yes: float, no: float, seen: list[Seen]) -> None:
    beta = after(Beta(yes, no), [*seen, RIGHT], cap=100)
    assert beta.strength <= 100 + 1e-6
    assert 0 < beta.mean < 1


@given(st.floats(0.01, 0.99), st.sampled_from([RIGHT, WRONG]))
def test_one_answer_moves_a_share_by_no_more_than_its_part_of_the_memory(mean: float, seen: Seen) -> None:
    before = Beta.of(mean, LATELY_CAP)
    assert abs(after(before, [seen], cap=LATELY_CAP).mean - before.mean) <= 1 / LATELY_CAP


def test_what_was_known_fades_to_a_third_within_the_cap() -> None:
    beta = after(Beta(100, 0), [WRONG] * 100, cap=100)
    assert beta.mean == pytest.approx(0.37, abs=0.005)


def test_outcomes_of_one_signal_fade_together() -> None:
    family = {"found": Beta(90, 40), "absent": Beta(10, 60)}
    grew = grown(family, {"found": RIGHT}, weight=1, cap=100)
    assert sum(beta.strength for beta in grew.values()) == pytest.approx(100)
    assert grew["absent"].yes / grew["absent"].no == pytest.approx(10 / 60)


def test_a_source_that_turns_bad_is_noticed_soon() -> None:
    long, short = Beta.of(0.85, SOURCE_CAP), Beta.of(0.85, LATELY_CAP)
    half = [RIGHT, WRONG] * 15
    assert not has_changed(long, short)
    assert has_changed(after(long, half), after(short, half, cap=LATELY_CAP))


def test_a_run_of_bad_luck_is_no_change() -> None:
    long, short = Beta.of(0.85, SOURCE_CAP), Beta.of(0.85, LATELY_CAP)
    luck = [WRONG] * 4
    assert not has_changed(after(long, luck), after(short, luck, cap=LATELY_CAP))


def test_two_memories_of_the_same_length_do_not_part() -> None:
    assert not has_changed(Beta(18, 2), Beta(18, 2))


def test_a_pair_has_one_name_either_way_round() -> None:
    assert copies("b", "a") == copies("a", "b") == "copies:a>b"


def test_trust_grows_with_what_was_borne_out_and_is_bounded() -> None:
    assert LEAST_TRUST == trust(0, 10_000) < trust(0, 3) < trust(0, 0) == 0.25 < trust(5, 0) < MOST_TRUST
    assert trust(10**9, 0) <= MOST_TRUST
