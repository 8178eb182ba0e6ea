"""Forgetting what was told long ago."""

import time
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from webhooks.models import Delivery, Event

AT_ONCE = 500  # events, with their deliveries and attempts
SECONDS = 60.0  # the next run goes on


def prune() -> int:
    """Delete events older than WEBHOOK_DAYS with all that belongs to them; how many events went.

    One that is still being tried stays until that has ended.
    """
    before, ends = timezone.now() - timedelta(days=settings.WEBHOOK_DAYS), time.monotonic() + SECONDS
    pruned, count = 0, AT_ONCE
    while count == AT_ONCE and time.monotonic() < ends:
        count = _some(before)
        pruned += count
    return pruned


def _some(before: datetime) -> int:
    """Delete the oldest events, and say how many."""
    old = Event.objects.filter(created_at__lt=before).exclude(deliveries__status=Delivery.Status.PENDING)
    found = list(old.order_by("created_at").values_list("pk", flat=True)[:AT_ONCE])
    Event.objects.filter(pk__in=found).delete()
    return len(found)
