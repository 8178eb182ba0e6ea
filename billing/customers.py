"""Who an account is at Stripe: made known there once, and again if Stripe has forgotten."""

from collections.abc import Callable
from typing import TypeVar

import stripe
from django.conf import settings
from django.db import IntegrityError

from accounts.models import User
from api.connections import give_back_connection
from billing.client import client
from billing.models import StripeCustomer

Answer = TypeVar("Answer")


def for_customer(user: User, ask: Callable[[str], Answer]) -> Answer:
    """Return what Stripe says when it is asked about a buyer, by their id there. Raises StripeError."""
    try:
        return ask(customer_of(user))
    except stripe.InvalidRequestError as error:
        if not is_unknown(error, "customer"):
            raise
    StripeCustomer.objects.filter(user=user).delete()
    return ask(customer_of(user))


def is_unknown(error: stripe.StripeError, what: str) -> bool:
    """Whether Stripe says that it does not know the object that this parameter names."""
    return error.code == "resource_missing" and getattr(error, "param", None) == what


def known_customer(user: User) -> str | None:
    """Return the buyer's id at Stripe, None for who was never made known there."""
    rows = StripeCustomer.objects.filter(user=user, livemode=settings.STRIPE_LIVE_MODE)
    return rows.values_list("customer_id", flat=True).first()


def customer_of(user: User) -> str:
    """Return the buyer's id at Stripe, who is made known there once. Raises StripeError."""
    try:
        return known_or_made(user)
    except stripe.IdempotencyError:  # asked for before, by another e-mail address; no answer came
        StripeCustomer.objects.filter(user=user, customer_id=None).delete()
        return known_or_made(user)


def known_or_made(user: User) -> str:
    """Return the buyer's id, who is made known under the key of the row that stands for them."""
    row = customer_row(user)
    give_back_connection()
    if row.customer_id:
        return row.customer_id
    customer = client().v1.customers.create(
        {"email": user.email, "metadata": {"user": str(user.pk), "djstripe_subscriber": str(user.pk)}},
        {"idempotency_key": f"customer:{row.pk}"},
    )
    StripeCustomer.objects.filter(pk=row.pk).update(customer_id=customer.id)
    give_back_connection()
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
