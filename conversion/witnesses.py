"""Who says what a code means, and how far each is believed. Pure; derived in `conversion.confidence`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf, isnan
from types import MappingProxyType
from typing import NamedTuple

from conversion import starts
from conversion.reliability import EDGE, Knowledge, copies, holds, right

OWN_LEAST = 0.5  # a copier's own work is worth half its record at least: k and R are estimates too
NOTHING: Knowledge = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A source says that the code means this ASIN. `source` is a name of `starts.SOURCES`.

    `origin` tells witnesses of one source apart (a manifest, an account): claims with the same source and
    origin are one witness that names several ASINs. `age_days` since it was observed; None: not known.
    """

    source: str
    asin: str
    origin: str = ""
    age_days: float | None = 0.0

    def __post_init__(self) -> None:
        if self.age_days is not None and isnan(self.age_days):
            raise ValueError("an age is a number")


class Witness(NamedTuple):
    """All that one source says of one origin: `reliability` by its record, and the age in days by ASIN."""

    source: str
    origin: str
    reliability: float
    ages: Mapping[str, float]


class Voice(NamedTuple):
    """A witness as it speaks now. `aged`: its reliability by ASIN; `own`: the part left beside rivals."""

    source: str
    origin: str
    record: float
    aged: Mapping[str, float]
    own: float = 1.0

    @property
    def top(self) -> float:
        """Its reliability for what it said last."""
        return max(self.aged.values())

    def on(self, asin: str) -> float:
        """Its reliability for one ASIN, as it counts."""
        return max(EDGE, self.aged[asin] * self.own)


def still_holds(source: str, age_days: float, known: Knowledge = NOTHING) -> float:
    """Return the probability that what this source said so many days ago, and was right, has not changed."""
    half_life = starts.source(source).half_life_days
    if half_life is None:
        return 1.0
    least = starts.share(known, holds(source)).mean
    return float(least + (1 - least) * 2 ** (-max(0.0, age_days) / half_life))


def copied(one: str, other: str, known: Knowledge = NOTHING) -> float:
    """Return the share of mistakes that two sources, or two witnesses of one source, have in common."""
    return starts.share(known, copies(one, other)).mean


def witnesses(claims: Iterable[Claim], known: Knowledge = NOTHING) -> list[Witness]:
    """Return who speaks, by name; of equal claims the youngest counts."""
    said: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for claim in claims:
        age = inf if claim.age_days is None else claim.age_days
        ages = said[claim.source, claim.origin]
        ages[claim.asin] = min(age, ages.get(claim.asin, inf))
    return [
        Witness(source, origin, starts.share(known, right(source)).mean, ages)
        for (source, origin), ages in sorted(said.items())
    ]


def voices(heard: Iterable[Witness], known: Knowledge) -> list[Voice]:
    """Return the witnesses in falling order of their records, each with what its disagreeing leaves of it."""
    plain = [
        Voice(
            one.source,
            one.origin,
            one.reliability,
            {asin: one.reliability * still_holds(one.source, age, known) for asin, age in one.ages.items()},
        )
        for one in sorted(heard, key=lambda one: (-one.reliability, one.source, one.origin))
    ]
    return [voice._replace(own=_own(voice, plain[:place], known)) for place, voice in enumerate(plain)]


def _own(voice: Voice, before: Iterable[Voice], known: Knowledge) -> float:
    """Return the factor from its record to its own work, where it contradicts one it often copies."""
    rivals = [
        (copied(voice.source, other.source, known), other.top)
        for other in before
        if not voice.aged.keys() & other.aged.keys()
    ]
    if not rivals:
        return 1.0
    k, theirs = max(rivals)
    return min(1.0, max(OWN_LEAST, (1 - k * theirs / voice.top) / (1 - k)))
