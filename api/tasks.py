"""What runs by the clock."""

from celery import shared_task
from django.conf import settings

from api import attempts, calls
from api.pruning import pruned


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def prune_calls() -> int:
    """Delete calls older than API_CALL_DAYS, a few thousand at a time; how many went. Their sums stay."""
    return pruned(calls.prune, days=settings.API_CALL_DAYS)


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def forget_old_idempotent_requests() -> int:
    """Remove the answers that no repeated call gets any more; how many. Running it twice does no harm."""
    return attempts.forget_old()
