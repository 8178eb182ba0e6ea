"""What Stripe says now: which order something belongs to, and all that is known of its payment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings

from api.connections import give_back_connection
from billing.client import client, plain
from billing.errors import Unmatched
from billing.models import CreditOrder, StripeCustomer

Object = dict[str, Any]
MOST = 100  # refunds or disputes of one charge; Stripe's longest page
CLOCKS = 600  # seconds: an attempt lasts less, and by less our clock and Stripe's differ
WITH_CHARGE = "payment_intent.latest_charge"


@dataclass(frozen=True, slots=True)
class Hints:
    """Ids that an object of Stripe's names, each empty if it does not. What counts is read anew."""

    order: str = ""
    session: str = ""
    intent: str = ""
    charge: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What Stripe says of a payment at one moment. Objects that are not there are empty."""

    session: Object = field(default_factory=dict)
    intent: Object = field(default_factory=dict)
    charge: Object = field(default_factory=dict)
    refunds: list[Object] = field(default_factory=list)
    disputes: list[Object] = field(default_factory=list)
    rival: Object = field(default_factory=dict)  # another session of the same order


def hints_of(found: Mapping[str, Any]) -> Hints:
    """Return the ids in a session, payment, charge, refund or dispute."""
    kind, own = found.get("object"), id_of(found)
    metadata = found.get("metadata") or {}
    return Hints(
        order=str(metadata.get("order") or found.get("client_reference_id") or ""),
        session=own if kind == "checkout.session" else "",
        intent=own if kind == "payment_intent" else id_of(found.get("payment_intent")),
        charge=own if kind == "charge" else id_of(found.get("charge")),
    )


def id_of(value: Any) -> str:
    """Return the id of an object that may be given whole or by its id."""
    return str(value.get("id") or "") if isinstance(value, Mapping) else str(value or "")


def order_of(hints: Hints) -> CreditOrder:
    """Return the order that is meant. Raises Unmatched, and StripeError where the payment must be asked."""
    if found := known(hints):
        return found
    if hints.intent:
        give_back_connection()
        asked = hints_of(plain(client().v1.payment_intents.retrieve(hints.intent)))
        if found := known(asked):
            return found
    raise Unmatched("no order of ours has this payment")


def known(hints: Hints) -> CreditOrder | None:
    """Return the order that is named, or whose payment this is known to be."""
    order_id = uuid_or_none(hints.order)
    named = CreditOrder.objects.filter(pk=order_id).first() if order_id else None
    ids = {"payment_intent": hints.intent, "charge": hints.charge, "session": hints.session}
    return named or CreditOrder.objects.paid_by(**ids).first()


def uuid_or_none(text: str) -> UUID | None:
    """Return the UUID that is written there, if one is."""
    try:
        return UUID(text)
    except ValueError:
        return None


def read(order: CreditOrder, hints: Hints) -> Facts:
    """Ask Stripe for all that is to know of the payment of an order. Raises StripeError, Unmatched."""
    if order.livemode != settings.STRIPE_LIVE_MODE:
        raise Unmatched("the order is of the other mode, test or live")
    session = {} if order.is_top_up else session_of(order, hints)
    intent = intent_of(order, hints) if order.is_top_up else session.get("payment_intent") or {}
    charge = intent.get("latest_charge") or {}
    rival = rival_of(session, hints)
    if not charge.get("paid"):  # an attempt that was declined is a charge as well
        return Facts(session, intent, rival=rival)
    of_charge = {"charge": charge["id"], "limit": MOST}
    had_refunds = charge["amount_refunded"] or order.amount_refunded  # or had: one that failed is to be told
    refunds = client().v1.refunds.list(of_charge) if had_refunds else None  # type: ignore[arg-type]
    disputes = client().v1.disputes.list(of_charge)  # type: ignore[arg-type]
    return Facts(
        session,
        intent,
        charge,
        [plain(one) for one in refunds.data] if refunds else [],
        [plain(one) for one in disputes.data],
        rival,
    )


def session_of(order: CreditOrder, hints: Hints) -> Object:
    """Return the session of an order, also of one whose making we have not heard the end of."""
    if wanted := order.session_id or hints.session:
        return plain(client().v1.checkout.sessions.retrieve(wanted, {"expand": [WITH_CHARGE]}))
    found = (
        client().v1.checkout.sessions.list(
            {"payment_intent": hints.intent, "expand": [f"data.{WITH_CHARGE}"]}
        )
        if hints.intent
        else None
    )
    if not found or not found.data:
        raise Unmatched("the order has no session at Stripe")
    return plain(found.data[0])


def rival_of(session: Object, hints: Hints) -> Object:
    """Return the session that is told of where an order is known to have another one, empty for none."""
    if not session or hints.session in ("", session["id"]):
        return {}
    return plain(client().v1.checkout.sessions.retrieve(hints.session))


def intent_of(order: CreditOrder, hints: Hints) -> Object:
    """Return the payment of an automatic top-up, also of one whose making we have not heard the end of."""
    if wanted := order.payment_intent_id or hints.intent:
        return plain(client().v1.payment_intents.retrieve(wanted, {"expand": ["latest_charge"]}))
    begun = int(order.created_at.timestamp())
    created: Any = {"gte": begun - CLOCKS, "lte": begun + CLOCKS}
    params: Any = {"created": created, "limit": MOST, "expand": ["data.latest_charge"]}
    customers = StripeCustomer.objects.filter(user=order.user_id, livemode=order.livemode).exclude(
        customer_id=None
    )
    if customer := customers.values_list("customer_id", flat=True).first():
        params["customer"] = customer
    give_back_connection()
    for found in client().v1.payment_intents.list(params).auto_paging_iter():
        if hints_of(intent := plain(found)).order == str(order.pk):
            return intent
    raise Unmatched("the order has no payment at Stripe")
