"""Stripe's events: verified, stored and answered in milliseconds, worked afterwards, each until it is done.

Whoever works an event moves its `due_at` on first, so that two do not work it at once, and so that it comes
again by itself when the worker dies.
"""

import json
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import stripe
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from billing.errors import EventRefused, SignatureRefused, Unmatched
from billing.models import AutoTopUp, CreditOrder, StripeCustomer, StripeInbox
from billing.reading import hints_of, order_of
from billing.settling import settle

log = logging.getLogger(__name__)
TOLERANCE = 300  # seconds that a signature is good for
LEASE = timedelta(seconds=120)  # no task takes longer
LONGEST_PAUSE = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(days=3)
# Those about money, by which an order is settled,
MONEY = {
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
}
# and those about buyers and their cards. What else comes is acknowledged and forgotten.
BUYERS = {
    "payment_method.attached",
    "payment_method.detached",
    "payment_method.automatically_updated",
    "customer.updated",
    "customer.deleted",
}
Status = StripeInbox.Status


# --- receiving ---


def receive(body: bytes, signature: str) -> StripeInbox | None:
    """Store an event that Stripe has signed. None: it was there already, or is none that we want.

    Raises SignatureRefused, EventRefused; then nothing is stored.
    """
    check_signature(body, signature)
    event = event_in(body)
    if event["livemode"] is not settings.STRIPE_LIVE_MODE:
        log.warning("an event of the other mode was not taken: %s, live: %s", event["id"], event["livemode"])
        return None
    return store(event) if event["type"] in MONEY | BUYERS else None


def check_signature(body: bytes, signature: str) -> None:
    """Raise SignatureRefused unless one of our secrets has signed this body, lately."""
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            stripe.WebhookSignature.verify_header(body, signature, secret, TOLERANCE)
        except (stripe.SignatureVerificationError, ValueError, TypeError):  # not this one, or no text at all
            continue
        return
    raise SignatureRefused


def event_in(body: bytes) -> dict[str, Any]:
    """Return the event. Raises EventRefused for what is none, or what PostgreSQL cannot keep."""
    try:
        event = json.loads(body)
        about = event["data"]["object"]
        is_event = event["object"] == "event" and isinstance(about, dict)
        is_named = all(isinstance(event[name], str) for name in ("id", "type"))
        if is_event and is_named and isinstance(event["livemode"], bool) and is_keepable(event):
            return dict(event)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise EventRefused


def is_keepable(event: Any) -> bool:
    """Whether PostgreSQL keeps it: no NUL, and (ValueError) no half of a character."""
    text = json.dumps(event, ensure_ascii=False)
    text.encode()
    return "\\u0000" not in text.replace("\\\\", "")


def store(event: Mapping[str, Any]) -> StripeInbox | None:
    """Return the new row; None if there is one for this event."""
    try:
        with transaction.atomic():
            return StripeInbox.objects.create(
                event_id=event["id"], type=event["type"], livemode=event["livemode"], payload=event
            )
    except IntegrityError:
        return None


# --- working ---


def work(row_id: int) -> bool:
    """Work one event, if it is due and nobody else does; whether it is done. Twice changes nothing."""
    row = claim(row_id, timezone.now())
    if row is None:
        return False
    try:
        order = follow(row)
    except Unmatched as why:
        finish(row, Status.UNMATCHED, error=str(why))
        log.error("event %s needs attention: %s", row.event_id, why)
    except Exception as error:  # whatever it is, the event must come again
        postpone(row, error)
        return False
    else:
        is_right = order is None or not order.problem
        finish(row, Status.DONE if is_right else Status.REFUSED, order=order)
    return True


def claim(row_id: int, now: datetime) -> StripeInbox | None:
    """Return the row if it is due, moved on so that nobody else takes it meanwhile."""
    mine = StripeInbox.objects.due(now).filter(pk=row_id)
    if not mine.order_by().update(due_at=now + LEASE, attempts=F("attempts") + 1):
        return None
    row: StripeInbox = StripeInbox.objects.get(pk=row_id)
    return row


def follow(row: StripeInbox) -> CreditOrder | None:
    """Let an order follow what has happened; None where no order is meant. Raises what `settle` raises."""
    about = row.payload["data"]["object"]
    if row.type == "customer.deleted":
        forget_customer(about.get("id"))
    if row.type == "payment_method.detached":  # for good: no customer gets it again
        cards = AutoTopUp.objects.filter(payment_method_id=about.get("id"))
        cards.switch_off(AutoTopUp.OffReason.CARD_REMOVED)
    if row.type == "payment_method.automatically_updated":  # by the card's network: it has a new number
        card = about.get("card") or {}
        AutoTopUp.objects.filter(payment_method_id=about.get("id")).update(
            card_brand=str(card.get("brand") or "")[:40], card_last4=str(card.get("last4") or "")[:4]
        )
    if row.type not in MONEY:
        return None
    hints = hints_of(about)
    return settle(order_of(hints).pk, hints)


def forget_customer(customer_id: Any) -> None:
    """Know a buyer no more whom Stripe does not know any more, nor any card."""
    gone = StripeCustomer.objects.filter(customer_id=customer_id)
    AutoTopUp.objects.filter(user__in=gone.values("user")).switch_off(AutoTopUp.OffReason.CARD_REMOVED)
    gone.delete()


def finish(row: StripeInbox, status: Status, *, order: CreditOrder | None = None, error: str = "") -> None:
    """Say how it ended."""
    StripeInbox.objects.filter(pk=row.pk).update(
        status=status,
        order=order,
        error=error or (order.problem_detail if order else ""),
        done_at=timezone.now(),
    )


def postpone(row: StripeInbox, error: Exception) -> None:
    """Let it come again after a while; after days, leave it to a person."""
    is_hopeless = timezone.now() - row.received_at > GIVE_UP_AFTER
    told = f"{type(error).__name__}: {getattr(error, 'code', None) or ''}"
    log.log(
        logging.ERROR if is_hopeless else logging.WARNING,
        "event %s: attempt %s failed: %s",
        row.event_id,
        row.attempts,
        told,
        exc_info=None if isinstance(error, stripe.StripeError) else error,
    )
    StripeInbox.objects.filter(pk=row.pk).update(
        status=Status.GIVEN_UP if is_hopeless else Status.WAITING,
        error=told,
        due_at=timezone.now() + min(timedelta(seconds=2 ** min(row.attempts, 10)), LONGEST_PAUSE),
    )


def forget(before: datetime, *, size: int) -> int:
    """Delete at most so many events that came before a moment and need nobody; how many that were."""
    old = StripeInbox.objects.settled_before(before).values("pk")[:size]
    return StripeInbox.objects.filter(pk__in=old).delete()[0]


def replay(row: StripeInbox) -> None:
    """Let an event be worked once more, now."""
    now = timezone.now()
    StripeInbox.objects.filter(pk=row.pk).update(
        status=Status.WAITING, due_at=now, done_at=None, attempts=0, received_at=now, mirror_attempts=0
    )
