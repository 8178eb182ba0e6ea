"""The page of the offline checkout. Whoever has its address may press its buttons, as on Stripe's page."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from api.pages import SeeOther, policy_with_forms_to
from billing.offline.acts import ACTS, NotNow, Payment, act, events_of, payment_of
from billing.offline.delivery import NotDelivered, deliver
from billing.offline.forms import RefundForm
from billing.offline.page import OfflinePage
from billing.wording import money

GONE = "That cannot be done any more: this is how the payment stands now."
UNDELIVERED = "It has happened, but the inbox did not take all events about it. Send them again."


class OfflineCheckout(OfflinePage):
    """One session."""

    def get(self, request: HttpRequest, session_id: str) -> HttpResponse:
        """Show how the payment stands, and what can happen to it."""
        return shown(request, payment_of(session_id))

    def post(self, request: HttpRequest, session_id: str) -> HttpResponse:
        """Let something happen, tell the inbox, and go on where Stripe's page would."""
        payment, pressed = payment_of(session_id), request.POST.get("act", "")
        form = RefundForm(request.POST, most=payment.left) if pressed == "refund_part" else None
        if form and not form.is_valid():
            return shown(request, payment, form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            deliver(happened(session_id, pressed, form))
        except NotNow:
            return went_by(request, payment_of(session_id), pressed)
        except NotDelivered:
            payment = payment_of(session_id)
            return shown(request, payment, notice=UNDELIVERED, status=HTTPStatus.BAD_GATEWAY)
        return onward(payment, pressed)


def happened(session_id: str, pressed: str, form: RefundForm | None) -> list[dict[str, Any]]:
    """Return the events of what a button does. Raises NotNow, also for a button that there is not."""
    if pressed == "again":
        return events_of(session_id)
    if form:
        return act(session_id, "refund", form.cleaned_data["amount"])
    if pressed not in ACTS:
        raise NotNow
    return act(session_id, pressed)


def went_by(request: HttpRequest, payment: Payment, pressed: str) -> HttpResponse:
    """Answer a button pressed too late; a second press on pay goes where the first one went."""
    if pressed in ("pay", "pay_later") and payment.session["status"] == "complete":
        return onward(payment, pressed)
    return shown(request, payment, notice=GONE, status=HTTPStatus.CONFLICT)


def onward(payment: Payment, pressed: str) -> HttpResponse:
    """Send the buyer back to the shop, where that is what Stripe does; else to the page again."""
    is_back = pressed in ("pay", "pay_later")
    address = success_url(payment) if is_back else payment.session["url"]
    return SeeOther(address)


def success_url(payment: Payment) -> str:
    """Return where the buyer goes who has paid."""
    session = payment.session
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def shown(
    request: HttpRequest,
    payment: Payment,
    *,
    form: RefundForm | None = None,
    notice: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """Return the page."""
    currency = payment.session["currency"]
    facts = {
        "payment": payment,
        "form": form or RefundForm(None, most=payment.left),
        "notice": notice,
        "success_url": success_url(payment),
        "amount": money(payment.session["amount_total"], currency),
        "refunded": money(payment.charge.get("amount_refunded", 0), currency),
        "left": money(payment.left, currency),
        "told": len(events_of(payment.session["id"])),
    }
    response = render(request, "billing/offline.html", facts, status=status)
    response.headers["Content-Security-Policy"] = policy(payment)
    return response


def policy(payment: Payment) -> str:
    """Return which forms browsers may send here: our own, also if their answer leads on to the shop."""
    shop = urlsplit(success_url(payment))
    return policy_with_forms_to(settings.PUBLIC_URL, f"{shop.scheme}://{shop.netloc}")
