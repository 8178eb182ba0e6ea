"""What can be done with a code: find out which ASIN it means, how surely, and on whose word.

Services never charge: credits move at the edge. What a caller pays is decided by `Found.is_free` there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from conversion import catalog, sources
from conversion.catalog import UNCHECKED, Entry
from conversion.confidence import Answer, combine
from conversion.errors import NoMatch, NotSureEnough
from conversion.knowledge import known
from conversion.models import Conversion
from conversion.signals import Facts
from conversion.similarity import agreement, similarity
from conversion.sources import Heard
from credits.prices import price_of
from providers.kinds import Kind, Recognised

CONVERT = "conversion.fnsku"
PRODUCT = "product.lookup"
FREE_KINDS = (Kind.ASIN, Kind.ISBN10)  # a code that is an ASIN already


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
    heard, retry_after = claims(question, user, wait=wait, before_upstream=before_upstream)
    if not heard and retry_after is None:
        raise NoMatch(question.code.normal)
    found = weighed(question, heard, user, before_upstream=before_upstream)
    if not heard:
        return _with_wait(found, retry_after)
    if found.confidence < question.min_confidence:
        raise NotSureEnough(question.code.normal, found.confidence, question.min_confidence)
    return found


def claims(
    question: Question, user: User, *, wait: float, before_upstream: Callable[[], object]
) -> tuple[list[Heard], float | None]:
    """Return who claims what, but for what this account has rejected; if nobody does, upstreams are asked."""
    code, now = question.code.normal, timezone.now()
    if question.code.kind in FREE_KINDS:
        return [Heard("code", code, now)], None
    heard = sources.kept(code, user)
    retry_after = None
    if not sources.is_enough(heard, now):
        told, retry_after = sources.asked_now(
            code, user, question.marketplace, wait=wait, before_upstream=before_upstream
        )
        known_already = {(one.source, one.asin) for one in told}
        heard = [one for one in heard if (one.source, one.asin) not in known_already] + told
    refused = rejected(code, user) if heard else frozenset()
    left = [one for one in heard if one.asin not in refused]
    return left, None if left else retry_after


def rejected(code: str, user: User) -> frozenset[str]:
    """Return the ASINs of which this account has said that the code does not mean them."""
    told = Conversion.objects.for_user(user).filter(code=code, feedback__is_correct=False)
    return frozenset(told.values_list("asin", flat=True))


def weighed(
    question: Question, heard: Sequence[Heard], user: User, *, before_upstream: Callable[[], object]
) -> Found:
    """Return what the claims make probable, after a look at the catalogue.

    What is free must not cost us an upstream: then the catalogue is not asked, unless its entry is wanted.
    """
    now = timezone.now()
    asins = list(dict.fromkeys(one.asin for one in heard))
    is_free = question.code.kind in FREE_KINDS or any(one.is_own for one in heard)
    entries: Mapping[str, Entry] = {}
    if asins and (question.include_product or not is_free):
        entries = catalog.look_up(asins, question.marketplace, before_upstream=before_upstream)
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


def _with_wait(found: Found, retry_after: float | None) -> Found:
    return Found(
        question=found.question,
        heard=found.heard,
        entries=found.entries,
        answer=found.answer,
        checked_at=found.checked_at,
        retry_after=retry_after,
    )


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
