"""What runs by the clock."""

import time
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from monitoring import recording

PRUNED_AT_ONCE = 5_000
PRUNING_SECONDS = 60.0  # the next run goes on


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def prune_upstream_calls() -> int:
    """Delete calls to upstreams older than UPSTREAM_CALL_DAYS, a few thousand at a time; how many went."""
    before = timezone.now() - timedelta(days=settings.UPSTREAM_CALL_DAYS)
    ends, pruned = time.monotonic() + PRUNING_SECONDS, 0
    while time.monotonic() < ends:
        count = recording.prune(before, size=PRUNED_AT_ONCE)
        pruned += count
        if count < PRUNED_AT_ONCE:
            break
    return pruned
