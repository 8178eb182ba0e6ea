"""What workers do for webhooks. A message is a hint that may come twice or never: the rows hold the state."""

from collections.abc import Sequence
from uuid import UUID

import structlog
from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from webhooks import delivering, disabling, pruning
from webhooks.models import Delivery

log = structlog.stdlib.get_logger("pallet.webhooks")
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
    try:
        for delivery_id in delivery_ids:
            deliver.apply_async((str(delivery_id),), retry=False, expires=HINT_SECONDS)
    except OperationalError as error:
        log.warning("workers_not_told", task="webhooks.deliver", error=type(error).__name__)
