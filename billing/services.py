"""What can be done with money: begin a purchase, and see it through."""

from accounts.models import User
from billing.cards import open_portal, saved_cards
from billing.checkout import Checkout, start_checkout
from billing.errors import UnknownOrder
from billing.models import CreditOrder
from billing.reading import Hints
from billing.settling import settle
from billing.topups import resume, spent_in_month, top_up, turn_off, turn_on

__all__ = [
    "Checkout",
    "fulfil",
    "open_portal",
    "resume",
    "saved_cards",
    "spent_in_month",
    "start_checkout",
    "top_up",
    "turn_off",
    "turn_on",
]


def fulfil(session_id: str, *, user: User) -> CreditOrder:
    """Return one's purchase as it stands, its credits granted if it is paid. The success page's verb.

    Safe as often and as many at once as one likes; what is paid already is not asked for. Raises
    UnknownOrder, also for another's session, and what `settle` raises.
    """
    order = CreditOrder.objects.for_user(user).filter(session_id=session_id).first()
    if order is None:
        raise UnknownOrder
    return order if order.is_paid else settle(order.pk, Hints(session=session_id))
