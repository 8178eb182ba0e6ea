"""What one answer of a customer teaches about the sources and signals that took part. Pure.

The truth is never quite certain: people err (ERROR), and who rejects an answer may not know the right one. So
it comes as probabilities (`confirmed`, `rejected`): what was probable before, weighed by what was said. One
rejection of an answer of 0.995 is more likely a slip than not, and ten are not. Every count grows by the
probability that it should: expectation-maximisation, one answer at a time.

- A source's record, with a long memory and a short one: its claim was right, or wrong. An old claim that is
  wrong now may have been right when it was made: the blame is divided by how probable each is.
- How often its claims still hold when old: the other half of that.
- Copying: whenever one of two was wrong, whether the other made the same mistake.
- Signals: each outcome, for right and for wrong candidates, one candidate of each ASIN.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations

from conversion import starts
from conversion.confidence import Answer
from conversion.reliability import (
    LATELY_CAP,
    SIGNAL_CAP,
    SOURCE_CAP,
    Beta,
    Knowledge,
    Seen,
    copies,
    grown,
    has_changed,
    holds,
    lately,
    right,
    signal,
)
from conversion.signals import Facts, outcomes
from conversion.witnesses import NOTHING, Claim, Witness, still_holds, witnesses

ERROR = 0.02  # start: customers who confirm what is wrong or reject what is right

Truth = Mapping[str, float]
"""The probability of each ASIN, given what the customer said; those that are missing have none."""


def confirmed(asin: str, answer: Answer, *, error: float = ERROR) -> Truth:
    """Return the truth when somebody says that this is the ASIN, whether it was answered or not.

    `error`: how often such people are mistaken; 0 when it is certain.
    """
    named = {one.asin for one in answer.candidates}
    return _told(answer, {asin: 1 - error}, error, none=error if asin in named else 1 - error)


def rejected(asins: Iterable[str], answer: Answer, *, error: float = ERROR) -> Truth:
    """Return the truth when somebody says that it is none of these; `error` as in `confirmed`."""
    return _told(answer, dict.fromkeys(asins, error), 1 - error, none=1 - error)


def _told(answer: Answer, likely: Mapping[str, float], others: float, *, none: float) -> Truth:
    """Return what was probable before, weighed by how likely each makes what was said."""
    weighed = {one.asin: one.probability * likely.get(one.asin, others) for one in answer.candidates}
    total = sum(weighed.values()) + answer.none * none
    return {asin: share / total for asin, share in weighed.items()} if total else {}


def learned(
    claims: Sequence[Claim],
    facts: Mapping[str, Facts],
    truth: Truth,
    known: Knowledge = NOTHING,
    *,
    weight: float = 1.0,
) -> dict[str, Beta]:
    """Return the counts that change. `weight`, 0 to 1: the verdict's, times the trust in who gave it."""
    heard = witnesses(claims, known)
    asins = sorted({claim.asin for claim in claims})
    return {
        **_of_sources(heard, truth, known, weight),
        **_of_pairs(heard, truth, known, weight),
        **_of_signals({asin: facts.get(asin, Facts()) for asin in asins}, truth, known, weight),
    }


class _Changes(dict[str, Beta]):
    """Counts on their way: what has changed already, else what is known."""

    def __init__(self, known: Knowledge, weight: float) -> None:
        super().__init__()
        self._known, self._weight = known, weight

    def add(self, names: Iterable[str], seen: Mapping[str, Seen], cap: float) -> None:
        """Let a family of shares grow by what was seen."""
        family = {name: self[name] if name in self else starts.share(self._known, name) for name in names}
        self.update(grown(family, seen, weight=self._weight, cap=cap))


def _of_sources(heard: Iterable[Witness], truth: Truth, known: Knowledge, weight: float) -> dict[str, Beta]:
    changes = _Changes(known, weight)
    for one in heard:
        was, still = _blamed(one, truth, known)
        long, short, old = right(one.source), lately(one.source), holds(one.source)
        changes.add([long], {long: was}, SOURCE_CAP)
        changes.add([short], {short: was}, LATELY_CAP)
        changes.add([old], {old: still}, SOURCE_CAP)
        if has_changed(changes[long], changes[short]):
            changes[long] = changes[short]
            changes[old] = starts.start(old)  # meanwhile some of the blame went there
    return changes


def _blamed(one: Witness, truth: Truth, known: Knowledge) -> tuple[Seen, Seen]:
    """Return what is seen of whether it was right when it spoke, and of whether old claims still hold."""
    is_right = min(1.0, sum(truth.get(asin, 0.0) for asin in one.ages))
    age = min(one.ages.values())
    alive = still_holds(one.source, age, known)
    least = still_holds(one.source, float("inf"), known)
    young = (alive - least) / (1 - least) if least < 1 else 1.0  # the part of it that is not old yet
    wrong_at_once = (1 - one.reliability) / (1 - one.reliability * alive)
    changed = (1 - is_right) * (1 - wrong_at_once)
    held = is_right * (1 - young) * least / alive
    return Seen(is_right + changed, (1 - is_right) * wrong_at_once), Seen(held, changed)


def _of_pairs(heard: Sequence[Witness], truth: Truth, known: Knowledge, weight: float) -> dict[str, Beta]:
    """Return how often one repeated the other's mistakes, each way round; only such as name one ASIN."""
    changes = _Changes(known, weight)
    plain = [(one.source, next(iter(one.ages))) for one in heard if len(one.ages) == 1]
    for (source, asin), (other, theirs) in permutations(plain, 2):
        wrong = (1 - truth.get(asin, 0.0)) / 2  # each pair comes twice
        seen = Seen(wrong, 0.0) if asin == theirs else Seen(0.0, wrong)
        name = copies(source, other)
        changes.add([name], {name: seen}, SOURCE_CAP)
    return changes


def _of_signals(facts: Mapping[str, Facts], truth: Truth, known: Knowledge, weight: float) -> dict[str, Beta]:
    changes = _Changes(known, weight)
    for asin, fact in facts.items():
        share = truth.get(asin, 0.0)
        for kind, parts in outcomes(fact).items():
            seen = {
                signal(kind, name): Seen(part * share, part * (1 - share)) for name, part in parts.items()
            }
            changes.add([signal(kind, name) for name in starts.SIGNALS[kind]], seen, SIGNAL_CAP)
    return changes
