"""Begin a purchase: the order first, then the buyer at Stripe, then the page on which to pay."""

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import stripe
from django.conf import settings

from accounts.models import User
from billing.addresses import with_session
from billing.client import client, told_by
from billing.customers import for_customer
from billing.errors import CheckoutNotOffered, PaymentsUnavailable
from billing.models import CreditOrder
from billing.packages import Package

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Checkout:
    """A page of Stripe's on which an order can be paid."""

    session_id: str
    url: str


def start_checkout(*, user: User, package: Package, success_url: str, cancel_url: str) -> Checkout:
    """Order a package and return where to pay it. The addresses are our own already.

    Raises CheckoutNotOffered without an account at Stripe, PaymentsUnavailable when Stripe does not answer;
    the order then has failed, and no money can come for it.
    """
    if not settings.STRIPE_SECRET_KEY:
        raise CheckoutNotOffered
    return page_for(new_order(user, package), user, success_url=success_url, cancel_url=cancel_url)


def page_for(order: CreditOrder, user: User, *, success_url: str, cancel_url: str) -> Checkout:
    """Return where an order can be paid, the same page each time. Raises what `start_checkout` raises."""

    def ask(customer: str) -> stripe.checkout.Session:
        return client().v1.checkout.sessions.create(
            params | {"customer": customer},  # type: ignore[arg-type]  # the fake checks it against the SDK's type
            {"idempotency_key": f"order:{order.pk}:{customer}"},
        )

    params = session_params(order) | {"success_url": with_session(success_url), "cancel_url": cancel_url}
    try:
        session = for_customer(user, ask)
    except stripe.StripeError as error:
        log.warning("order %s: Stripe made no session: %s", order.pk, told_by(error))
        if error.http_status != HTTPStatus.CONFLICT:  # asked for twice at once: the other has the page
            CreditOrder.objects.filter(pk=order.pk, session_id=None).never_begun(error.code)
        raise PaymentsUnavailable from None
    CreditOrder.objects.filter(pk=order.pk, session_id=None).update(session_id=session.id)
    return Checkout(session.id, session.url or "")


def new_order(user: User, package: Package, **more: Any) -> CreditOrder:
    """Return the order, at the price of now."""
    return CreditOrder.objects.create(
        user=user,
        package=package.id,
        credits=package.credits,
        amount=package.amount,
        currency=package.currency,
        livemode=settings.STRIPE_LIVE_MODE,
        **more,
    )


def session_params(order: CreditOrder) -> dict[str, Any]:
    """Return what Checkout is told: what is sold, for which order, and that the card may be kept."""
    named = {"order": str(order.pk)}
    params: dict[str, Any] = {
        "mode": "payment",
        "client_reference_id": str(order.pk),
        "metadata": named,
        "line_items": [line_item(order)],
        "payment_intent_data": {"metadata": named, "setup_future_usage": "off_session"},
        "saved_payment_method_options": {
            "payment_method_save": "enabled",
            "payment_method_remove": "enabled",
        },
    }
    if settings.STRIPE_PROMOTION_CODES:
        params["allow_promotion_codes"] = True
    if settings.STRIPE_INVOICES:
        params["invoice_creation"] = {"enabled": True, "invoice_data": {"metadata": named}}
    if settings.STRIPE_AUTOMATIC_TAX:
        params["automatic_tax"] = {"enabled": True}
        params["customer_update"] = {"address": "auto", "name": "auto"}
    return params


def line_item(order: CreditOrder) -> dict[str, Any]:
    """Return the one line of the bill."""
    return {
        "quantity": 1,
        "price_data": {
            "currency": order.currency.lower(),
            "unit_amount": order.amount,
            "product_data": {"name": f"{order.credits:,} Pallet credits"},
        },
    }
