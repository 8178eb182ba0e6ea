"""One attempt: claimed and written down, committed, made, and then its end written down.

Whoever makes it holds a lease with a token. If they die the lease runs out, and the next attempt takes the
event under the same id; if they only slept, their token is no longer good and what they saw changes nothing.
No transaction is open and no database connection is held while a receiver answers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import structlog
from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from api.connections import give_back_connection
from webhooks import disabling, ids, schedule, signing
from webhooks.endpoints import cancel_waiting
from webhooks.events import TEST
from webhooks.models import Attempt, Delivery, Endpoint, Event
from webhooks.sending import Fault, Outcome, Sender

log = structlog.stdlib.get_logger("pallet.webhooks")
LEASE = timedelta(seconds=60)  # longer than an attempt takes
AT_ONCE = 2  # requests to one endpoint: whoever is slow holds so many workers and no more
GONE = 410
SENDER = Sender()


@dataclass(frozen=True, slots=True)
class Claim:
    """An attempt that is ours to make."""

    token: UUID
    at: datetime
    delivery: Delivery
    endpoint: Endpoint
    event: Event


def deliver(delivery_id: UUID, *, sender: Sender = SENDER) -> UUID | None:
    """Make one attempt, if it is time and nobody is at it. Returns the endpoint, None if none was made."""
    claim = take(delivery_id)
    if claim is None:
        return None
    give_back_connection()
    conclude(claim, attempt(claim, sender))
    return claim.endpoint.pk


def take(delivery_id: UUID) -> Claim | None:
    """Claim an attempt and write it down. None: it is not time, others are at it, or none is left."""
    with transaction.atomic():
        endpoint = _locked(deliveries=delivery_id)
        if endpoint is None:
            return None
        now = timezone.now()
        if not (endpoint.is_enabled and endpoint.user.is_active):
            cancel_waiting(endpoint)
            return None
        if endpoint.deliveries.under_way(now).count() >= AT_ONCE:
            return None
        token = uuid4()
        won = (
            Delivery.objects.filter(pk=delivery_id)
            .due(now)
            .update(
                lease_until=now + LEASE,
                lease_token=token,
                attempt_count=F("attempt_count") + 1,
                started_at=Coalesce("started_at", now),
            )
        )
        return _begun(delivery_id, endpoint, token, now) if won else None


def _locked(**which: Any) -> Endpoint | None:
    """Return the endpoint, so that what is decided of it is decided one after the other."""
    rows = Endpoint.objects.select_for_update(no_key=True, of=("self",)).select_related("user")
    found: Endpoint | None = rows.filter(**which).first()
    return found


def _begun(delivery_id: UUID, endpoint: Endpoint, token: UUID, now: datetime) -> Claim | None:
    """Write down that an attempt is made, unless the last one was, by somebody who died of it."""
    delivery = Delivery.objects.select_related("event").get(pk=delivery_id)
    left_behind = delivery.attempts.filter(error=Attempt.UNDER_WAY)
    left_behind.update(error=Attempt.INTERRUPTED)
    claim = Claim(token, now, delivery, endpoint, delivery.event)
    if delivery.attempt_count > most_attempts(delivery.event):
        _note(claim, Outcome(Attempt.INTERRUPTED))
        return None
    Attempt.objects.create(id=token, delivery=delivery, at=now, error=Attempt.UNDER_WAY)
    return claim


def attempt(claim: Claim, sender: Sender) -> Outcome:
    """Send the event, and return how that ended."""
    body = body_of(claim.event)
    try:
        keys = list(secrets_of(claim.endpoint, claim.at))
    except InvalidTag:
        return Outcome(Fault.SECRET_UNREADABLE)
    headers = signing.headers(ids.shown(ids.EVENT, claim.event.pk), claim.at, body, keys)
    return sender.send(claim.endpoint.url, body, headers)


def body_of(event: Event) -> bytes:
    """Return what is sent of an event: the same bytes each time."""
    told = {"type": event.type, "timestamp": event.created_at, "data": event.data}
    return orjson.dumps(told, option=orjson.OPT_UTC_Z | orjson.OPT_SORT_KEYS)


def secrets_of(endpoint: Endpoint, now: datetime) -> Iterator[bytes]:
    """Yield the secrets that sign: the newest, and for a while the one before it. Raises InvalidTag."""
    yield signing.opened(endpoint.pk, endpoint.secret)
    if endpoint.previous_secret and endpoint.previous_until and now < endpoint.previous_until:
        yield signing.opened(endpoint.pk, endpoint.previous_secret)


def conclude(claim: Claim, outcome: Outcome) -> bool:
    """Write down how an attempt ended; False when somebody else has taken over meanwhile."""
    with transaction.atomic():
        endpoint = _locked(pk=claim.endpoint.pk)
        if endpoint is None:  # it was deleted, its log as well
            return False
        done = _note(replace(claim, endpoint=endpoint), outcome)
    log.info(
        "webhook_attempted",
        webhook=ids.shown(ids.ENDPOINT, claim.endpoint.pk),
        event_id=ids.shown(ids.EVENT, claim.event.pk),
        type=claim.event.type,
        host=claim.endpoint.host,
        attempt=claim.delivery.attempt_count,
        status=outcome.status_code,
        error=str(outcome.error) or None,
        seconds=outcome.seconds,
        taken_over=not done,
    )
    return done


def _note(claim: Claim, outcome: Outcome) -> bool:
    """Write down an end, under the lock of the endpoint."""
    held = Delivery.objects.filter(pk=claim.delivery.pk, lease_token=claim.token, lease_until__isnull=False)
    if not held.update(lease_until=None, **what_follows(claim, outcome)):
        return False
    Attempt.objects.filter(pk=claim.token).update(
        status_code=outcome.status_code, seconds=outcome.seconds, error=str(outcome.error)
    )
    endpoint = Endpoint.objects.filter(pk=claim.endpoint.pk)
    if not outcome.error:
        endpoint.update(failing_since=None, last_delivered_at=timezone.now())
        return True
    if outcome.status_code == GONE:
        disabling.disable(claim.endpoint, Endpoint.Reason.GONE)
    elif claim.event.type != TEST:
        endpoint.update(failing_since=Coalesce("failing_since", claim.at))
        disabling.consider(claim.endpoint, Delivery.objects.get(pk=claim.delivery.pk))
    return True


def what_follows(claim: Claim, outcome: Outcome) -> dict[str, Any]:
    """Return what becomes of a delivery: it is done, waits for its next attempt, or has had the last."""
    if not outcome.error:
        return {"status": Delivery.Status.DELIVERED, "next_attempt_at": None}
    count = claim.delivery.attempt_count
    wait = schedule.pause(count, asked=outcome.retry_after) if count < most_attempts(claim.event) else None
    if wait is None or outcome.status_code == GONE:
        return {"status": Delivery.Status.FAILED, "next_attempt_at": None}
    if not claim.endpoint.is_enabled:
        return {"status": Delivery.Status.CANCELLED, "next_attempt_at": None}
    return {"status": Delivery.Status.PENDING, "next_attempt_at": timezone.now() + wait}


def most_attempts(event: Event) -> int:
    """Return how often an event is tried: a test once, since somebody waits for its outcome."""
    return 1 if event.type == TEST else len(settings.WEBHOOK_RETRY_SECONDS)


def next_of(endpoint_id: UUID) -> UUID | None:
    """Return the delivery that has waited longest for this endpoint, None if none is due."""
    due = Delivery.objects.filter(endpoint_id=endpoint_id).due(timezone.now())
    return due.order_by("next_attempt_at", "pk").values_list("pk", flat=True).first()
