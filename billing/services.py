"""What can be done with money: begin a purchase, and see it through."""

from accounts.models import User
from billing.checkout import Checkout, start_checkout
from billing.errors import UnknownOrder
from billing.models import CreditOrder
from billing.reading import Hints
from billing.settling import settle

__all__ = ["Checkout", "fulfil", "start_checkout"]


def fulfil(session_id: str, *, user: User) -> CreditOrder:
    """Return one's purchase as it stands, its credits granted if it is paid. The success page's verb.

    Safe as often and as many at once as one likes; what is paid already is not asked for. Raises
    UnknownOrder, also for another's session, and what `settle` raises.
    """
    order = CreditOrder.objects.for_user(user).filter(session_id=session_id).first()
    if order is None:
        raise UnknownOrder
    return order if order.is_paid else settle(order.pk, Hints(session=session_id))
