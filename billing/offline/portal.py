"""The page that stands in for Stripe's portal. Whoever has its address may press its buttons, as there."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from api.pages import SeeOther
from billing.offline import cards
from billing.offline.delivery import NotDelivered, deliver
from billing.offline.models import OfflineObject
from billing.offline.page import OfflinePage
from billing.offline.shapes import Object
from billing.offline.store import Refusal

WORDS = {
    "": "pays always",
    "card_declined": "is refused when you are not there",
    "authentication_required": "wants you to confirm each payment",
}
UNDELIVERED = "It has happened, but the inbox did not take the event about it."


class OfflinePortal(OfflinePage):
    """One buyer's cards."""

    def get(self, request: HttpRequest, session_id: str) -> HttpResponse:
        """Show the cards that are saved, and those that can be."""
        return shown(request, session_of(session_id))

    def post(self, request: HttpRequest, session_id: str) -> HttpResponse:
        """Add a card or remove one, and tell the inbox."""
        session = session_of(session_id)
        try:
            deliver(happened(session["customer"], request))
        except NotDelivered:
            return shown(request, session, notice=UNDELIVERED, status=HTTPStatus.BAD_GATEWAY)
        except Refusal as refusal:
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return shown(request, session, notice=str(refusal), status=status)
        return SeeOther(request.path)


def session_of(session_id: str) -> Object:
    """Return what a page is about. Raises OfflineObject.DoesNotExist."""
    body: Object = OfflineObject.objects.get(kind="billing_portal.session", name=session_id).body
    return body


def happened(customer: str, request: HttpRequest) -> list[Object]:
    """Return the events of what a button does. Raises Refusal for a card that there is not."""
    if "remove" in request.POST:
        return cards.remove(customer, request.POST["remove"])
    return cards.add(customer, request.POST.get("add", ""))


def shown(
    request: HttpRequest, session: Object, *, notice: str = "", status: int = HTTPStatus.OK
) -> HttpResponse:
    """Return the page."""
    facts = {
        "cards": [
            (one, WORDS[cards.CARDS[one["card"]["last4"]]]) for one in cards.cards_of(session["customer"])
        ],
        "offered": [(last4, WORDS[code]) for last4, code in cards.CARDS.items()],
        "return_url": session["return_url"],
        "notice": notice,
    }
    return render(request, "billing/offline_portal.html", facts, status=status)
