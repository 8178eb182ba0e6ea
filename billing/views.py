"""The page on which to pay for a top-up that failed. Whoever has its address may; the mail names it."""

from http import HTTPStatus
from uuid import UUID

import stripe
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View

from accounts import limits
from accounts.client_address import client_of
from accounts.errors import RateLimited
from api.pages import SeeOther, policy_with_forms_to
from billing.errors import BillingError, StillChanging, UnknownOrder, Unmatched
from billing.models import CreditOrder
from billing.packages import packages
from billing.paying_instead import asked_anew, failed_top_up, is_over, paid_instead, pay_instead
from billing.wording import failure_of, money

# Where forms may lead: to ourselves, and from there to Stripe's page, which may have a name of its own.
POLICY = policy_with_forms_to("https:")
UNKNOWN = (stripe.StripeError, StillChanging, Unmatched)
AWAY = "The payment service does not answer. Nothing was charged; try again in a minute."
UNSURE = "It is not known yet whether the payment has arrived. Load this page again in a minute."
TOO_OFTEN = "This was tried too often. Nothing was charged; try again in an hour."


class Pay(View):
    """One top-up that failed."""

    def get(self, request: HttpRequest, order_id: UUID) -> HttpResponse:
        """Show what can be paid, and after a payment what became of it."""
        top_up = top_up_or_404(order_id)
        notice = ""
        if "session_id" in request.GET:  # the buyer comes back
            try:
                asked_anew(paid_instead(top_up))
            except UNKNOWN:
                notice = UNSURE
        return shown(request, top_up, notice=notice)

    def post(self, request: HttpRequest, order_id: UUID) -> HttpResponse:
        """Lead on to the page on which to pay."""
        top_up = top_up_or_404(order_id)
        try:
            address = client_of(request).address
            limits.spend("credits.checkout", address=address, email=top_up.user.email if top_up.user else "")
            begun = pay_instead(top_up)
        except RateLimited:
            return shown(request, top_up, notice=TOO_OFTEN, status=HTTPStatus.TOO_MANY_REQUESTS)
        except (BillingError, *UNKNOWN):
            return shown(request, top_up, notice=AWAY, status=HTTPStatus.SERVICE_UNAVAILABLE)
        if begun is None:
            return shown(request, top_up)
        return SeeOther(begun.url)


def top_up_or_404(order_id: UUID) -> CreditOrder:
    """Return the top-up. Raises Http404."""
    try:
        return failed_top_up(order_id)
    except UnknownOrder:
        raise Http404 from None


def shown(
    request: HttpRequest, top_up: CreditOrder, *, notice: str = "", status: int = HTTPStatus.OK
) -> HttpResponse:
    """Return the page."""
    package, instead = packages().get(top_up.package), paid_instead(top_up)
    facts = {
        "package": package,
        "price": money(package.amount, package.currency) if package else "",
        "credits": package.credits if package else top_up.credits,
        "failure": failure_of(top_up.failure_code),
        "instead": instead,
        "is_over": bool(instead and is_over(instead)),
        "declined": failure_of(instead.failure_code) if instead and not instead.is_paid else "",
        "notice": notice,
        "url": settings.PUBLIC_URL,
    }
    response = render(request, "billing/pay.html", facts, status=status)
    response.headers["Content-Security-Policy"] = POLICY
    return response
