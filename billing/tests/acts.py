"""What the tests about money do again and again: buy, deliver what Stripe tells, look at the wallet."""

from collections.abc import Iterable
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing.customers import customer_of
from billing.errors import ConsentMissing
from billing.inbox import work
from billing.models import AutoTopUp, CreditOrder, StripeInbox
from billing.packages import packages
from billing.services import start_checkout, turn_on
from billing.tests.fake_state import Object
from billing.tests.fake_stripe import FakeStripe
from credits.models import LedgerEntry, Wallet

INBOX = "/api/v1/webhooks/stripe"
STRIPE = Client()  # who sends; it keeps no cookies


def bought(fake: FakeStripe, user: User, package: str = "starter") -> Object:
    """The session of a new purchase."""
    begun = start_checkout(
        user=user,
        package=packages()[package],
        success_url="http://testserver/done",
        cancel_url="http://testserver/",
    )
    return fake.objects[begun.session_id]


def order_of(session: Object) -> CreditOrder:
    """The order as it is in the database now."""
    return CreditOrder.objects.get(pk=session["metadata"]["order"])


def post(body: bytes, headers: dict[str, str]) -> Any:
    """What the inbox answers."""
    return STRIPE.post(INBOX, body, content_type="application/json", headers=headers)


def deliver(fake: FakeStripe, *events: Object) -> None:
    """Send events to the inbox, in this order, and work each at once."""
    for event in events:
        assert post(*fake.signed(event)).status_code == 200, event["type"]
        work_all()


def work_all() -> None:
    """Work whatever waits, whether or not its time has come."""
    StripeInbox.objects.filter(status="waiting").update(due_at=timezone.now())
    for row_id in StripeInbox.objects.filter(status="waiting").values_list("pk", flat=True):
        work(row_id)


def balance(user: User) -> int:
    """Credits that a user has."""
    return sum(Wallet.objects.filter(pk=user.pk).values_list("balance", flat=True))


def owed(user: User) -> int:
    """Credits that were taken back after they had been spent."""
    return sum(Wallet.objects.filter(pk=user.pk).values_list("receivable", flat=True))


def entries(user: User) -> list[tuple[str, str, int]]:
    """Kind, operation and amount of each movement, oldest first."""
    found = LedgerEntry.objects.filter(wallet_id=user.pk).order_by("id")
    return list(found.values_list("kind", "operation", "amount"))


def types(events: Iterable[Object]) -> list[str]:
    """The types of events."""
    return [event["type"] for event in events]


def agree(user: User, **terms: Any) -> AutoTopUp:
    """Read what there is to agree to, and agree."""
    try:
        return turn_on(user=user, **terms)
    except ConsentMissing as shown:
        return turn_on(user=user, **terms, consent_text=shown.consent_text)


def topping_up(fake: FakeStripe, user: User, *, behaves: str = "pays", **terms: Any) -> Object:
    """The saved card with which credits are bought for a user from now on."""
    card = fake.save_card(customer_of(user), behaves=behaves)
    agreed: dict[str, Any] = {"threshold": 50, "monthly_ceiling": 20_000, **terms}
    agree(user, package=packages()["professional"], payment_method=card["id"], **agreed)
    return card


def top_ups(user: User) -> list[CreditOrder]:
    """The orders of a user's automatic top-ups, oldest first."""
    return list(CreditOrder.objects.filter(user=user, kind="auto_topup").order_by("created_at"))


def intents(fake: FakeStripe) -> list[Object]:
    """Every payment that Stripe has made of a saved card, the newest first."""
    return [one for one in fake.all("payment_intent") if "asked" in one]
