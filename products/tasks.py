"""What runs by the clock."""

from celery import shared_task

from products import refreshing, unanswered


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def give_back_unanswered() -> int:
    """Refund charges whose call was answered with a failure of ours; how many. Twice does no harm."""
    return unanswered.give_back()


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def refresh_popular() -> int:
    """Ask anew for what is asked most and is soon too old, within the budget; how many. Charges nobody."""
    return refreshing.refresh()
