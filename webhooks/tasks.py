"""What workers do for webhooks. A message is a hint that may come twice or never: the rows hold the state."""

from collections.abc import Sequence
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from api.queues import workers_told
from webhooks import delivering, disabling, pruning
from webhooks.models import Delivery

MOST_AT_ONCE = 500  # deliveries that one run of the sweeper hands out
HINT_SECONDS = 60  # a hint that nobody has taken by then has been given again


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def deliver(delivery_id: str) -> bool:
    """Make one attempt, if it is time; whether one was made. Running it twice does no harm.

    Whoever has served an endpoint hands out what waits longest for the same one, behind all else that waits.
    """
    endpoint_id = delivering.deliver(UUID(delivery_id))
    if endpoint_id is None:
        return False
    following = delivering.next_of(endpoint_id)
    if following is not None:
        tell_workers([following])
    return True


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def deliver_due() -> int:
    """Hand out what is due, each endpoint in its turn; how many. Running it twice does no harm."""
    due = Delivery.objects.in_turn(timezone.now(), each=delivering.AT_ONCE)
    found = list(due.values_list("pk", flat=True)[:MOST_AT_ONCE])
    tell_workers(found)
    return len(found)


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def prune() -> int:
    """Forget old events, and send the mails that could not be sent; how many events went."""
    disabling.tell_owners()
    return pruning.prune()


def tell_workers(delivery_ids: Sequence[UUID]) -> None:
    """Have deliveries attempted now. If the workers cannot be told, `deliver_due` finds the rows."""
    for delivery_id in delivery_ids:
        if not workers_told(deliver, str(delivery_id), expires=HINT_SECONDS):
            return
