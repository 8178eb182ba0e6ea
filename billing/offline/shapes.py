"""What objects of Stripe's look like when they are new. Amounts in the smallest unit of the currency."""

import secrets
import time
from typing import Any

from django.conf import settings
from django.urls import reverse

Object = dict[str, Any]
ACCOUNT: Object = {
    "id": "acct_offline",
    "object": "account",
    "created": 0,
    "livemode": False,
    "metadata": {},
    "email": None,
    "country": "US",
    "default_currency": "usd",
    "business_profile": {"name": "Offline checkout"},
    "settings": {"branding": {"icon": None, "logo": None}, "dashboard": {"display_name": "Offline checkout"}},
    "charges_enabled": True,
    "type": "standard",
}


def new(kind: str, prefix: str, **facts: Any) -> Object:
    """Return an object with an id that nobody can guess, and that says what it is."""
    return {
        "id": f"{prefix}_offline{secrets.token_hex(16)}",
        "object": kind,
        "created": int(time.time()),
        "livemode": False,
        "metadata": {},
        **facts,
    }


def page_of(session_id: str) -> str:
    """Return the address of the page on which a session is paid."""
    return settings.PUBLIC_URL + reverse("billing_offline:checkout", args=[session_id])


def customer(form: Object) -> Object:
    """Return a buyer."""
    return new(
        "customer",
        "cus",
        metadata=form.get("metadata", {}),
        email=form.get("email"),
        name=form.get("name"),
        phone=form.get("phone"),
        description=form.get("description"),
        address=None,
        balance=0,
        currency=None,
        default_source=None,
        delinquent=False,
        discount=None,
        invoice_settings={"default_payment_method": None},
        shipping=None,
    )


def session(form: Object) -> Object:
    """Return a page on which to pay, and what will be told of the payment. Raises KeyError, ValueError."""
    lines = [(line["price_data"], int(line["quantity"])) for line in form["line_items"]]
    total = sum(int(price["unit_amount"]) * quantity for price, quantity in lines)
    made = new(
        "checkout.session",
        "cs_test",
        mode=form["mode"],
        status="open",
        payment_status="unpaid",
        amount_subtotal=total,
        amount_total=total,
        currency=lines[0][0]["currency"],
        client_reference_id=form.get("client_reference_id"),
        customer=form.get("customer"),
        metadata=form.get("metadata", {}),
        payment_intent=None,
        setup_intent=None,
        subscription=None,
        invoice=None,
        success_url=form["success_url"],
        cancel_url=form.get("cancel_url"),
        payment_method_types=["card"],
        payment_intent_data=form.get("payment_intent_data", {}),
        sold=", ".join(price["product_data"]["name"] for price, _ in lines),
    )
    return made | {"url": page_of(made["id"])}


def portal(form: Object) -> Object:
    """Return a page on which to manage cards. Raises KeyError."""
    made = new("billing_portal.session", "bps", customer=form["customer"], return_url=form.get("return_url"))
    return made | {"url": settings.PUBLIC_URL + reverse("billing_offline:portal", args=[made["id"]])}


def card(customer: str, last4: str) -> Object:
    """Return a card that is kept for later."""
    return new(
        "payment_method",
        "pm",
        type="card",
        customer=customer,
        card={"brand": "visa", "last4": last4, "exp_month": 12, "exp_year": time.gmtime().tm_year + 4},
        billing_details={"address": None, "email": None, "name": None, "phone": None},
    )


def intent(
    *, amount: int, currency: str, customer: str | None, metadata: Object, payment_method: str | None = None
) -> Object:
    """Return a payment that has been begun."""
    return new(
        "payment_intent",
        "pi",
        amount=amount,
        amount_received=0,
        currency=currency,
        customer=customer,
        metadata=metadata,
        status="requires_payment_method",
        latest_charge=None,
        last_payment_error=None,
        payment_method=payment_method,
    )


def received(charge: Object) -> Object:
    """Return what changes about a payment when the money has come."""
    return {
        "status": "succeeded",
        "amount_received": charge["amount"],
        "latest_charge": charge["id"],
        "last_payment_error": None,
    }


def refused(code: str, charge: Object) -> Object:
    """Return what changes about a payment when the bank refuses."""
    error = {"type": "card_error", "code": code, "message": "The bank refused."}
    return {
        "status": "requires_payment_method",
        "latest_charge": charge["id"],
        "last_payment_error": error,
    }


def charge(intent: Object, *, paid: bool, receipt_url: str | None = None) -> Object:
    """Return an attempt to take the money."""
    return new(
        "charge",
        "ch",
        amount=intent["amount"],
        amount_captured=intent["amount"] if paid else 0,
        amount_refunded=0,
        currency=intent["currency"],
        customer=intent["customer"],
        payment_intent=intent["id"],
        payment_method=intent["payment_method"],
        balance_transaction=None,
        invoice=None,
        source=None,
        metadata=intent["metadata"],
        status="succeeded" if paid else "failed",
        paid=paid,
        captured=paid,
        refunded=False,
        disputed=False,
        receipt_url=receipt_url,
    )


def refund(charge: Object, amount: int) -> Object:
    """Return money that goes back."""
    return new("refund", "re", amount=amount, status="succeeded", reason=None, **part_of(charge))


def dispute(charge: Object) -> Object:
    """Return a card's owner's wish to have the money back, all that is left of it."""
    return new(
        "dispute",
        "du",
        amount=charge["amount"] - charge["amount_refunded"],
        status="needs_response",
        reason="fraudulent",
        balance_transactions=[],
        **part_of(charge),
    )


def part_of(charge: Object) -> Object:
    """Return what refunds and disputes say of their charge."""
    return {
        "charge": charge["id"],
        "payment_intent": charge["payment_intent"],
        "currency": charge["currency"],
        "balance_transaction": None,
    }


def event(kind: str, about: Object) -> Object:
    """Return the message about an object as it is now."""
    return new(
        "event",
        "evt",
        type=kind,
        api_version=settings.STRIPE_API_VERSION,
        pending_webhooks=1,
        request={"id": None, "idempotency_key": None},
        data={"object": about},
    )
