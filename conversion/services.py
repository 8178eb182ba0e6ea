"""What can be done with a code: find out which ASIN it means, how surely, and on whose word.

Services never charge: credits move at the edge. What a caller pays is decided by `Found.is_free` there.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from conversion import catalog, hearing
from conversion.catalog import UNCHECKED, Entry
from conversion.confidence import Answer, combine
from conversion.errors import NoMatch, NotSureEnough
from conversion.hearing import Hearing
from conversion.knowledge import known
from conversion.signals import Facts
from conversion.similarity import agreement, similarity
from conversion.sources import FREE_KINDS, Heard
from credits.prices import price_of
from providers.errors import UpstreamUnavailable
from providers.kinds import Recognised

CONVERT = "conversion.fnsku"
PRODUCT = "product.lookup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked about a code. `label_title` and `label_condition` are what is printed below it."""

    code: Recognised
    marketplace: str
    min_confidence: float = 0.0
    include_product: bool = False
    label_title: str | None = None
    label_condition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found out. `retry_after`: nobody knows yet, but somebody may in so many seconds."""

    question: Question
    heard: Sequence[Heard]
    entries: Mapping[str, Entry]
    answer: Answer
    checked_at: datetime
    retry_after: float | None = None

    @property
    def asin(self) -> str:
        """The likeliest ASIN; empty while nobody knows one."""
        return self.answer.best.asin if self.answer.best else ""

    @property
    def confidence(self) -> float:
        """How probable it is."""
        return self.answer.best.probability if self.answer.best else 0.0

    @property
    def is_own(self) -> bool:
        """Whether the account's own data names the ASIN that is answered."""
        return any(one.is_own and one.asin == self.asin for one in self.heard)

    @property
    def is_free(self) -> bool:
        """Whether it costs nothing: the code is the ASIN, or the account's own data says it."""
        return self.question.code.kind in FREE_KINDS or self.is_own

    @property
    def entry(self) -> Entry:
        """What the catalogue says of the ASIN that is answered."""
        return self.entries.get(self.asin, UNCHECKED)


Refusal = NoMatch | NotSureEnough | UpstreamUnavailable


def price(*, include_product: bool) -> int:
    """Return the credits a conversion costs at most."""
    return price_of(CONVERT) + (price_of(PRODUCT) if include_product else 0)


def convert(
    question: Question,
    *,
    user: User,
    wait: float,
    before_upstream: Callable[[], object] = lambda: None,
) -> Found:
    """Return which ASIN the code means; raises NoMatch, NotSureEnough, UpstreamUnavailable.

    `before_upstream` is called before any upstream is asked. An upstream that needs time is waited for `wait`
    seconds at most; then `Found.retry_after` is set, unless others have an answer already.
    """
    [outcome] = convert_many([question], user=user, wait=wait, before_upstream=before_upstream)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def convert_many(
    questions: Sequence[Question],
    *,
    user: User,
    wait: float = 0.0,
    before_upstream: Callable[[], object] = lambda: None,
) -> list[Found | Refusal]:
    """Return for each question what `convert` would return or raise. All are of one marketplace."""
    heard = hearing.hear(
        [question.code for question in questions],
        user,
        questions[0].marketplace,
        wait=wait,
        before_upstream=before_upstream,
    )
    pairs = [(question, heard[question.code.normal]) for question in questions]
    entries = looked_up(pairs, before_upstream=before_upstream)
    return [_outcome(question, one, entries) for question, one in pairs]


def looked_up(
    pairs: Collection[tuple[Question, Hearing]], *, before_upstream: Callable[[], object]
) -> Mapping[str, Entry]:
    """Return what the catalogue says of the ASINs that are claimed.

    What is free must not cost us an upstream: then the catalogue is not asked, unless its entry is wanted.
    """
    asins = {claim.asin: None for pair in pairs if _is_checked(*pair) for claim in pair[1].heard}
    if not asins:
        return {}
    place = next(iter(pairs))[0].marketplace
    return catalog.look_up(list(asins), place, before_upstream=before_upstream)


def _is_checked(question: Question, one: Hearing) -> bool:
    return question.include_product or not (question.code.kind in FREE_KINDS or one.is_own)


def _outcome(question: Question, one: Hearing, entries: Mapping[str, Entry]) -> Found | Refusal:
    if one.failure is not None:
        return one.failure
    if not one.heard and one.retry_after is None:
        return NoMatch(question.code.normal)
    found = weighed(question, one.heard, entries if _is_checked(question, one) else {})
    if not one.heard:
        return replace(found, retry_after=one.retry_after)
    if found.confidence < question.min_confidence:
        return NotSureEnough(question.code.normal, found.confidence, question.min_confidence)
    return found


def weighed(question: Question, heard: Sequence[Heard], known_entries: Mapping[str, Entry]) -> Found:
    """Return what the claims make probable, beside what the catalogue says."""
    now = timezone.now()
    asins = list(dict.fromkeys(one.asin for one in heard))
    entries = {asin: known_entries[asin] for asin in asins if asin in known_entries}
    answer = combine(
        [one.claim(now) for one in heard],
        {asin: _facts(question, heard, asin, entries.get(asin, UNCHECKED)) for asin in asins},
        known(),
    )
    return Found(question=question, heard=heard, entries=entries, answer=answer, checked_at=now)


def _facts(question: Question, heard: Sequence[Heard], asin: str, entry: Entry) -> Facts:
    """Return what speaks for or against an ASIN beside the claims: the label beside the catalogue's words."""
    listing = next((one for one in heard if one.asin == asin and (one.title or one.condition)), None)
    title = entry.title or (listing.title if listing else None)
    alike = similarity(question.label_title, title) if question.label_title and title else None
    condition = agreement(question.label_condition, listing.condition if listing else None)
    return Facts(catalog=entry.state, title=alike, condition=condition)


def heard_as_json(found: Found) -> dict[str, Any]:
    """Return what the answer was made of, as feedback wants it."""
    claims = [one.claim(found.checked_at) for one in found.heard]
    facts = {
        asin: _facts(found.question, found.heard, asin, found.entries.get(asin, UNCHECKED))
        for asin in dict.fromkeys(one.asin for one in found.heard)
    }
    return {
        "claims": [
            {"source": one.source, "asin": one.asin, "origin": one.origin, "age_days": one.age_days}
            for one in claims
        ],
        "facts": {
            asin: {"catalog": one.catalog, "title": one.title, "condition": one.condition}
            for asin, one in facts.items()
        },
    }
