"""What is known about each source and each kind of evidence, as counts, and how counts grow and fade. Pure.

Everything that is learned is a share: of claims that were right, of claims that still held when they were
old, of mistakes that a second source repeated. Each share is a `Beta`: how often it was so, and how often
not. They are kept by name (`right(source)`, `lately(source)`, `holds(source)`, `copies(one, other)`,
`signal(kind, outcome)`); a name that is not kept yet has its start value (`conversion.starts`). So
`Knowledge` is any mapping of names to counts.

Counts fade: a family (one share, or all outcomes of one signal) never remembers more than its cap. At the
cap each new answer takes the place of 1/cap of the old ones, so after `cap` answers only 1/e = 37 % of
what was known before still counts, and a share p is known to about sqrt(p(1-p) / 2 cap). A long memory is
exact, a short one quick. A source has both: `right` and `lately`. While they agree within chance the long
one is believed; once they part (`has_changed`) the source is not what it was, and the long memory is
replaced by the short one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import NamedTuple

EDGE = 0.0005  # no share is taken for surer than this, however long the record: 1 in 2000
SOURCE_CAP = 500.0  # answers: a share of 0.85 is known to +-1.1 %
LATELY_CAP = 50.0  # answers: to +-3.6 %, but a source half as good as before is noticed after 8 to 70
PARTED = 3.0  # standard deviations: by chance once in 5,000 to 15,000 claims, and then little harm is done
SIGNAL_CAP = 2000.0  # answers; how labels are printed changes slowly

CONFIRMED = 1.0  # answers a confirmation counts for: somebody looked
REJECTED = 1.0  # and a rejection
CONTRADICTED = 0.5  # and a later answer that says otherwise: concluded, not looked at
LEAST_TRUST, MOST_TRUST = 0.05, 1.0  # a stranger teaches little, and nobody more than one answer's worth
TRUST_START = (1.0, 3.0)  # accounts begin at 0.25: four strangers weigh as much as one who is always right


@dataclass(frozen=True, slots=True)
class Beta:
    """A share as counts: `yes` times it was so, `no` times it was not. ValueError if below 0 or infinite."""

    yes: float
    no: float

    def __post_init__(self) -> None:
        if not (isfinite(self.yes) and isfinite(self.no) and self.yes >= 0 and self.no >= 0):
            raise ValueError("counts are finite and not negative")

    @property
    def mean(self) -> float:
        """The share itself, kept off 0 and 1 by EDGE; one half when nothing is known."""
        most = max(self.yes, self.no)
        if not most:
            return 0.5
        yes, no = self.yes / most, self.no / most  # whose sum cannot overflow
        return min(1 - EDGE, max(EDGE, yes / (yes + no)))

    @property
    def strength(self) -> float:
        """How many answers it rests on."""
        return self.yes + self.no

    @classmethod
    def of(cls, mean: float, strength: float) -> "Beta":
        """Return the counts with this mean that rest on so many answers."""
        return cls(mean * strength, (1 - mean) * strength)


class Seen(NamedTuple):
    """What one answer adds to a share; fractions where it is not certain what happened."""

    yes: float
    no: float


Knowledge = Mapping[str, Beta]
"""Counts by name; names that are missing stand at their start."""


def right(source: str) -> str:
    """Name the share of this source's claims that were right when it made them."""
    return f"right:{source}"


def lately(source: str) -> str:
    """Name the same share with a short memory."""
    return f"lately:{source}"


def has_changed(long: Beta, short: Beta) -> bool:
    """Return whether a short memory differs from a long one by more than chance."""
    p = long.mean
    chance = sqrt(p * (1 - p) / 2 / max(1.0, min(short.strength, LATELY_CAP)))
    return long.strength > short.strength and abs(short.mean - p) > PARTED * chance


def holds(source: str) -> str:
    """Name the share of this source's claims that still hold when they have become as old as can be."""
    return f"holds:{source}"


def copies(one: str, other: str) -> str:
    """Name the share of the mistakes of one of these two that the other repeats, either way round."""
    return "copies:{}>{}".format(*sorted((one, other)))


def signal(kind: str, outcome: str) -> str:
    """Name the counts of one outcome of a signal, `yes` for right candidates and `no` for wrong ones."""
    return f"{kind}:{outcome}"


def grown(family: Knowledge, seen: Mapping[str, Seen], *, weight: float, cap: float) -> dict[str, Beta]:
    """Return the family after one answer that counts for `weight` (0 to 1), resting on `cap` at most."""
    weight = min(1.0, max(0.0, weight))
    nothing = Seen(0.0, 0.0)
    added = {
        name: (beta.yes + weight * seen.get(name, nothing).yes, beta.no + weight * seen.get(name, nothing).no)
        for name, beta in family.items()
    }
    total = sum(yes + no for yes, no in added.values())
    kept = min(1.0, cap / total) if total else 1.0
    return {name: Beta(yes * kept, no * kept) for name, (yes, no) in added.items()}


def trust(borne_out: int, contradicted: int) -> float:
    """Return how much the feedback of an account counts, from LEAST_TRUST to MOST_TRUST.

    By how often others have later borne out or contradicted what it said. It multiplies the kind's own weight
    (CONFIRMED, REJECTED, CONTRADICTED).
    """
    yes, no = TRUST_START
    share = (yes + borne_out) / (yes + no + borne_out + contradicted)
    return min(MOST_TRUST, max(LEAST_TRUST, share))
