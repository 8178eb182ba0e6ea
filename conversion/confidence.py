"""Which ASIN a code means, as probabilities, from what several sources claim. Pure.

Hypotheses. Each ASIN that somebody names, and NONE: it is another one. There are so many ASINs that
before any claim each is one of MANY, and a wrong claim names any of MANY wrong ones. So MANY cancels out
where witnesses stand alone, and odds are taken against NONE.

One witness. It is right with probability r, and names n ASINs (a GTIN has several; n = 1 for most):

    P(names a | a) = r,   P(names a | another) = (1 - r) n / MANY,   prior odds of a = 1 / MANY
    odds of a = r / (n (1 - r)),   so P(a) = r / n and P(NONE) = 1 - r.

Witnesses that disagree. The odds of each ASIN are the product of those who name it, the others and NONE
get 1:

    P(a) = o(a) / (1 + sum of all o).   0.98 against 0.85: 49 / (1 + 49 + 5.7) = 0.88.

Two witnesses that agree would nearly prove it if they were independent: chance hardly picks the same
wrong ASIN twice. What is left is copying, and reading the same faulty record: k is the share of the first
one's mistakes that the second repeats. If the second copies with probability k and else is right with r',
then r = k R + (1 - k) r' is what its record shows, with R the record of the first, and

    P(agrees | first right) = k + (1 - k) r'  = r + k (1 - R)
    P(agrees | first wrong) = k + (1 - k) (1 - r') / MANY
    the odds are multiplied by the quotient: about r / k. A perfect copy (k = 1) multiplies by 1.

Witnesses come in falling order of their records, and each of the first few is tried as the first: the
greatest odds count, so that an old copy of a fresh claim takes nothing from it. One may have copied from
any before it that agree, so its k is 1 - product of (1 - k of each); one of another source that is a copy
itself counts by the share that is its own. This takes groups for what they are: if A copies B and B
copies C, A and C are of one group. A witness that disagrees has not copied this time, and its claim
counts by r' = (r - k R) / (1 - k), which is below its record: part of that was borrowed. No further
agreement lowers the odds.

Age. A claim was right with r when made; what it says still holds with probability h + (1 - h)
2^(-age/half-life), so it fades from r to r h: towards what is left of a record nobody has looked at
since, not to nothing, for ASINs seldom change (docs/conversion.md). An age that is unknown is the
greatest.

Catalogue, title and condition multiply the odds of their ASIN by likelihood ratios (`conversion.signals`).

No answer is surer than CAP: what it exceeds goes to NONE. r, k, h and the ratios are shares that feedback
teaches (`conversion.learning`), and stand at `conversion.starts` before.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, prod

from conversion.reliability import Knowledge
from conversion.signals import Facts, ratios
from conversion.witnesses import NOTHING, Claim, Voice, copied, voices, witnesses

MANY = 10_000.0  # wrong ASINs a mistake may name; as the least k is far above 1/MANY its size does not matter
FIRSTS = 3  # witnesses tried as the first: a limit to the work, for one after these would hardly be chosen
CAP = 0.995  # table: no agreement of sources is surer


@dataclass(frozen=True, slots=True)
class Candidate:
    """An ASIN and the probability that it is the one."""

    asin: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All candidates, the likeliest first; with `none` ("none of these") they add up to 1.

    `weights` has one number per claim, in the order given, from 0 to 1: the part of its ASIN's probability
    that this claim carries. The weights of the claims that name an ASIN add up to its probability.
    `is_conflict`: some witness names other ASINs only.
    """

    candidates: tuple[Candidate, ...]
    none: float
    weights: tuple[float, ...]
    is_conflict: bool

    @property
    def best(self) -> Candidate | None:
        """The likeliest ASIN; None when nobody claims anything."""
        return self.candidates[0] if self.candidates else None


