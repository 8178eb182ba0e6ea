"""Questions about jobs and their chunks."""

from typing import Any, Self

from django.db import models
from django.db.models.functions import Now

from accounts.models import User


class JobQuerySet(models.QuerySet[Any]):
    """Which jobs."""

    def for_user(self, user: User) -> Self:
        """Those of one account."""
        return self.filter(user=user)

    def open(self) -> Self:
        """Those that still have something under way."""
        return self.filter(ended_at=None)

    def overdue(self) -> Self:
        """Those that are to end now, answered or not."""
        return self.open().filter(expires_at__lte=Now())

    def locked(self) -> Self:
        """For this transaction to change, each with its user."""
        return self.select_for_update(no_key=True, of=("self",)).select_related("user")


class JobChunkQuerySet(models.QuerySet[Any]):
    """Which chunks."""

    def open(self) -> Self:
        """Those that are not settled."""
        return self.filter(status__in=["pending", "running"])

    def running(self) -> Self:
        """Those that somebody works on, by the database's clock."""
        return self.filter(status="running", lease_until__gt=Now())

    def abandoned(self) -> Self:
        """Those whose worker has gone."""
        return self.filter(status="running", lease_until__lte=Now())
