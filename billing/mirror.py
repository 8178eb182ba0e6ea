"""dj-stripe's copies of Stripe's objects, for people to look at: fed afterwards, nothing depends on them."""

import logging
from datetime import datetime, timedelta

import stripe
from django.conf import settings
from django.db.models import F
from django.utils import timezone
from djstripe.models import Event

from billing.client import transport
from billing.models import StripeInbox

log = logging.getLogger(__name__)
ATTEMPTS = 6
LEASE = timedelta(minutes=5)


def feed(row_id: int) -> bool:
    """Let dj-stripe take in one event that has been worked; whether it could. Twice changes nothing."""
    now = timezone.now()
    mine = StripeInbox.objects.unmirrored(now, attempts=ATTEMPTS).filter(pk=row_id).order_by()
    if not mine.update(mirror_due_at=now + LEASE, mirror_attempts=F("mirror_attempts") + 1):
        return False
    row: StripeInbox = StripeInbox.objects.get(pk=row_id)
    try:
        speak_to_stripe()
        Event.process(row.payload, api_key=settings.STRIPE_SECRET_KEY)
    except Exception as error:  # whatever it is, credits have moved already
        told = f"{type(error).__name__}: {getattr(error, 'code', None) or ''}"
        log.warning("event %s: dj-stripe could not take it in: %s", row.event_id, told)
        StripeInbox.objects.filter(pk=row.pk).update(mirror_error=told)
        return False
    StripeInbox.objects.filter(pk=row.pk).update(mirrored_at=timezone.now(), mirror_error="")
    return True


def speak_to_stripe() -> None:
    """Let the SDK's module-wide client, which dj-stripe uses, speak as ours does."""
    stripe.api_base = settings.STRIPE_API_URL
    stripe.max_network_retries = 1
    stripe.default_http_client = transport()


def forget(before: datetime, *, size: int) -> int:
    """Delete at most so many of dj-stripe's events that are older than a moment; how many that were."""
    old = Event.objects.filter(created__lt=before).values("pk")[:size]
    return int(Event.objects.filter(pk__in=old).delete()[1].get(Event._meta.label, 0))
