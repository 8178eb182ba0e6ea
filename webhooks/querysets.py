"""Questions about endpoints and deliveries."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

from accounts.models import User


class EndpointQuerySet(models.QuerySet[Any]):
    """Which endpoints."""

    def for_user(self, user: User) -> Self:
        """Those of one account."""
        return self.filter(user=user)

    def told_of(self, event_type: str) -> Self:
        """Those that are switched on and want to know of such events."""
        return self.filter(is_enabled=True, events__contains=[event_type])


class DeliveryQuerySet(models.QuerySet[Any]):
    """Which deliveries."""

    def for_user(self, user: User) -> Self:
        """Those to the endpoints of one account."""
        return self.filter(endpoint__user=user)

    def idle(self, now: datetime) -> Self:
        """Those that nobody works on: whoever has let a lease run out has died."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lte=now))

    def under_way(self, now: datetime) -> Self:
        """Those that are being sent at this moment."""
        return self.filter(lease_until__gt=now)

    def due(self, now: datetime) -> Self:
        """Those for which it is time, and that nobody works on."""
        return self.idle(now).filter(status="pending", next_attempt_at__lte=now)

    def in_turn(self, now: datetime, *, each: int) -> Self:
        """Those that are due, the oldest of each endpoint and at most `each` of one; first all the first."""
        rank = Window(RowNumber(), partition_by="endpoint_id", order_by=[F("next_attempt_at"), F("pk")])
        ranked = self.due(now).annotate(rank=rank).filter(rank__lte=each)
        return ranked.order_by("rank", "next_attempt_at", "pk")
