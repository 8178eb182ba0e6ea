"""What can happen to a payment: each button of the page, with the events that Stripe would send for it.

A session's row is locked first, so that of two clicks the second finds what the first has done.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.db import transaction

from billing.offline import shapes
from billing.offline.cards import USUAL, cards_of
from billing.offline.models import OfflineObject
from billing.offline.shapes import Object
from billing.offline.store import keep, told

Told = list[tuple[str, Object]]


class NotNow(Exception):
    """That cannot happen to a payment as it stands."""


@dataclass
class Payment:
    """A session and what belongs to it. Objects that are not there are empty; changes are kept by `save`."""

    session: Object
    intent: Object = field(default_factory=dict)
    charge: Object = field(default_factory=dict)
    refunds: list[Object] = field(default_factory=list)
    dispute: Object = field(default_factory=dict)
    card: Object = field(default_factory=dict)

    @property
    def left(self) -> int:
        """What was paid and has not gone back, in the smallest unit of the currency."""
        is_paid = bool(self.charge.get("paid"))
        return int(self.charge["amount"] - self.charge["amount_refunded"]) if is_paid else 0

    @property
    def is_open(self) -> bool:
        """Whether the buyer can still pay."""
        return bool(self.session["status"] == "open")

    @property
    def is_awaited(self) -> bool:
        """Whether a bank has still to pay."""
        return self.intent.get("status") == "processing"

    @property
    def is_refundable(self) -> bool:
        """Whether there is money to give back that no bank has taken."""
        return self.left > 0 and self.dispute.get("status") in (None, "won")

    @property
    def is_disputable(self) -> bool:
        """Whether the card's owner can want the money back, which happens once."""
        return self.left > 0 and not self.dispute

    @property
    def is_disputed(self) -> bool:
        """Whether a bank has still to decide."""
        return self.dispute.get("status") == "needs_response"

    def objects(self) -> Iterator[Object]:
        """Yield all of them that are there."""
        all_kinds = (self.session, self.intent, self.charge, *self.refunds, self.dispute, self.card)
        yield from (one for one in all_kinds if one)


def payment_of(session_id: str) -> Payment:
    """Return a payment as it stands. Raises OfflineObject.DoesNotExist."""
    return put_together(OfflineObject.objects.get(kind="checkout.session", name=session_id))


def put_together(row: OfflineObject) -> Payment:
    """Return the payment of a session."""
    parts: dict[str, list[Object]] = {}
    for part in row.parts.exclude(kind="event").order_by("id"):
        parts.setdefault(part.kind, []).append(part.body)
    last = {kind: bodies[-1] for kind, bodies in parts.items()}  # of charges: the others were declined
    return Payment(
        row.body,
        last.get("payment_intent", {}),
        last.get("charge", {}),
        parts.get("refund", []),
        last.get("dispute", {}),
        last.get("payment_method", {}),
    )


def act(session_id: str, name: str, amount: int | None = None) -> list[Object]:
    """Let something happen, and return the events about it. Raises DoesNotExist, NotNow."""
    may, happen = ACTS[name]
    with transaction.atomic():
        row = OfflineObject.objects.select_for_update().get(kind="checkout.session", name=session_id)
        payment = put_together(row)
        if not may(payment) or (amount is not None and not 0 < amount <= payment.left):
            raise NotNow
        events = [shapes.event(kind, told(about)) for kind, about in happen(payment, amount)]
        save(row, payment)
        for event in events:
            keep(event, session=row)
    return events


def save(row: OfflineObject, payment: Payment) -> None:
    """Keep a payment as it is now; the session's row is locked."""
    for body in payment.objects():
        known = OfflineObject.objects.filter(name=body["id"]).update(body=body)
        if not known:
            keep(body, session=row)


def events_of(session_id: str) -> list[Object]:
    """Return all that was ever told of a session, oldest first."""
    rows = OfflineObject.objects.filter(kind="event", session__name=session_id).order_by("id")
    return list(rows.values_list("body", flat=True))


# --- what buyers do ---


def pay(payment: Payment, _: int | None) -> Told:
    """Pay at once."""
    begin(payment)
    saved = save_card(payment)
    take_money(payment)
    payment.session.update(status="complete", payment_status="paid")
    return [
        *saved,
        ("payment_intent.succeeded", payment.intent),
        ("checkout.session.completed", payment.session),
    ]


