"""What the stand-in answers to the calls that Pallet makes of Stripe's API, from its rows."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from billing.offline import shapes
from billing.offline.models import OfflineObject
from billing.offline.shapes import Object

LISTS = {"checkout/sessions": "checkout.session", "refunds": "refund", "disputes": "dispute"}
READS = {
    **LISTS,
    "customers": "customer",
    "payment_intents": "payment_intent",
    "charges": "charge",
    "events": "event",
}
MAKES = {"customers": shapes.customer, "checkout/sessions": shapes.session}
FILTERS = ("charge", "payment_intent", "customer", "status")
LONGEST_PAGE = 100
OWN = ("payment_intent_data", "sold")  # what only we want to know


class Refusal(Exception):
    """What is asked cannot be answered; `body` says so as Stripe does."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": "invalid_request_error", "message": message, **more}}


def answer(method: str, path: str, form: Object, key: str | None) -> tuple[int, Object]:
    """Return status and body for one call; `key` is its Idempotency-Key."""
    name = path.removeprefix("/v1/")
    try:
        return 200, made(name, form, key) if method == "post" else found(name, form)
    except Refusal as refusal:
        return refusal.status, refusal.body


def made(name: str, form: Object, key: str | None) -> Object:
    """Make a customer or session, the same one under the same key, or change what is known of a customer."""
    group, _, one = name.rpartition("/")
    if group == "customers":
        return changed(one, form)
    if name not in MAKES:
        raise unknown(name)
    if form.get("customer"):
        named("customer", form["customer"], "customer")
    try:
        body = MAKES[name](form)
    except (KeyError, ValueError, TypeError) as error:
        raise Refusal(400, f"Missing or invalid: {error}") from None
    return told(keep(body, key=key).body)


def keep(body: Object, *, session: OfflineObject | None = None, key: str | None = None) -> OfflineObject:
    """Return the row of a new object; of the one that was made before under the same key, if there is one."""
    try:
        with transaction.atomic():
            return OfflineObject.objects.create(
                name=body["id"], kind=body["object"], body=body, session=session, idempotency_key=key
            )
    except IntegrityError:
        return OfflineObject.objects.get(idempotency_key=key)


def changed(one: str, form: Object) -> Object:
    """Note more about a customer."""
    with transaction.atomic():
        row = named("customer", one, "id", rows=OfflineObject.objects.select_for_update())
        row.body["metadata"] |= form.get("metadata", {})
        row.save(update_fields=["body"])
    return told(row.body)


def found(name: str, form: Object) -> Object:
    """Return an object, or a page of a list."""
    if name == "account":
        return shapes.ACCOUNT
    if name in LISTS:
        return page(name, form)
    group, _, one = name.rpartition("/")
    if group == "accounts":
        return shapes.ACCOUNT
    if group not in READS:
        raise unknown(name)
    body = told(named(READS[group], one, "id").body)
    expand([body], form.get("expand", []))
    return body


def page(name: str, form: Object) -> Object:
    """Return a page of a list, the newest first."""
    wanted = {f"body__{name}": form[name] for name in FILTERS if name in form}
    rows = OfflineObject.objects.filter(kind=LISTS[name], **wanted).order_by("-id")
    if since := form.get("created", {}).get("gte"):
        rows = rows.filter(created_at__gte=datetime.fromtimestamp(int(since), UTC))
    if after := form.get("starting_after"):
        rows = rows.filter(id__lt=named(LISTS[name], after, "starting_after").pk)
    limit = min(int(form.get("limit", 10)), LONGEST_PAGE)
    some = [told(row.body) for row in rows[: limit + 1]]
    shown = some[:limit]
    expand(shown, [path.removeprefix("data.") for path in form.get("expand", [])])
    return {"object": "list", "url": f"/v1/{name}", "has_more": len(some) > limit, "data": shown}


def named(kind: str, one: str, param: str, *, rows: QuerySet[OfflineObject] | None = None) -> OfflineObject:
    """Return the row of an id. Raises Refusal as Stripe does when there is none."""
    rows = OfflineObject.objects.all() if rows is None else rows
    row = rows.filter(kind=kind, name=one).first()
    if row is None:
        raise Refusal(404, f"No such {kind}: '{one[:100]}'", code="resource_missing", param=param)
    return row


def unknown(name: str) -> Refusal:
    """Return the refusal of a call that the stand-in does not know."""
    return Refusal(404, f"The offline checkout does not know /v1/{name[:100]}")


def told(body: Object) -> Object:
    """Return an object as the API tells it."""
    return {name: value for name, value in body.items() if name not in OWN}


def expand(shown: Iterable[Object], paths: Iterable[str]) -> None:
    """Put objects where their ids stand, at these paths; with a query for each step, not for each object."""
    for path in paths:
        places = list(shown)
        for step in path.split("."):
            ids = {one[step] for one in places if isinstance(one.get(step), str)}
            rows = OfflineObject.objects.filter(name__in=ids) if ids else ()
            bodies = {row.name: told(row.body) for row in rows}
            for one in places:
                one[step] = bodies.get(one[step], one[step]) if step in one else None
            places = [one[step] for one in places if isinstance(one[step], dict)]