def combine(claims: Sequence[Claim], facts: Mapping[str, Facts], known: Knowledge = NOTHING) -> Answer:
    """Return what the claims, and what is known of the ASINs they name, make probable, in whatever order."""
    heard = voices(witnesses(claims, known), known)
    asins = sorted({claim.asin for claim in claims})
    odds: dict[str, float] = {}
    parts: dict[str, dict[tuple[str, str], float]] = {}
    for asin in asins:
        speaking = [voice for voice in heard if asin in voice.aged]
        odds[asin] = _log_odds(asin, speaking, facts.get(asin), known)
        parts[asin] = _parts(asin, speaking, known)
    shares = _capped(_normalised(odds))
    ranked = sorted(asins, key=lambda asin: (-shares[asin], asin))
    return Answer(
        candidates=tuple(Candidate(asin, shares[asin]) for asin in ranked),
        none=max(0.0, 1.0 - sum(shares.values())),
        weights=_weights(claims, shares, parts),
        is_conflict=any(ranked[0] not in voice.aged for voice in heard),
    )


def _alone(voice: Voice, asin: str) -> float:
    """Return the odds of an ASIN that only this witness names."""
    r = voice.on(asin)
    return r / (len(voice.aged) * (1 - r))


def _borrowed(voice: Voice, before: Iterable[tuple[Voice, float]], known: Knowledge) -> float:
    """Return k: how many of its mistakes are those of witnesses before it, by what of each is their own."""
    return 1 - prod(
        1 - copied(voice.source, other.source, known) * (1.0 if other.source == voice.source else own)
        for other, own in before
    )


def _agreeing(voice: Voice, asin: str, *, k: float, theirs: float) -> float:
    """Return what the odds are multiplied by when one agrees with others, whose best record is `theirs`."""
    r = voice.on(asin)
    by_mistake = max(0.0, 1 - k - r + k * theirs) * len(voice.aged) / MANY
    return max(1.0, min(1.0, r + k * (1 - theirs)) / (k + by_mistake))


def _log_odds(asin: str, speaking: Sequence[Voice], facts: Facts | None, known: Knowledge) -> float:
    """Return the logarithm of the odds of an ASIN against NONE."""
    heard = max(_heard(asin, first, speaking, known) for first in speaking[:FIRSTS])
    return heard + (sum(map(log, ratios(facts, known).values())) if facts else 0.0)


def _heard(asin: str, first: Voice, speaking: Sequence[Voice], known: Knowledge) -> float:
    """Return the logarithm of the odds of an ASIN by its witnesses alone, the first of them given."""
    odds = log(_alone(first, asin))
    others = [voice for voice in speaking if voice is not first]
    before = [(first, 1.0)]
    for voice in others:
        k = _borrowed(voice, before, known)
        theirs = max(other.record for other, _ in before)
        odds += log(_agreeing(voice, asin, k=k, theirs=theirs))
        before.append((voice, 1 - k))
    return odds


def _parts(asin: str, speaking: Sequence[Voice], known: Knowledge) -> dict[tuple[str, str], float]:
    """Return what part of the case for an ASIN each witness carries.

    It is the mean of what it would add as the first and as the last to speak, so that two copies have as
    much together as one has alone.
    """
    added = {}
    for voice in speaking:
        others = [(other, 1.0) for other in speaking if other is not voice]
        first = last = log(max(1.0, _alone(voice, asin) * MANY))
        if others:
            theirs = max(other.record for other, _ in others)
            last = log(_agreeing(voice, asin, k=_borrowed(voice, others, known), theirs=theirs))
        added[voice.source, voice.origin] = (first + last) / 2
    total = sum(added.values())
    return {key: part / total if total else 1 / len(added) for key, part in added.items()}


def _normalised(odds: Mapping[str, float]) -> dict[str, float]:
    """Return probabilities from logarithms of odds against NONE, whose own is 0."""
    most = max([0.0, *odds.values()])
    total = exp(-most) + sum(exp(value - most) for value in odds.values())
    return {asin: exp(value - most) / total for asin, value in odds.items()}


def _capped(shares: Mapping[str, float]) -> dict[str, float]:
    return {asin: min(CAP, share) for asin, share in shares.items()}


def _weights(
    claims: Sequence[Claim], shares: Mapping[str, float], parts: Mapping[str, Mapping[tuple[str, str], float]]
) -> tuple[float, ...]:
    """Return each claim's part of its ASIN's probability; equal claims of one witness divide it."""
    times = Counter((claim.asin, claim.source, claim.origin) for claim in claims)
    return tuple(
        shares[claim.asin]
        * parts[claim.asin][claim.source, claim.origin]
        / times[claim.asin, claim.source, claim.origin]
        for claim in claims
    )
