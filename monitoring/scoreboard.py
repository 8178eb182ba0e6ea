"""What the upstreams did in a period: how often they answered, how fast, and at what cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from monitoring.models import UpstreamCall
from providers.errors import ErrorClass
from providers.registry import providers

GROUPS: Mapping[str, tuple[str, ...]] = {
    "provider": ("provider",),
    "operation": ("provider", "operation"),
    "credential": ("provider", "credential"),
}
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What the calls of one group add up to.

    `operation` and `credential` are None where all are taken together. Times are of all calls, those that
    failed too. `cost` is in the upstream's own unit, None where it tells none. `delivered` counts answers,
    less those that were not believed. `failures`: calls that failed, and answers that were not believed, by
    reason, the most frequent first.
    """

    provider: str
    operation: str | None = None
    credential: str | None = None
    calls: int
    succeeded: int
    p50_ms: float | None
    p95_ms: float | None
    cost: Decimal | None
    delivered: int
    failures: Mapping[str, int]

    @property
    def success_share(self) -> float | None:
        """Which share of the calls succeeded, from 0 to 1; there is none of nothing."""
        return round(self.succeeded / self.calls, 4) if self.calls else None

    @property
    def cost_per_answer(self) -> float | None:
        """What an answer cost, failed calls included; None where nothing was delivered or told."""
        if self.cost is None or self.delivered <= 0:
            return None
        return round(float(self.cost) / self.delivered, 4)


def scoreboard(since: datetime, until: datetime, *, by: str = "provider") -> list[Score]:
    """Return the scores of all that was asked in a period, those asked most first.

    `by`: one of GROUPS.
    """
    rows = UpstreamCall.objects.between(since, until).scored(GROUPS[by])
    scores = [score_of(row) for row in rows]
    return sorted(scores, key=lambda score: (-score.calls, score.provider, score.operation or ""))


def last_day(*, by: str = "provider") -> list[Score]:
    """Return the scores of the last 24 hours."""
    now = timezone.now()
    return scoreboard(now - DAY, now, by=by)


def score_of(row: dict[str, Any]) -> Score:
    """Return a row of the query as a score."""
    counts = {str(reason): row.pop(reason) for reason in ErrorClass}
    p50, p95 = (milliseconds(us) for us in row.pop("durations_us") or (None, None))
    failures = sorted(((reason, count) for reason, count in counts.items() if count), key=lambda one: -one[1])
    return Score(**row, p50_ms=p50, p95_ms=p95, failures=dict(failures))


def milliseconds(us: float | None) -> float | None:
    """Return µs as ms."""
    return None if us is None else round(us / 1000, 3)


def units() -> dict[str, str]:
    """Return in what each configured upstream counts its costs, by its name: call, token, credit."""
    return {provider.name: provider.unit for provider in providers()}
