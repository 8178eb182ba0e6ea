"""Who claims what of a code: what is kept for everybody or for one account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import User
from conversion.models import Mapping
from conversion.witnesses import Claim
from providers.kinds import Kind

FREE_KINDS = (Kind.ASIN, Kind.ISBN10)  # a code that is an ASIN already
OWN = frozenset({"inventory", "archived", "listing", "inbound", "returns", "confirmed"})
"""Sources of an account's own: what they say of a code is free for that account."""
ASK_AGAIN = timedelta(days=180)  # a code hardly ever changes its meaning; its record says how much it fades


@dataclass(frozen=True, slots=True)
class Heard:
    """A claim as it is kept and shown."""

    source: str
    asin: str
    observed_at: datetime
    is_own: bool = False
    title: str = ""
    condition: str = ""

    def claim(self, now: datetime) -> Claim:
        """Return what the mathematics wants of it. What two accounts share are two witnesses."""
        age = max(0.0, (now - self.observed_at).total_seconds() / 86400)
        return Claim(source=self.source, asin=self.asin, age_days=age)


def kept(codes: Sequence[str], user: User) -> dict[str, list[Heard]]:
    """Return for each code what is kept of it that may answer this account: one indexed query."""
    found: dict[str, list[Heard]] = {code: [] for code in codes}
    if codes:
        for row in Mapping.objects.about(*codes).for_user(user).order_by("id"):
            found[row.code].append(_heard(row))
    return found


def _heard(row: Mapping) -> Heard:
    return Heard(
        source=row.source,
        asin=row.asin,
        observed_at=row.observed_at,
        is_own=row.owner_id is not None and row.source in OWN,
        title=row.title,
        condition=row.condition,
    )


def is_enough(heard: Sequence[Heard], now: datetime) -> bool:
    """Say whether nobody need be asked: the account's own data answers, or an upstream has lately."""
    return any(one.is_own or now - one.observed_at < ASK_AGAIN for one in heard)


def owned(codes: Sequence[str], user: User) -> set[str]:
    """Return those of the codes of which the account's own data says something: one indexed query."""
    found = Mapping.objects.about(*codes).filter(owner=user, source__in=OWN)
    return set(found.values_list("code", flat=True))
