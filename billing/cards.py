"""Cards that buyers have saved at Stripe, and Stripe's portal, where they add and remove them."""

from dataclasses import dataclass

import stripe

from accounts.models import User
from billing.client import asking, client
from billing.customers import for_customer, is_unknown, known_customer
from billing.errors import NoSavedCard, UnknownCard

MOST = 100  # Stripe's longest page


@dataclass(frozen=True, slots=True)
class Card:
    """A saved card, as far as its owner is shown it. No number comes near us."""

    id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int


def saved_cards(user: User) -> list[Card]:
    """Return the cards that are saved for a buyer, the newest first. Raises what `asking` raises."""
    customer = known_customer(user)
    with asking("saved cards"):
        return cards_of(customer) if customer else []


def cards_of(customer: str) -> list[Card]:
    """Return the cards of a customer; none for one whom Stripe has forgotten. Raises StripeError."""
    try:
        found = client().v1.customers.payment_methods.list(customer, {"type": "card", "limit": MOST})
    except stripe.InvalidRequestError as error:
        if not is_unknown(error, "customer"):
            raise
        return []
    return [
        Card(one.id, card.brand, card.last4, card.exp_month, card.exp_year)
        for one in found.data
        if (card := getattr(one, "card", None))
    ]


def card_of(user: User, wanted: str) -> Card:
    """Return the saved card of this id, the newest for none. Raises NoSavedCard, UnknownCard."""
    cards = saved_cards(user)
    if not cards:
        raise NoSavedCard
    found = next((card for card in cards if card.id == (wanted or cards[0].id)), None)
    if found is None:
        raise UnknownCard
    return found


def open_portal(user: User, *, return_url: str) -> str:
    """Return the address of Stripe's portal for a buyer; whoever has it is let in, for a few minutes."""

    def ask(customer: str) -> stripe.billing_portal.Session:
        return client().v1.billing_portal.sessions.create({"customer": customer, "return_url": return_url})

    with asking("the portal"):
        return for_customer(user, ask).url
