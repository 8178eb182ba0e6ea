"""Paying by hand for a top-up that failed: at most one such purchase is open, however often one begins."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from accounts.models import User
from billing.addresses import pay_url
from billing.checkout import new_order, page_for
from billing.client import asking, client
from billing.errors import CheckoutNotOffered, UnknownOrder
from billing.models import CreditOrder
from billing.packages import packages
from billing.reading import Hints
from billing.settling import settle

Status = CreditOrder.Status


@dataclass(frozen=True, slots=True)
class Instead:
    """The purchase that somebody has begun instead, if one has, and Stripe's page for it while that is open.

    `is_awaited`: a bank has been told to pay.
    """

    order: CreditOrder | None = None
    address: str = ""
    is_awaited: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing is to be paid any more."""
        return self.is_awaited or bool(self.order and (self.order.is_paid or self.order.problem))


def failed_top_up(order_id: UUID) -> CreditOrder:
    """Return a top-up that failed, of an account that is in use. Raises UnknownOrder."""
    failed = CreditOrder.objects.filter(pk=order_id, user__is_active=True, livemode=settings.STRIPE_LIVE_MODE)
    order: CreditOrder | None = failed.select_related("user").first()
    if order is None or not order.can_be_paid_instead:
        raise UnknownOrder
    return order


def last_instead(top_up: CreditOrder) -> CreditOrder | None:
    """Return the last purchase that somebody began instead, as we know it."""
    paid_first = F("paid_at").desc(nulls_last=True)
    order: CreditOrder | None = top_up.paid_instead.order_by(paid_first, "-created_at").first()
    return order


def asked_anew(order: CreditOrder | None) -> Instead:
    """Return a purchase as Stripe knows it now, its credits granted if it is paid.

    Raises what `settle` raises, and PaymentsUnavailable.
    """
    if order is None or order.status != Status.PENDING or not order.session_id:
        return Instead(order)
    order = settle(order.pk, Hints())
    with asking("a page to pay on"):
        session = client().v1.checkout.sessions.retrieve(str(order.session_id))
    is_open = session.status == "open"
    is_awaited = session.status == "complete" and order.status == Status.PENDING and not order.problem
    return Instead(order, (session.url or "") if is_open else "", is_awaited)


def pay_instead(top_up: CreditOrder) -> Instead:
    """Return the purchase with the page on which to pay it; without one if nothing is to be paid any more.

    Raises CheckoutNotOffered, PaymentsUnavailable and what `settle` raises.
    """
    if not settings.STRIPE_SECRET_KEY:
        raise CheckoutNotOffered
    before, user = asked_anew(last_instead(top_up)), top_up.user
    if before.is_over or before.address or user is None or top_up.package not in packages():
        return before
    order, address = one_to_pay(top_up, user), pay_url(top_up.pk)
    if order.is_paid:
        return Instead(order)
    return Instead(order, page_for(order, user, success_url=address, cancel_url=address).url)


def one_to_pay(top_up: CreditOrder, user: User) -> CreditOrder:
    """Return the purchase instead that is open or paid, a new one if there is none."""
    with transaction.atomic():
        CreditOrder.objects.locked().get(pk=top_up.pk)
        last = last_instead(top_up)
        if last and (last.is_paid or last.status == Status.PENDING):
            return last
        return new_order(user, packages()[top_up.package], instead_of=top_up)
