"""The stand-in's objects in the database: kept, found by their id, told without what is only ours."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from billing.offline.models import OfflineObject
from billing.offline.shapes import Object

OWN = ("payment_intent_data", "sold", "asked")  # what only we want to know


class Refusal(Exception):
    """What is asked cannot be answered; `body` says so as Stripe does."""

    def __init__(
        self, status: int, message: str, *, type: str = "invalid_request_error", **more: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": type, "message": message, **more}}


def keep(body: Object, *, session: OfflineObject | None = None, key: str | None = None) -> OfflineObject:
    """Return the row of a new object; of the one that was made before under the same key, if there is one.

    Raises Refusal, as Stripe does, where that was asked for by other parameters.
    """
    try:
        with transaction.atomic():
            return OfflineObject.objects.create(
                name=body["id"], kind=body["object"], body=body, session=session, idempotency_key=key
            )
    except IntegrityError:
        row = OfflineObject.objects.get(idempotency_key=key)
    if row.body.get("asked") != body.get("asked"):
        told = "Keys for idempotent requests can only be used with the same parameters."
        raise Refusal(400, told, type="idempotency_error")
    return row


def named(kind: str, one: str, param: str, *, rows: QuerySet[OfflineObject] | None = None) -> OfflineObject:
    """Return the row of an id. Raises Refusal as Stripe does when there is none."""
    rows = OfflineObject.objects.all() if rows is None else rows
    row = rows.filter(kind=kind, name=one).first()
    if row is None:
        raise Refusal(404, f"No such {kind}: '{one[:100]}'", code="resource_missing", param=param)
    return row


def told(body: Object) -> Object:
    """Return an object as the API tells it."""
    return {name: value for name, value in body.items() if name not in OWN}
