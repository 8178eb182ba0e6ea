"""Questions about calls and their sums."""

from datetime import UTC, date, datetime, time
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models import Max, Q, Sum
from django.db.models.functions import Coalesce

from api.ids import moment_of

FILTERS = {"operation": "operation", "outcome": "outcome", "status": "status", "key": "key_id"}

FAILURES = ["internal_error", "service_unavailable"]  # ours, after which nobody knows what was done


class AlikeQuerySet(models.QuerySet[Any]):
    """What rows and sums are asked alike."""

    def for_user(self, user: Any) -> Self:
        """One user's."""
        return self.filter(user_id=user.pk)

    def alike(self, **wanted: Any) -> Self:
        """Those of an `operation`, an `outcome`, a `status`, a `key`."""
        return self.filter(**{FILTERS[name]: value for name, value in wanted.items()})


class APICallQuerySet(AlikeQuerySet):
    """Which calls, in the order of `at` and id. An id has its time in it, so it bounds both."""

    def between(self, since: datetime | None, until: datetime | None) -> Self:
        """Those that came from `since` on and before `until`."""
        calls = self if since is None else self.filter(at__gte=since)
        return calls if until is None else calls.filter(at__lt=until)

    def failed(self) -> Self:
        """Those that failed through a fault of ours; they have an index."""
        return self.filter(outcome__in=FAILURES)

    def until_day(self, day: date) -> Self:
        """Those of that day and before."""
        return self.filter(at__lte=datetime.combine(day, time.max, UTC))

    def older_than(self, call: UUID) -> Self:
        """Those before that one."""
        return self.filter(at__lte=moment_of(call), id__lt=call)

    def down_to(self, call: UUID) -> Self:
        """That one and those after it."""
        return self.filter(at__gte=moment_of(call), id__gte=call)

    def newest_first(self) -> Self:
        """The last to come first."""
        return self.order_by("-at", "-id")

    def last_of(self, count: int) -> UUID | None:
        """The id of the last of so many newest calls, if there are more; reads an index alone."""
        ids = list(self.newest_first().values_list("id", flat=True)[count - 1 : count + 1])
        return ids[0] if len(ids) == 2 else None

    def newest_day(self) -> date | None:
        """The day of the newest of these."""
        at: datetime | None = self.newest_first().values_list("at", flat=True).first()
        return at and at.date()


class UsageDayQuerySet(AlikeQuerySet):
    """Which sums."""

    def between(self, first: date, last: date) -> Self:
        """Those of the days from `first` to `last`."""
        return self.filter(day__gte=first, day__lte=last)

    def last_day(self) -> date | None:
        """The newest day of these."""
        day: date | None = self.aggregate(day=Max("day"))["day"]
        return day

    def summed(self, column: str) -> list[tuple[Any, ...]]:
        """For each value of a column: calls, those that failed, credits and µs."""
        sums = (
            self.order_by()
            .values(column)
            .annotate(
                all_calls=Sum("calls"),
                failed=Coalesce(Sum("calls", filter=Q(status__gte=400)), 0),
                all_credits=Sum("credits"),
                us=Sum("duration_us"),
            )
        )
        return list(sums.values_list(column, "all_calls", "failed", "all_credits", "us"))
