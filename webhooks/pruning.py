"""Forgetting what was told long ago."""

from datetime import datetime

from django.conf import settings

from api.pruning import pruned
from webhooks.models import Delivery, Event

AT_ONCE = 500  # events, with their deliveries and attempts


def prune() -> int:
    """Delete events older than WEBHOOK_DAYS with all that belongs to them; how many events went.

    One that is still being tried stays until that has ended.
    """
    return pruned(_some, days=settings.WEBHOOK_DAYS, size=AT_ONCE)


def _some(before: datetime, *, size: int) -> int:
    """Delete the oldest events, and say how many."""
    old = Event.objects.filter(created_at__lt=before).exclude(deliveries__status=Delivery.Status.PENDING)
    found = list(old.order_by("created_at").values_list("pk", flat=True)[:size])
    Event.objects.filter(pk__in=found).delete()
    return len(found)
