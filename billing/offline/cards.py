"""Saved cards of the stand-in: kept with a purchase or on the portal's page, charged with nobody there."""

from django.db import transaction

from billing.offline import shapes
from billing.offline.models import OfflineObject
from billing.offline.shapes import Object
from billing.offline.store import Refusal, keep, named, told

# By the last digits, as of Stripe's test cards: what the bank says when nobody is there to confirm.
CARDS = {"4242": "", "0341": "card_declined", "3184": "authentication_required"}
USUAL = "4242"
Told = list[tuple[str, Object]]


def cards_of(customer: str) -> list[Object]:
    """Return the cards that are saved for a customer, the newest first."""
    rows = OfflineObject.objects.filter(kind="payment_method", body__customer=customer).order_by("-id")
    return list(rows.values_list("body", flat=True))


def charged(form: Object, key: str | None) -> tuple[Object, list[Object]]:
    """Charge a saved card: the payment, and the events about it; none when the same key comes again.

    Raises Refusal for what cannot be charged. A payment that the bank refuses is one nevertheless.
    """
    customer = named("customer", form.get("customer", ""), "customer").name
    row = named("payment_method", form.get("payment_method", ""), "payment_method")
    if row.body["customer"] != customer:
        raise Refusal(400, "The card belongs to somebody else, or was removed.", code="resource_missing")
    with transaction.atomic():
        intent = shapes.intent(
            amount=int(form["amount"]),
            currency=form["currency"],
            customer=customer,
            metadata=form.get("metadata", {}),
            payment_method=row.name,
        ) | {"asked": form}
        kept = keep(intent, key=key)
        if kept.name != intent["id"]:
            return kept.body, []
        code = CARDS[row.body["card"]["last4"]]
        charge = shapes.charge(intent, paid=not code)
        keep(charge)
        end = shapes.refused(code, charge) if code else shapes.received(charge)
        kept.body |= end
        kept.save(update_fields=["body"])
        kind = "payment_intent.payment_failed" if code else "payment_intent.succeeded"
        return kept.body, events([(kind, kept.body)])


def answer_of(intent: Object) -> Object:
    """Return a payment as the API answers it. Raises Refusal, as Stripe does, where the bank has refused."""
    if error := intent["last_payment_error"]:
        more = {name: value for name, value in error.items() if name not in ("type", "message")}
        raise Refusal(402, error["message"], type=error["type"], payment_intent=told(intent), **more)
    return told(intent)


def add(customer: str, last4: str) -> list[Object]:
    """Keep a card; the events about it. Raises Refusal for one that there is not."""
    if last4 not in CARDS:
        raise Refusal(400, "There is no such card.")
    card = shapes.card(customer, last4)
    keep(card)
    return events([("payment_method.attached", card)])


def remove(customer: str, card_id: str) -> list[Object]:
    """Take a card away, for good; the events about it, none if that has been done."""
    with transaction.atomic():
        rows = OfflineObject.objects.select_for_update().filter(body__customer=customer)
        row = rows.filter(kind="payment_method", name=card_id).first()
        if row is None:
            return []
        row.body["customer"] = None
        row.save(update_fields=["body"])
        return events([("payment_method.detached", row.body)])


def events(happened: Told) -> list[Object]:
    """Return the events about what has happened, which are kept."""
    made = [shapes.event(kind, told(about)) for kind, about in happened]
    for event in made:
        keep(event)
    return made
