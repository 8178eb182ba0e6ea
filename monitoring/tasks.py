"""What runs by the clock."""

from celery import shared_task
from django.conf import settings

from api.pruning import pruned
from monitoring import recording


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def prune_upstream_calls() -> int:
    """Delete calls to upstreams older than UPSTREAM_CALL_DAYS, a few thousand at a time; how many went."""
    return pruned(recording.prune, days=settings.UPSTREAM_CALL_DAYS)
