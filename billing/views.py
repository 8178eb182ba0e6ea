"""The page on which to pay for a top-up that failed. Whoever has its address may; the mail names it."""

from http import HTTPStatus
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View

from accounts import limits
from accounts.client_address import client_of
from accounts.errors import RateLimited
from api.pages import SeeOther, policy_with_forms_to
from billing.errors import BillingError, UnknownOrder
from billing.models import AutoTopUp, CreditOrder
from billing.packages import packages
from billing.paying_instead import Instead, asked_anew, failed_top_up, last_instead, pay_instead
from billing.settling import UNSETTLED
from billing.wording import failure_of, money

# Where forms may lead: to ourselves, and from there to Stripe's page, which may have a name of its own.
POLICY = policy_with_forms_to("https:")
AWAY = "The payment service does not answer. Nothing was charged; try again in a minute."
UNSURE = "It is not known yet whether the payment has arrived. Load this page again in a minute."
TOO_OFTEN = "This was tried too often. Nothing was charged; try again in an hour."


class Pay(View):
    """One top-up that failed."""

    def get(self, request: HttpRequest, order_id: UUID) -> HttpResponse:
        """Show what can be paid, and to a buyer who comes back what became of it."""
        top_up = top_up_or_404(order_id)
        instead = Instead(last_instead(top_up))
        if not is_back(request, instead):
            return shown(request, top_up, instead)
        try:
            count(request, top_up)
            return shown(request, top_up, asked_anew(instead.order))
        except (BillingError, RateLimited, *UNSETTLED):
            return shown(request, top_up, instead, notice=UNSURE)

    def post(self, request: HttpRequest, order_id: UUID) -> HttpResponse:
        """Lead on to the page on which to pay."""
        top_up = top_up_or_404(order_id)
        try:
            count(request, top_up)
            instead = pay_instead(top_up)
        except RateLimited:
            notice, status = TOO_OFTEN, HTTPStatus.TOO_MANY_REQUESTS
        except (BillingError, *UNSETTLED):
            notice, status = AWAY, HTTPStatus.SERVICE_UNAVAILABLE
        else:
            return SeeOther(instead.address) if instead.address else shown(request, top_up, instead)
        return shown(request, top_up, Instead(last_instead(top_up)), notice=notice, status=status)


def is_back(request: HttpRequest, instead: Instead) -> bool:
    """Whether somebody comes from the page on which it was to be paid."""
    order = instead.order
    return order is not None and request.GET.get("session_id", "") == order.session_id


def count(request: HttpRequest, top_up: CreditOrder) -> None:
    """Count one question to Stripe. Raises RateLimited."""
    email = top_up.user.email if top_up.user else ""
    limits.spend("credits.checkout", address=client_of(request).address, email=email)


def top_up_or_404(order_id: UUID) -> CreditOrder:
    """Return the top-up. Raises Http404."""
    try:
        return failed_top_up(order_id)
    except UnknownOrder:
        raise Http404 from None


def shown(
    request: HttpRequest,
    top_up: CreditOrder,
    instead: Instead,
    *,
    notice: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """Return the page."""
    order, package = instead.order, packages().get(top_up.package)
    is_begun = order is not None and order.status == CreditOrder.Status.PENDING
    price_of = order if is_begun else package  # Stripe's page keeps the price at which it was begun
    facts = {
        "instead": instead,
        "price": money(price_of.amount, price_of.currency) if price_of else "",
        "credits": price_of.credits if price_of else top_up.credits,
        "failure": failure_of(top_up.failure_code),
        "declined": failure_of(order.failure_code) if order and not order.is_paid else "",
        "is_off": not AutoTopUp.objects.filter(user=top_up.user_id, is_on=True).exists(),
        "notice": notice,
    }
    response = render(request, "billing/pay.html", facts, status=status)
    response.headers["Content-Security-Policy"] = POLICY
    return response
