"""What the caller's calls add up to, beside the time before. From the sums of days alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api import queries
from api.models import UsageDay
from api.querysets import UsageDayQuerySet
from api.serializers import GROUPS, Period, UsageOutput, UsageQuery


@dataclass(frozen=True, slots=True)
class Figures:
    """What a number of calls adds up to."""

    calls: int = 0
    errors: int = 0
    credits: int = 0
    duration_us: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        """Return both together."""
        return Figures(
            self.calls + other.calls,
            self.errors + other.errors,
            self.credits + other.credits,
            self.duration_us + other.duration_us,
        )

    def told(self) -> dict[str, Any]:
        """Return the figures as the answer gives them; there is no share and no mean of nothing."""
        return {
            "calls": self.calls,
            "errors": self.errors,
            "error_share": round(self.errors / self.calls, 4) if self.calls else None,
            "credits": self.credits,
            "mean_ms": round(self.duration_us / self.calls / 1000, 3) if self.calls else None,
        }


class Usage(APIView):
    """What the caller's calls add up to."""

    scope = "usage:read"

    @extend_schema(operation_id="analytics_usage", parameters=[UsageQuery], responses=UsageOutput)
    def get(self, request: Request) -> Response:
        """Return what your calls add up to in a period, in groups, beside the period before."""
        query = UsageQuery(data=queries.values(request))
        query.is_valid(raise_exception=True)
        return Response(usage(request.user, **query.validated_data))


def usage(user: Any, *, group_by: str, period: Period) -> dict[str, Any]:
    """Return the figures of a user's calls in a period, in groups, and those of the period before."""
    days: UsageDayQuerySet = UsageDay.objects.for_user(user)
    before = period.before()
    now, then = figures(days, group_by, period), figures(days, group_by, before)
    if group_by == "day":
        then = dict(zip(period.days(), (then.get(day, Figures()) for day in before.days()), strict=True))
        now = {day: now.get(day, Figures()) for day in period.days()}
    return {
        "from": period.first,
        "to": period.last,
        "group_by": group_by,
        "totals": total(now.values()).told(),
        "previous": {"from": before.first, "to": before.last, **total(then.values()).told()},
        "data": grouped(now, then, by_size=group_by != "day"),
    }


def figures(days: UsageDayQuerySet, group_by: str, period: Period) -> dict[Any, Figures]:
    """Return the sums of each group that has any."""
    rows = days.between(period.first, period.last).summed(GROUPS[group_by])
    return {group: Figures(*map(int, sums)) for group, *sums in rows}


def total(parts: Iterable[Figures]) -> Figures:
    """Return all together."""
    return sum(parts, Figures())


def grouped(
    now: Mapping[Any, Figures], then: Mapping[Any, Figures], *, by_size: bool
) -> list[dict[str, Any]]:
    """Return each group of either period with its figures in both: the largest first, or as they are."""
    names = list(now) + [name for name in then if name not in now]
    if by_size:
        names.sort(key=lambda name: (-now.get(name, Figures()).calls, str(name)))
    return [
        {
            "group": None if name is None else str(name),
            **now.get(name, Figures()).told(),
            "previous": then.get(name, Figures()).told(),
        }
        for name in names
    ]