def decline(payment: Payment, _: int | None) -> Told:
    """Be refused by the bank; the buyer can try again."""
    begin(payment)
    refuse(payment, "card_declined")
    return [("payment_intent.payment_failed", payment.intent)]


def pay_later(payment: Payment, _: int | None) -> Told:
    """Order a bank to pay, which takes days."""
    begin(payment)
    payment.intent.update(status="processing", last_payment_error=None)
    payment.session.update(status="complete")
    return [("checkout.session.completed", payment.session)]


def begin(payment: Payment) -> None:
    """See that there is an intent."""
    session = payment.session
    payment.intent = payment.intent or shapes.intent(
        amount=session["amount_total"],
        currency=session["currency"],
        customer=session["customer"],
        metadata=session["payment_intent_data"].get("metadata", {}),
    )
    payment.session["payment_intent"] = payment.intent["id"]


def save_card(payment: Payment) -> Told:
    """Keep the card, as the buyer is told, unless one is kept already."""
    session = payment.session
    keeps = session["payment_intent_data"].get("setup_future_usage") == "off_session"
    if not keeps or not session["customer"]:
        return []
    if saved := cards_of(session["customer"]):
        payment.intent["payment_method"] = saved[0]["id"]
        return []
    payment.card = shapes.card(session["customer"], USUAL)
    payment.intent["payment_method"] = payment.card["id"]
    return [("payment_method.attached", payment.card)]


def take_money(payment: Payment) -> None:
    """Charge what is due."""
    receipt = shapes.page_of(payment.session["id"])
    payment.charge = shapes.charge(payment.intent, paid=True, receipt_url=receipt)
    payment.intent |= shapes.received(payment.charge)


def refuse(payment: Payment, code: str) -> None:
    """Try to charge what is due, in vain."""
    payment.charge = shapes.charge(payment.intent, paid=False)
    payment.intent |= shapes.refused(code, payment.charge)


# --- what banks do, days later ---


def arrive(payment: Payment, _: int | None) -> Told:
    """The bank pays."""
    take_money(payment)
    payment.session.update(payment_status="paid")
    return [
        ("payment_intent.succeeded", payment.intent),
        ("checkout.session.async_payment_succeeded", payment.session),
    ]


def fail(payment: Payment, _: int | None) -> Told:
    """The bank does not pay."""
    refuse(payment, "debit_not_authorized")
    return [
        ("payment_intent.payment_failed", payment.intent),
        ("checkout.session.async_payment_failed", payment.session),
    ]


# --- what happens to money afterwards ---


def refund(payment: Payment, amount: int | None) -> Told:
    """Give so much back, or all that is left."""
    back = shapes.refund(payment.charge, payment.left if amount is None else amount)
    payment.refunds.append(back)
    payment.charge["amount_refunded"] += back["amount"]
    payment.charge["refunded"] = payment.left == 0
    return [("refund.created", back), ("charge.refunded", payment.charge)]


def dispute(payment: Payment, _: int | None) -> Told:
    """The card's owner wants the money back, and the bank takes it until it has decided."""
    payment.dispute = shapes.dispute(payment.charge)
    payment.charge["disputed"] = True
    return [
        ("charge.dispute.created", payment.dispute),
        ("charge.dispute.funds_withdrawn", payment.dispute),
    ]


def win(payment: Payment, _: int | None) -> Told:
    """The bank gives the money back to us."""
    payment.dispute["status"] = "won"
    return [
        ("charge.dispute.closed", payment.dispute),
        ("charge.dispute.funds_reinstated", payment.dispute),
    ]


def lose(payment: Payment, _: int | None) -> Told:
    """The bank keeps the money for the card's owner."""
    payment.dispute["status"] = "lost"
    return [("charge.dispute.closed", payment.dispute)]


# What a button is called, when it is there, and what it does.
ACTS: dict[str, tuple[Callable[[Payment], bool], Callable[[Payment, int | None], Told]]] = {
    "pay": (lambda payment: payment.is_open, pay),
    "decline": (lambda payment: payment.is_open, decline),
    "pay_later": (lambda payment: payment.is_open, pay_later),
    "arrive": (lambda payment: payment.is_awaited, arrive),
    "fail": (lambda payment: payment.is_awaited, fail),
    "refund": (lambda payment: payment.is_refundable, refund),
    "dispute": (lambda payment: payment.is_disputable, dispute),
    "win": (lambda payment: payment.is_disputed, win),
    "lose": (lambda payment: payment.is_disputed, lose),
}
