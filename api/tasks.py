"""What runs by the clock."""

from celery import shared_task

from api import attempts


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def forget_old_idempotent_requests() -> int:
    """Remove the answers that no repeated call gets any more; how many. Running it twice does no harm."""
    return attempts.forget_old()
