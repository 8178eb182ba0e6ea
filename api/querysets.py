"""Questions about calls and their sums."""

from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models import Max

from api.ids import first_of

FILTERS = {"operation": "operation", "outcome": "outcome", "status": "status", "key": "key_id"}


class AlikeQuerySet(models.QuerySet[Any]):
    """What rows and sums are asked alike."""

    def for_user(self, user: Any) -> Self:
        """One user's."""
        return self.filter(user_id=user.pk)

    def alike(self, **wanted: Any) -> Self:
        """Those of an `operation`, an `outcome`, a `status`, a `key`."""
        return self.filter(**{FILTERS[name]: value for name, value in wanted.items()})


class APICallQuerySet(AlikeQuerySet):
    """Which calls."""

    def between(self, since: datetime | None, until: datetime | None) -> Self:
        """Those that came from `since` on and before `until`."""
        calls = self if since is None else self.filter(id__gte=first_of(since))
        return calls if until is None else calls.filter(id__lt=first_of(until))

    def newest_first(self) -> Self:
        """The last to come first."""
        return self.order_by("-id")

    def nth(self, place: int) -> UUID | None:
        """The id of the call that so many newer ones precede; reads the index alone."""
        return self.newest_first().values_list("id", flat=True)[place : place + 1].first()


class UsageDayQuerySet(AlikeQuerySet):
    """Which sums."""

    def between(self, first: date, last: date) -> Self:
        """Those of the days from `first` to `last`."""
        return self.filter(day__gte=first, day__lte=last)

    def last_day(self) -> date | None:
        """The newest day of these."""
        day: date | None = self.aggregate(day=Max("day"))["day"]
        return day
