"""Begin a purchase: the order first, then the buyer at Stripe, then the page on which to pay."""

import logging
from dataclasses import dataclass
from typing import Any

import stripe
from django.conf import settings
from django.db import IntegrityError

from accounts.models import User
from api.connections import give_back_connection
from billing.addresses import with_session
from billing.client import client
from billing.errors import CheckoutNotOffered, PaymentsUnavailable
from billing.models import CreditOrder, StripeCustomer
from billing.packages import Package

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Checkout:
    """A page of Stripe's on which an order can be paid."""

    order: CreditOrder
    session_id: str
    url: str


def start_checkout(*, user: User, package: Package, success_url: str, cancel_url: str) -> Checkout:
    """Order a package and return where to pay it. The addresses are our own already.

    Raises CheckoutNotOffered without an account at Stripe, PaymentsUnavailable when Stripe does not answer;
    the order then has failed, and no money can come for it.
    """
    if not settings.STRIPE_SECRET_KEY:
        raise CheckoutNotOffered
    order = new_order(user, package)
    try:
        session = new_session(order, user, success_url=success_url, cancel_url=cancel_url)
    except stripe.StripeError as error:
        log.warning("order %s: Stripe made no session: %s", order.pk, told_by(error))
        CreditOrder.objects.filter(pk=order.pk, status="pending").update(
            status="failed", failure_code=(error.code or "not_begun")[:100]
        )
        raise PaymentsUnavailable from None
    CreditOrder.objects.filter(pk=order.pk, session_id=None).update(session_id=session.id)
    return Checkout(order, session.id, session.url or "")


def new_order(user: User, package: Package) -> CreditOrder:
    """Return the order, at the price of now."""
    return CreditOrder.objects.create(
        user=user,
        package=package.id,
        credits=package.credits,
        amount=package.amount,
        currency=package.currency,
        livemode=settings.STRIPE_LIVE_MODE,
    )


def new_session(order: CreditOrder, user: User, **addresses: str) -> stripe.checkout.Session:
    """Return Checkout's page. A buyer whom Stripe has forgotten is made known again. Raises StripeError."""
    try:
        return session_for(order, customer_of(user), **addresses)
    except stripe.InvalidRequestError as error:
        if error.code != "resource_missing" or error.param != "customer":
            raise
    StripeCustomer.objects.filter(user=user).delete()
    return session_for(order, customer_of(user), again=":again", **addresses)


def session_for(
    order: CreditOrder, customer: str, *, success_url: str, cancel_url: str, again: str = ""
) -> stripe.checkout.Session:
    """Ask Stripe for the page; asked twice, it is the same page."""
    give_back_connection()
    params = session_params(order, customer) | {
        "success_url": with_session(success_url),
        "cancel_url": cancel_url,
    }
    return client().v1.checkout.sessions.create(
        params,  # type: ignore[arg-type]  # put together from parts; the fake checks it against the SDK's type
        {"idempotency_key": f"order:{order.pk}{again}"},
    )


def session_params(order: CreditOrder, customer: str) -> dict[str, Any]:
    """Return what Checkout is told: what is sold, for which order, and that the card may be kept."""
    named = {"order": str(order.pk)}
    params: dict[str, Any] = {
        "mode": "payment",
        "customer": customer,
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


def customer_of(user: User) -> str:
    """Return the buyer's id at Stripe, who is made known there once. Raises StripeError."""
    row = customer_row(user)
    if row.customer_id:
        return row.customer_id
    give_back_connection()
    customer = client().v1.customers.create(
        {"email": user.email, "metadata": {"user": str(user.pk), "djstripe_subscriber": str(user.pk)}},
        {"idempotency_key": f"customer:{row.pk}"},
    )
    StripeCustomer.objects.filter(pk=row.pk).update(customer_id=customer.id)
    return customer.id


def customer_row(user: User) -> StripeCustomer:
    """Return the row that stands for the buyer; one of another mode (test, live) gives way to a new one."""
    StripeCustomer.objects.filter(user=user).exclude(livemode=settings.STRIPE_LIVE_MODE).delete()
    try:
        return StripeCustomer.objects.get_or_create(
            user=user, defaults={"livemode": settings.STRIPE_LIVE_MODE}
        )[0]
    except IntegrityError:  # the other mode's, come back meanwhile
        return StripeCustomer.objects.get(user=user)


def told_by(error: stripe.StripeError) -> str:
    """Return what may be logged of an error: its class, code and request, for its text may quote anything."""
    return f"{type(error).__name__} {error.http_status} {error.code} {error.request_id}"
