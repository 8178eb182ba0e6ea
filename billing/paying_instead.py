"""Paying by hand for a top-up that failed: at most one such purchase is open, however often one begins."""

from uuid import UUID

from django.conf import settings
from django.db import transaction

from billing.addresses import pay_url
from billing.checkout import Checkout, new_order, page_for
from billing.errors import CheckoutNotOffered, UnknownOrder
from billing.models import CreditOrder
from billing.packages import packages
from billing.reading import Hints
from billing.settling import settle

Status = CreditOrder.Status


def failed_top_up(order_id: UUID) -> CreditOrder:
    """Return a top-up that failed, of an account that is in use. Raises UnknownOrder."""
    failed = CreditOrder.objects.filter(
        pk=order_id, kind=CreditOrder.Kind.AUTO_TOPUP, status=Status.FAILED, user__is_active=True
    )
    order: CreditOrder | None = failed.select_related("user").first()
    if order is None:
        raise UnknownOrder
    return order


def paid_instead(top_up: CreditOrder) -> CreditOrder | None:
    """Return the last purchase that somebody began instead, if one did, as we know it."""
    order: CreditOrder | None = top_up.paid_instead.order_by("-created_at").first()
    return order


def asked_anew(order: CreditOrder | None) -> CreditOrder | None:
    """Return a purchase as Stripe knows it now. Raises what `settle` raises."""
    if order is None or order.status != Status.PENDING or not order.session_id:
        return order
    return settle(order.pk, Hints())


def is_over(order: CreditOrder) -> bool:
    """Whether nothing is to be paid any more: it is paid, or a bank has been told to."""
    is_awaited = order.status == Status.PENDING and order.payment_intent_id and not order.failure_code
    return order.is_paid or bool(is_awaited)


def pay_instead(top_up: CreditOrder) -> Checkout | None:
    """Return where to pay the package at the price of now; None if it is paid, or not sold any more.

    Raises CheckoutNotOffered, PaymentsUnavailable and what `settle` raises.
    """
    if not settings.STRIPE_SECRET_KEY:
        raise CheckoutNotOffered
    package, user = packages().get(top_up.package), top_up.user
    before = asked_anew(paid_instead(top_up))
    if package is None or user is None or (before and is_over(before)):
        return None
    with transaction.atomic():
        CreditOrder.objects.select_for_update(of=("self",)).get(pk=top_up.pk)
        order: CreditOrder = top_up.paid_instead.filter(status=Status.PENDING).first() or new_order(
            user, package, instead_of=top_up
        )
    address = pay_url(top_up.pk)
    return page_for(order, user, success_url=address, cancel_url=address)
