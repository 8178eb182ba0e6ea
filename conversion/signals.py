"""What speaks for or against an ASIN beside the claims: the catalogue, the label's title and condition. Pure.

Each signal has few outcomes, and for each outcome it is counted how many right and how many wrong
candidates showed it. Its likelihood ratio is P(outcome | right ASIN) / P(outcome | wrong ASIN); a ratio
of 2 doubles the odds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import exp, log

from conversion import starts
from conversion.reliability import EDGE, Knowledge, signal
from conversion.similarity import Agreement, grades


class Catalog(StrEnum):
    """Whether the catalogue of the marketplace asked about knows the ASIN."""

    FOUND = "found"
    ELSEWHERE = "elsewhere"  # not there, but in another marketplace
    ABSENT = "absent"  # not there, and elsewhere nobody looked or it is not known either
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one ASIN. `title`: similarity of the label's title to the catalogue's, 0 to 1."""

    catalog: Catalog = Catalog.UNCHECKED
    title: float | None = None
    condition: Agreement | None = None


def outcomes(facts: Facts) -> dict[str, dict[str, float]]:
    """Return each signal that is there, and its outcome; a title between two grades is a part of each."""
    seen: dict[str, dict[str, float]] = {}
    if facts.catalog is not Catalog.UNCHECKED:
        seen["catalog"] = {facts.catalog.value: 1.0}
    if facts.title is not None:
        seen["title"] = grades(facts.title)
    if facts.condition is not None:
        seen["condition"] = {facts.condition.value: 1.0}
    return seen


def ratio(kind: str, seen: Mapping[str, float], known: Knowledge) -> float:
    """Return the likelihood ratio of an outcome of a signal; between two outcomes, their geometric mean."""
    counts = {outcome: starts.share(known, signal(kind, outcome)) for outcome in starts.SIGNALS[kind]}
    rights = sum(beta.yes for beta in counts.values())
    wrongs = sum(beta.no for beta in counts.values())
    return exp(
        sum(
            part * log(_share(counts[outcome].yes, rights) / _share(counts[outcome].no, wrongs))
            for outcome, part in seen.items()
        )
    )


def _share(count: float, total: float) -> float:
    """Return the share of an outcome, which is never impossible."""
    return max(EDGE, count / total) if total else 1.0


def ratios(facts: Facts, known: Knowledge) -> dict[str, float]:
    """Return the likelihood ratio of each signal that is there."""
    return {kind: ratio(kind, seen, known) for kind, seen in outcomes(facts).items()}
