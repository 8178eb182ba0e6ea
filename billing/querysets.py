"""Questions about orders and about what Stripe has told."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import F, Q

from accounts.models import User


class CreditOrderQuerySet(models.QuerySet[Any]):
    """Which orders."""

    def for_user(self, user: User) -> Self:
        """Those of one account."""
        return self.filter(user=user)

    def locked(self) -> Self:
        """The same, each with its row locked until the transaction ends."""
        return self.select_for_update(of=("self",))

    def begun(self) -> Self:
        """Top-ups, and what somebody has tried to pay; not the pages that were left."""
        is_tried = Q(payment_intent_id__isnull=False) | Q(paid_at__isnull=False) | ~Q(problem="")
        return self.filter(is_tried | Q(kind="auto_topup"))

    def open_top_ups(self) -> Self:
        """Automatic top-ups of which nobody knows yet how they end."""
        return self.filter(kind="auto_topup", status="pending")

    def topped_up_since(self, moment: datetime, *, currency: str) -> Self:
        """Automatic top-ups begun or paid since a moment that have taken money, or may have."""
        is_since = Q(created_at__gte=moment) | Q(paid_at__gte=moment)
        since = self.filter(is_since, kind="auto_topup", currency=currency)
        return since.exclude(status__in=("failed", "expired"))

    def lost_since(self, moment: datetime) -> Self:
        """Automatic top-ups given up since a moment; a payment of one may still turn up."""
        return self.filter(
            kind="auto_topup", status="failed", failure_code="not_begun", created_at__gte=moment
        )

    def never_begun(self, code: str | None = None) -> int:
        """Note of those still open that Stripe has begun no payment for them; how many that were."""
        return self.filter(status="pending").update(
            status="failed", failure_code=(code or "not_begun")[:100], version=F("version") + 1
        )

    def needing_attention(self) -> Self:
        """Those with which something is wrong that only a person can put right."""
        return self.exclude(problem="")

    def paid_by(self, *, payment_intent: str = "", charge: str = "", session: str = "") -> Self:
        """The one that one of these belongs to; none without any."""
        wanted = Q(pk=None)
        for column, value in (
            ("payment_intent_id", payment_intent),
            ("charge_id", charge),
            ("session_id", session),
        ):
            if value:
                wanted |= Q(**{column: value})
        return self.filter(wanted)


class StripeInboxQuerySet(models.QuerySet[Any]):
    """Which events."""

    def due(self, now: datetime) -> Self:
        """Those to be worked now, the longest waiting first."""
        return self.filter(status="waiting", due_at__lte=now).order_by("due_at", "id")

    def needing_attention(self) -> Self:
        """Those that nobody will try again: a person has to look."""
        return self.filter(status__in=("unmatched", "refused", "given_up"))

    def unmirrored(self, now: datetime, *, attempts: int) -> Self:
        """Those that dj-stripe is still to be told, tried fewer times than this."""
        return self.filter(
            mirrored_at=None, mirror_due_at__lte=now, mirror_attempts__lt=attempts, status="done"
        ).order_by("mirror_due_at", "id")

    def settled_before(self, moment: datetime) -> Self:
        """Those that came before a moment and need nobody's attention."""
        return self.filter(status="done", received_at__lt=moment)
