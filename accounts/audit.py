"""The record of deliberate acts: who did what to which thing, when and from where. It only grows."""

from typing import Any

from django.db import models

from accounts.client_address import Client
from accounts.models import AuditEvent, User


def record(
    actor: User | None,
    action: str,
    target: models.Model | str = "",
    *,
    client: Client | None = None,
    **metadata: Any,
) -> AuditEvent:
    """Write down one act, named "subject:verb" ("api_key:revoke"). Never give it a secret.

    `actor` is None for what the system does by itself. Stands or falls with the transaction around it.
    """
    if isinstance(target, models.Model):
        target = f"{target._meta.model_name}:{target.pk}"
    return AuditEvent.objects.create(
        actor=actor,
        action=action,
        target=target,
        address=(client and client.address) or None,
        metadata=metadata,
    )
