"""Who has something to say of each code: its kind, what is kept, and if that is not enough, the upstreams."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils import timezone

from accounts.models import User
from conversion import asking, matches, sources
from conversion.models import Conversion
from conversion.sources import FREE_KINDS, Heard
from providers.errors import UpstreamUnavailable
from providers.kinds import Recognised


@dataclass(slots=True)
class Hearing:
    """The claims about a code. `retry_after`: there is none, but there may be one in so many seconds.

    `failure`: why those could not be asked who had to be.
    """

    heard: Sequence[Heard] = ()
    retry_after: float | None = None
    failure: UpstreamUnavailable | None = None

    @property
    def is_own(self) -> bool:
        """Whether the account's own data says something of it."""
        return any(one.is_own for one in self.heard)


def hear(
    codes: Sequence[Recognised],
    user: User,
    marketplace: str,
    *,
    wait: float,
    before_upstream: Callable[[], object],
) -> dict[str, Hearing]:
    """Return by code who claims what, but for what this account has rejected.

    What is known is read in one query for all; upstreams are asked where nobody says anything.
    """
    now = timezone.now()
    found = {
        code.normal: Hearing([Heard("code", code.normal, now)]) for code in codes if code.kind in FREE_KINDS
    }
    kept = sources.kept([code.normal for code in codes if code.kind not in FREE_KINDS], user)
    found |= {code: Hearing(heard) for code, heard in kept.items()}
    unanswered = [code for code, heard in kept.items() if not sources.is_enough(heard, now)]
    if unanswered:
        told = asking.asked_now(unanswered, user, marketplace, wait=wait, before_upstream=before_upstream)
        found |= {code: _with(kept[code], told[code]) for code in unanswered}
    refused = rejected([code for code in kept if found[code].heard], user)
    for code in refused:
        found[code].heard = [one for one in found[code].heard if one.asin not in refused[code]]
    return found


def _with(kept: Sequence[Heard], outcome: asking.Outcome) -> Hearing:
    """Return what is kept, and instead of what it repeats of it, what an upstream says now."""
    if isinstance(outcome, UpstreamUnavailable):
        return Hearing(failure=outcome)
    told = matches.claims_of(outcome.match)
    known_already = {(one.source, one.asin) for one in told}
    heard = [one for one in kept if (one.source, one.asin) not in known_already] + told
    return Hearing(heard, outcome.retry_after)


def rejected(codes: Sequence[str], user: User) -> dict[str, set[str]]:
    """Return by code the ASINs of which this account has said that it does not mean them."""
    found: dict[str, set[str]] = {}
    if codes:
        told = Conversion.objects.for_user(user).rejected().filter(code__in=codes)
        for code, asin in told.values_list("code", "asin"):
            found.setdefault(code, set()).add(asin)
    return found
