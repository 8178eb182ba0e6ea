"""What the stand-in answers to the calls that Pallet makes of Stripe's API, from its rows."""

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import transaction

from billing.offline import cards, shapes
from billing.offline.models import OfflineObject
from billing.offline.shapes import Object
from billing.offline.store import Refusal, keep, named, told

LISTS = {
    "checkout/sessions": "checkout.session",
    "refunds": "refund",
    "disputes": "dispute",
    "payment_intents": "payment_intent",
}
READS = {
    **LISTS,
    "customers": "customer",
    "payment_methods": "payment_method",
    "charges": "charge",
    "events": "event",
}
MAKES = {
    "customers": shapes.customer,
    "checkout/sessions": shapes.session,
    "billing_portal/sessions": shapes.portal,
}
FILTERS = ("charge", "payment_intent", "customer", "status")
LONGEST_PAGE = 100


def answer(method: str, path: str, form: Object, key: str | None) -> tuple[int, Object, list[Object]]:
    """Return status and body for one call, and the events about it; `key` is its Idempotency-Key."""
    name = path.removeprefix("/v1/")
    events: list[Object] = []
    try:
        if (method, name) == ("post", "payment_intents"):
            intent, events = cards.charged(form, key)
            return 200, cards.answer_of(intent), events
        return 200, made(name, form, key) if method == "post" else found(name, form), events
    except Refusal as refusal:
        return refusal.status, refusal.body, events


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
        body = MAKES[name](form) | {"asked": form}
    except (KeyError, ValueError, TypeError) as error:
        raise Refusal(400, f"Missing or invalid: {error}") from None
    return told(keep(body, key=key).body)


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
    if one == "payment_methods":
        saved = [told(card) for card in cards.cards_of(group.removeprefix("customers/"))]
        return {"object": "list", "url": f"/v1/{name}", "has_more": False, "data": saved}
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
    if until := form.get("created", {}).get("lte"):
        rows = rows.filter(created_at__lte=datetime.fromtimestamp(int(until), UTC))
    if after := form.get("starting_after"):
        rows = rows.filter(id__lt=named(LISTS[name], after, "starting_after").pk)
    limit = min(int(form.get("limit", 10)), LONGEST_PAGE)
    some = [told(row.body) for row in rows[: limit + 1]]
    shown = some[:limit]
    expand(shown, [path.removeprefix("data.") for path in form.get("expand", [])])
    return {"object": "list", "url": f"/v1/{name}", "has_more": len(some) > limit, "data": shown}


def unknown(name: str) -> Refusal:
    """Return the refusal of a call that the stand-in does not know."""
    return Refusal(404, f"The offline checkout does not know /v1/{name[:100]}")


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
