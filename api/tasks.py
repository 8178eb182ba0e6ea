"""What runs by the clock."""

import time
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from api import attempts, calls

PRUNED_AT_ONCE = 5_000
PRUNING_SECONDS = 60.0  # the next run goes on


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def prune_calls() -> int:
    """Delete calls older than API_CALL_DAYS, a few thousand at a time; how many went. Their sums stay."""
    before, ends = timezone.now() - timedelta(days=settings.API_CALL_DAYS), time.monotonic() + PRUNING_SECONDS
    pruned = 0
    while time.monotonic() < ends:
        count = calls.prune(before, size=PRUNED_AT_ONCE)
        pruned += count
        if count < PRUNED_AT_ONCE:
            break
    return pruned


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def forget_old_idempotent_requests() -> int:
    """Remove the answers that no repeated call gets any more; how many. Running it twice does no harm."""
    return attempts.forget_old()
