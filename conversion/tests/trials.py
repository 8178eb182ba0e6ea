"""What confidences are worth in the simulated world: beside the best that can be known, and when a source
fails.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from conversion.calibration import Outcome, bins, error, even_bins, report
from conversion.confidence import Answer, combine
from conversion.reliability import Beta, Knowledge
from conversion.tests.oracle import posterior
from conversion.tests.world import LEADER, Customers, Pair, World

PAIRS = 10_000
FAILING = 0.30  # how often the resolver is right after it has failed; 0.78 before
BEFORE = 1_500  # answers until it fails
TIME = 500  # answers within which that must be noticed
AFTER = 1_000  # answers that are then looked at


class Figures(NamedTuple):
    """How one lot of answers did.

    `error` is in bins of equal count, `even` of equal width; `brier` is of the likeliest ASIN alone, `whole`
    the Brier score of all candidates and "none of these".
    """

    right: float
    error: float
    even: float
    floor: float
    brier: float
    whole: float


class Trial(NamedTuple):
    """The same held-out answers by counts learned from the first half, by start values, and by the oracle."""

    learned: Figures
    starts: Figures
    oracle: Figures
    known: Knowledge


class Failure(NamedTuple):
    """The answers after a source failed: `learning` from feedback, or left as they were (`frozen`)."""

    learning: list[Outcome]
    frozen: list[Outcome]


Shares = tuple[Mapping[str, float], float]
"""The probability of each ASIN, and of none of them."""


def trial(seed: int, count: int = PAIRS) -> Trial:
    """Learn from one half of a world, and answer the other half, of which nobody says anything."""
    world, customers = World(seed), Customers(seed)
    pairs = list(world.pairs(count))
    half = count // 2
    customers.serve(pairs[:half])
    held = pairs[half:]
    return Trial(
        learned=_figures(held, map(_shares, map(customers.answer, held))),
        starts=_figures(held, (_shares(combine(pair.claims, pair.facts)) for pair in held)),
        oracle=_figures(held, (posterior(pair, world.sources) for pair in held)),
        known=customers.known,
    )


def failure(seed: int) -> Failure:
    """Let a source fail in mid-run, and go on answering."""
    world, customers = World(seed), Customers(seed)
    customers.serve(world.pairs(BEFORE))
    frozen: dict[str, Beta] = dict(customers.known)
    world.degrade(LEADER, FAILING)
    pairs = list(world.pairs(TIME + AFTER))
    answers = customers.serve(pairs)
    return Failure(
        learning=list(_outcomes(pairs, map(_shares, answers))),
        frozen=list(_outcomes(pairs, (_shares(combine(pair.claims, pair.facts, frozen)) for pair in pairs))),
    )


def _figures(pairs: Sequence[Pair], answers: Iterable[Shares]) -> Figures:
    given = list(answers)
    outcomes = list(_outcomes(pairs, given))
    told = report(outcomes)
    whole = sum(_squared(shares, pair.truth) for pair, shares in zip(pairs, given, strict=True)) / len(pairs)
    return Figures(told.right, told.error, error(even_bins(outcomes)), told.floor, told.brier, whole)


def _shares(answer: Answer) -> Shares:
    return {one.asin: one.probability for one in answer.candidates}, answer.none


def _outcomes(pairs: Iterable[Pair], answers: Iterable[Shares]) -> Iterator[Outcome]:
    for pair, (shares, _) in zip(pairs, answers, strict=True):
        best = max(sorted(shares), key=lambda asin: shares[asin])
        yield Outcome(shares[best], best == pair.truth)


def _squared(answer: Shares, truth: str) -> float:
    shares, none = answer
    missed = (float(truth not in shares) - none) ** 2
    return missed + sum((share - (asin == truth)) ** 2 for asin, share in shares.items())


def window_error(outcomes: Iterable[Outcome]) -> float:
    """Return the expected calibration error of a window of answers, in ten bins of equal count."""
    return error(bins(outcomes))
