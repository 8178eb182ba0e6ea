"""What is believed of sources and signals before any feedback: start values, each replaced by counts. Pure.

None is a measurement. "Table" marks a number of the evidence table in docs/conversion.md; "start" one that
was set by judgement, because nothing is published. A start weighs as much as so many answers (STRENGTH).
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from conversion.reliability import Beta, Knowledge

STRENGTH = 20.0  # start: answers a source's start value is worth, so feedback outweighs it soon
PAIR_STRENGTH = 10.0  # start: mistakes of one that another might have repeated
SIGNAL_STRENGTH = 0.5  # start: the tables below speak of about 100 candidates each; halved

# Of 100 right and 100 wrong candidates, about how many have each outcome: (right, wrong).
# found : absent = (95/70) : (5/30) is the table's fall from 0.95 to 0.70 when an ASIN is not in the catalogue
# of the marketplace asked about; a wrong ASIN is mostly a real one too. "elsewhere" lies between (start).
CATALOG: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"found": (95, 70), "elsewhere": (2, 5), "absent": (5, 30)}
)
# By similarity in hundredths, finer where siblings part from the same. A wrong ASIN is often a sibling with
# nearly the same title, so even an equal one is worth a factor of 6 only, an unlike one a twelfth (start).
TITLE: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "0": (2, 24),
        "40": (3, 18),
        "60": (6, 18),
        "70": (8, 14),
        "80": (14, 12),
        "88": (20, 10),
        "95": (24, 8),
        "100": (36, 6),
    }
)
# Labels are printed with the listing's condition; most listings are new, so agreeing says little (start).
CONDITION: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"same": (90, 70), "kin": (5, 8), "different": (5, 22)}
)
SIGNALS: Mapping[str, Mapping[str, tuple[float, float]]] = MappingProxyType(
    {"catalog": CATALOG, "title": TITLE, "condition": CONDITION}
)

HOLDS = 0.95 / 0.98  # table: an own inventory row of 0.98 is worth 0.95 when it is over twelve months old
HOLDS_OUTSIDE = 0.90  # start: what others say is seldom corrected when ASINs are merged or listings made anew
COPIES = 0.50  # start: within a group every second mistake is the same mistake
COPIES_ACROSS = 0.05  # start: merged ASINs mislead all who looked before


class Start(NamedTuple):
    """`right`: share of right claims when fresh. `half_life_days`: None, it does not age. `holds`: if old."""

    right: float
    half_life_days: float | None
    holds: float
    group: str  # those within one may copy one another, or all read the same record


def _total(outcomes: Mapping[str, tuple[float, float]], side: int) -> float:
    return sum(counts[side] for counts in outcomes.values())


def _unverified(found: float) -> float:
    """Return the share before the catalogue was asked, from the table's number for an ASIN found there."""
    yes, no = CATALOG["found"]
    ratio = (yes / _total(CATALOG, 0)) / (no / _total(CATALOG, 1))
    odds = found / (1 - found) / ratio
    return odds / (1 + odds)


SOURCES: Mapping[str, Start] = MappingProxyType(
    {  # table: the numbers and the days
        "listing": Start(_unverified(0.99), 30, HOLDS, "account"),
        "inventory": Start(0.98, 90, HOLDS, "account"),
        "archived": Start(0.95, 90, HOLDS, "account"),
        "inbound": Start(0.97, 180, HOLDS, "account"),
        "returns": Start(0.97, 180, HOLDS, "account"),
        "code": Start(_unverified(0.95), 30, HOLDS, "code"),
        "transparency": Start(0.90, 60, HOLDS_OUTSIDE, "gtin"),
        "gtin": Start(0.90, 60, HOLDS_OUTSIDE, "gtin"),  # shared by all its candidates
        "fnskutoasin": Start(_unverified(0.85), 180, HOLDS_OUTSIDE, "outside"),
        "sample": Start(
            _unverified(0.85), 180, HOLDS_OUTSIDE, "outside"
        ),  # the stand-in plays such a resolver
        "manifest": Start(0.75, None, HOLDS_OUTSIDE, "outside"),  # whose writers ask resolvers too
        "confirmed": Start(0.97, None, HOLDS, "people"),  # by this account
        "shared": Start(0.85, None, HOLDS_OUTSIDE, "people"),  # by other accounts
    }
)
UNKNOWN = Start(0.50, 90, HOLDS_OUTSIDE, "outside")  # start: a source nobody has described


def source(name: str) -> Start:
    """Return what is believed of a source at first; of an unknown one, that it is right every other time."""
    return SOURCES.get(name, UNKNOWN)


@lru_cache(maxsize=4096)
def start(name: str) -> Beta:
    """Return the start value of a name as `conversion.reliability` makes them. KeyError for any other."""
    kind, _, rest = name.partition(":")
    if kind in ("right", "lately"):
        return Beta.of(source(rest).right, STRENGTH)
    if kind == "holds":
        return Beta.of(source(rest).holds, STRENGTH)
    if kind == "copies":
        one, _, other = rest.partition(">")
        is_group = source(one).group == source(other).group
        return Beta.of(COPIES if is_group else COPIES_ACROSS, PAIR_STRENGTH)
    yes, no = SIGNALS[kind][rest]
    return Beta(yes * SIGNAL_STRENGTH, no * SIGNAL_STRENGTH)


def share(known: Knowledge, name: str) -> Beta:
    """Return what is known under a name, or its start."""
    found = known.get(name)
    return start(name) if found is None else found
