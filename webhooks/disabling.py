"""Switching off an endpoint that does not answer, and telling its owner by mail: once."""

import smtplib
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.audit import record
from webhooks import ids
from webhooks.endpoints import switch
from webhooks.models import Delivery, Endpoint

log = structlog.stdlib.get_logger("pallet.webhooks")
BY_ITSELF = (Endpoint.Reason.GONE, Endpoint.Reason.FAILING)


def consider(endpoint: Endpoint, delivery: Delivery) -> None:
    """Disable an endpoint after a failure if nothing has arrived for too long. Under the endpoint's lock.

    That is: all has failed for WEBHOOK_FAILING_DAYS, or one event has had all its attempts and nothing else
    has arrived since the first of them.
    """
    endpoint.refresh_from_db(fields=["failing_since", "last_delivered_at"])
    longest = timedelta(days=settings.WEBHOOK_FAILING_DAYS)
    since, arrived, started = endpoint.failing_since, endpoint.last_delivered_at, delivery.started_at
    is_long = since is not None and since <= timezone.now() - longest
    is_over = delivery.status == Delivery.Status.FAILED
    if is_long or (is_over and (arrived is None or started is None or arrived < started)):
        disable(endpoint, Endpoint.Reason.FAILING)


def disable(endpoint: Endpoint, reason: Endpoint.Reason) -> None:
    """Switch an endpoint off, cancel what waits for it, and have its owner told. Under the endpoint's lock.

    Disabling it twice changes nothing.
    """
    if not endpoint.is_enabled:
        return
    since = endpoint.failing_since
    switch(endpoint, on=False, reason=reason)
    endpoint.failing_since = since
    endpoint.save(
        update_fields=["is_enabled", "disabled_at", "disabled_reason", "owner_told_at", "failing_since"]
    )
    record(None, "webhook:disable", endpoint, host=endpoint.host, reason=str(reason))
    transaction.on_commit(partial(tell_owner, endpoint.pk))


def tell_owner(endpoint_id: UUID) -> bool:
    """Send the mail, unless it was sent; whether this call did. What could not be sent is tried again."""
    told = Endpoint.objects.filter(pk=endpoint_id, owner_told_at=None, disabled_reason__in=BY_ITSELF)
    if not told.update(owner_told_at=timezone.now()):
        return False
    endpoint = Endpoint.objects.select_related("user").get(pk=endpoint_id)
    try:
        _mail(endpoint)
    except (OSError, smtplib.SMTPException) as error:
        log.error("mail not sent", error=type(error).__name__, webhook=ids.shown(ids.ENDPOINT, endpoint_id))
        Endpoint.objects.filter(pk=endpoint_id).update(owner_told_at=None)
        return False
    return True


def tell_owners(*, most: int = 100) -> int:
    """Send the mails that could not be sent before; how many went out."""
    untold = Endpoint.objects.filter(owner_told_at=None, disabled_reason__in=BY_ITSELF)
    found = list(untold.order_by("disabled_at").values_list("pk", flat=True)[:most])
    return sum(map(tell_owner, found))


def _mail(endpoint: Endpoint) -> None:
    context = {
        "endpoint": endpoint,
        "id": ids.shown(ids.ENDPOINT, endpoint.pk),
        "is_gone": endpoint.disabled_reason == Endpoint.Reason.GONE,
        "days": settings.WEBHOOK_DAYS,
        "url": settings.PUBLIC_URL,
    }
    subject, _, text = render_to_string("webhooks/mail/disabled.txt", context).partition("\n")
    html = render_to_string("webhooks/mail/disabled.html", context)
    send_mail(subject, text.lstrip(), None, [endpoint.user.email], html_message=html)
