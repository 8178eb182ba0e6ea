"""Making, changing, rotating and deleting endpoints. Each deliberate act leaves an audit event.

Audit events and logs name an endpoint's host and never its whole URL, which may hold a secret.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.audit import record
from accounts.client_address import Client
from accounts.models import User
from webhooks import ids, signing, targets
from webhooks.errors import TooManyEndpoints, UnknownEndpoint
from webhooks.models import Delivery, Endpoint


def create_endpoint(
    *, user: User, url: str, events: Iterable[str], description: str = "", client: Client | None = None
) -> tuple[Endpoint, str]:
    """Return a new endpoint and its secret, which is not shown again. Raises TooManyEndpoints, URLRefused."""
    secret, number = signing.new_secret(), ids.new()
    endpoint = Endpoint(
        id=number,
        user=user,
        url=targets.read(url).url,
        events=sorted(set(events)),
        description=description,
        secret=signing.sealed(number, secret),
    )
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # so that two at once are counted
        if Endpoint.objects.for_user(user).count() >= settings.WEBHOOK_MOST_ENDPOINTS:
            raise TooManyEndpoints(settings.WEBHOOK_MOST_ENDPOINTS)
        endpoint.save(force_insert=True)
        record(user, "webhook:create", endpoint, client=client, host=endpoint.host, events=endpoint.events)
    return endpoint, signing.shown(secret)


def change_endpoint(
    *,
    user: User,
    endpoint_id: UUID,
    changes: Mapping[str, Any],
    by: User | None = None,
    client: Client | None = None,
) -> Endpoint:
    """Change url, events, description or is_enabled of an endpoint. Raises UnknownEndpoint, URLRefused.

    One that is disabled is sent nothing; what waits for it is cancelled, and can be replayed. Enabled again
    it starts afresh.
    """
    with transaction.atomic():
        endpoint = locked(user, endpoint_id)
        if "url" in changes:
            endpoint.url = targets.read(changes["url"]).url
        if "events" in changes:
            endpoint.events = sorted(set(changes["events"]))
        endpoint.description = changes.get("description", endpoint.description)
        if changes.get("is_enabled", endpoint.is_enabled) != endpoint.is_enabled:
            reason = Endpoint.Reason.OWNER if by is None else Endpoint.Reason.OPERATOR
            switch(endpoint, on=changes["is_enabled"], reason=reason)
        if changes:
            endpoint.save()
            told = {"host": endpoint.host, "changed": sorted(changes), "enabled": endpoint.is_enabled}
            record(by or user, "webhook:change", endpoint, client=client, **told)
    return endpoint


def rotate_secret(*, user: User, endpoint_id: UUID, client: Client | None = None) -> tuple[Endpoint, str]:
    """Give an endpoint a new secret and return it; it is not shown again. Raises UnknownEndpoint.

    The former one signs as well for WEBHOOK_ROTATION_HOURS; one before that ends at once.
    """
    secret = signing.new_secret()
    with transaction.atomic():
        endpoint = locked(user, endpoint_id)
        endpoint.previous_secret = endpoint.secret
        endpoint.previous_until = timezone.now() + timedelta(hours=settings.WEBHOOK_ROTATION_HOURS)
        endpoint.secret = signing.sealed(endpoint.pk, secret)
        endpoint.save(update_fields=["secret", "previous_secret", "previous_until"])
        record(user, "webhook:rotate", endpoint, client=client, host=endpoint.host)
    return endpoint, signing.shown(secret)


def delete_endpoint(*, user: User, endpoint_id: UUID, client: Client | None = None) -> None:
    """Forget an endpoint with its log. Raises UnknownEndpoint."""
    with transaction.atomic():
        endpoint = locked(user, endpoint_id)
        record(user, "webhook:delete", endpoint, client=client, host=endpoint.host)
        endpoint.delete()


def own_endpoint(user: User, endpoint_id: UUID) -> Endpoint:
    """Return this endpoint of this user. Raises UnknownEndpoint, for another user's too."""
    return _found(Endpoint.objects.for_user(user).filter(pk=endpoint_id).first())


def locked(user: User, endpoint_id: UUID) -> Endpoint:
    """Return this endpoint of this user, for this transaction to change. Raises UnknownEndpoint."""
    mine = Endpoint.objects.select_for_update(no_key=True).for_user(user)
    return _found(mine.filter(pk=endpoint_id).first())


def _found(endpoint: Endpoint | None) -> Endpoint:
    if endpoint is None:
        raise UnknownEndpoint
    return endpoint


def switch(endpoint: Endpoint, *, on: bool, reason: Endpoint.Reason) -> None:
    """Switch a locked endpoint on or off, in memory; what waits for it is cancelled in the database."""
    endpoint.is_enabled = on
    endpoint.disabled_at = None if on else timezone.now()
    endpoint.disabled_reason = "" if on else reason
    endpoint.failing_since = endpoint.owner_told_at = None
    if not on:
        cancel_waiting(endpoint)


def cancel_waiting(endpoint: Endpoint) -> int:
    """Cancel what waits for an endpoint; how many. What is being sent at this moment ends by itself."""
    waiting = endpoint.deliveries.filter(status=Delivery.Status.PENDING).idle(timezone.now())
    return int(waiting.update(status=Delivery.Status.CANCELLED, next_attempt_at=None, lease_until=None))
