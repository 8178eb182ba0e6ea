"""Saying that something happened: rows in the caller's transaction, and a word to the workers after it."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from webhooks import ids
from webhooks.endpoints import locked
from webhooks.errors import EndpointDisabled, UnknownDelivery
from webhooks.events import EVENTS, TEST
from webhooks.models import Delivery, Endpoint, Event
from webhooks.tasks import tell_workers

MOST_BYTES = 20_000  # of an event's data: events are thin, and say where the rest is


def announce(user: User, type: str, data: Mapping[str, Any], *, key: str) -> Event | None:
    """Tell the endpoints of an account of an event. Returns the event, None where nobody wants to know.

    Writes rows and asks nobody: call it in the transaction in which the thing happens. The same `key` again
    is the same event, and changes nothing. `data` is plain JSON without a secret; ValueError when it is more
    than MOST_BYTES, KeyError for a type that is not in EVENTS.
    """
    if type not in EVENTS:
        raise KeyError(type)
    if len(orjson.dumps(data)) > MOST_BYTES:
        raise ValueError(f"The data of an event has at most {MOST_BYTES:,} bytes.")
    endpoints = list(Endpoint.objects.for_user(user).told_of(type)) if user.is_active else []
    if not endpoints:
        return None
    event = Event(user=user, type=type, data=dict(data), key=key)
    with transaction.atomic():
        Event.objects.bulk_create([event], ignore_conflicts=True)
        known = Event.objects.get(user=user, key=key)
        if known.pk == event.pk:
            _send(event, endpoints)
    return known


def send_test(*, user: User, endpoint_id: UUID) -> Delivery:
    """Send an event that says nothing, once, to see whether it arrives.

    Raises UnknownEndpoint, EndpointDisabled.
    """
    with transaction.atomic():
        endpoint = locked(user, endpoint_id)
        if not endpoint.is_enabled:
            raise EndpointDisabled
        said = {"webhook": ids.shown(ids.ENDPOINT, endpoint.pk), "message": "This is a test."}
        event = Event.objects.create(user=user, type=TEST, data=said, key=f"test:{uuid4()}")
        [delivery] = _send(event, [endpoint])
    return delivery


def replay(*, user: User, delivery_id: UUID) -> Delivery:
    """Send an event to an endpoint once more, under the same id, with all attempts before it.

    What is being sent, or waits its turn, is sent at once and keeps its count. Raises UnknownDelivery,
    EndpointDisabled.
    """
    with transaction.atomic():
        delivery = own_delivery(user, delivery_id)
        endpoint = locked(user, delivery.endpoint_id)
        if not endpoint.is_enabled:
            raise EndpointDisabled
        now = timezone.now()
        mine = Delivery.objects.filter(pk=delivery.pk).idle(now)
        afresh = {"status": Delivery.Status.PENDING, "attempt_count": 0, "started_at": None}
        mine.exclude(status=Delivery.Status.PENDING).update(**afresh, next_attempt_at=now)
        mine.filter(status=Delivery.Status.PENDING).update(next_attempt_at=now)
        transaction.on_commit(partial(tell_workers, [delivery.pk]))
        delivery.refresh_from_db()
    return delivery


def own_delivery(user: User, delivery_id: UUID) -> Delivery:
    """Return this delivery of this user. Raises UnknownDelivery, for another user's too."""
    found: Delivery | None = (
        Delivery.objects.for_user(user).select_related("event").filter(pk=delivery_id).first()
    )
    if found is None:
        raise UnknownDelivery
    return found


def _send(event: Event, endpoints: list[Endpoint]) -> list[Delivery]:
    """Have an event sent to these endpoints after the commit."""
    now = timezone.now()
    made = Delivery.objects.bulk_create(
        [Delivery(event=event, endpoint=endpoint, next_attempt_at=now) for endpoint in endpoints]
    )
    transaction.on_commit(partial(tell_workers, [one.pk for one in made]))
    return made
