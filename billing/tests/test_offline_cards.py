"""Saved cards where the stand-in answers for Stripe: kept, managed, charged with nobody there."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from djstripe.models import PaymentIntent, PaymentMethod

from accounts.models import User
from billing import mirror
from billing.models import AutoTopUp, CreditOrder, StripeInbox
from billing.offline.answers import answer
from billing.offline.models import OfflineObject
from billing.packages import packages
from billing.services import open_portal, saved_cards, top_up
from billing.tests.acts import agree, entries, work_all
from billing.tests.offline_buyer import TOKEN, Buyer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("offline")]


class Portal:
    """The page on which a user manages cards, in a browser without JavaScript."""

    def __init__(self, user: User) -> None:
        self.path = urlsplit(open_portal(user, return_url="http://localhost/credits")).path
        self.browser = Client(enforce_csrf_checks=True)

    def page(self) -> str:
        """What it shows."""
        answer = self.browser.get(self.path)
        assert answer.status_code == 200
        return answer.content.decode()

    def press(self, **button: str) -> Any:
        """Press a button."""
        token = TOKEN.findall(self.page())[0]
        answer = self.browser.post(self.path, {"csrfmiddlewaretoken": token, **button})
        work_all()
        return answer


def agreed(user: User) -> None:
    """Have credits bought for a user from now on, with the newest card."""
    agree(user, package=packages()["starter"], threshold=50, monthly_ceiling=5000)


def topped_up(user: User, last4: str) -> CreditOrder:
    """The top-up that a user's new card was charged for."""
    Portal(user).press(add=last4)
    agreed(user)
    order = top_up(user.pk)
    assert order
    return order


def ends(user: User) -> list[str]:
    """The last digits of a user's cards."""
    return [card.last4 for card in saved_cards(user)]


def test_a_purchase_keeps_a_card_and_the_next_one_takes_it(alice: User) -> None:
    for _ in range(2):
        Buyer(alice).press("pay")
    assert ends(alice) == ["4242"]


def test_a_saved_card_tops_up_and_all_events_about_it_change_nothing(alice: User) -> None:
    order = topped_up(alice, "4242")
    assert order.status == "paid"
    work_all()
    told = OfflineObject.objects.filter(kind="event").values_list("body__type", flat=True)
    assert "payment_intent.succeeded" in told
    assert entries(alice) == [("grant", "pack", 100)]


@pytest.mark.parametrize(("last4", "reason"), [("0341", "declined"), ("3184", "authentication_required")])
def test_a_card_that_is_refused_switches_top_ups_off_and_can_be_paid_by_hand(
    alice: User, last4: str, reason: str
) -> None:
    order = topped_up(alice, last4)
    assert AutoTopUp.objects.get(user=alice).off_reason == reason
    browser = Client()
    away = browser.post(f"/pay/{order.pk}")
    checkout = urlsplit(away.headers["Location"]).path
    browser.post(checkout, {"act": "pay"})
    work_all()
    assert "100 credits were added" in browser.get(f"/pay/{order.pk}").content.decode()
    assert entries(alice) == [("grant", "pack", 100)]


def test_a_card_removed_on_the_page_is_charged_no_more(alice: User) -> None:
    portal = Portal(alice)
    portal.press(add="4242")
    agreed(alice)
    portal.press(remove=saved_cards(alice)[0].id)
    assert (ends(alice), AutoTopUp.objects.get(user=alice).off_reason) == ([], "card_removed")
    assert top_up(alice.pk) is None


def test_the_page_shows_cards_and_what_can_be_added(alice: User) -> None:
    portal = Portal(alice)
    assert "No card is saved." in portal.page()
    portal.press(add="3184")
    shown = portal.page()
    assert "visa ending in 3184" in shown
    assert re.findall(r'name="add" value="(\d+)"', shown) == ["4242", "0341", "3184"]
    assert 'href="http://localhost/credits"' in shown


def test_a_card_that_there_is_not_is_refused_in_words(alice: User) -> None:
    answer = Portal(alice).press(add="9999")
    assert answer.status_code == 422
    assert "There is no such card." in answer.content.decode()


def test_nobody_removes_anothers_card(alice: User, bob: User) -> None:
    Portal(alice).press(add="4242")
    Portal(bob).press(remove=saved_cards(alice)[0].id)
    assert ends(alice) == ["4242"]


def charge_again(order: CreditOrder, **changes: str) -> tuple[int, Any, list[Any]]:
    """What is answered when the same call comes once more, or another one under its key."""
    form = OfflineObject.objects.get(name=order.payment_intent_id).body["asked"]
    return answer("post", "/v1/payment_intents", form | changes, f"order:{order.pk}")


@pytest.mark.parametrize(("last4", "status"), [("4242", 200), ("0341", 402)])
def test_the_same_call_again_is_the_same_payment_and_tells_nothing_more(
    alice: User, last4: str, status: int
) -> None:
    order = topped_up(alice, last4)
    code, body, events = charge_again(order)
    again = body["error"]["payment_intent"] if "error" in body else body
    assert (code, again["id"], events) == (status, order.payment_intent_id, [])
    assert OfflineObject.objects.filter(kind="charge").count() == 1


def test_another_call_under_the_same_key_is_refused_as_stripe_does(alice: User) -> None:
    code, body, _ = charge_again(topped_up(alice, "4242"), amount="999900")
    assert (code, body["error"]["type"]) == (400, "idempotency_error")


def test_dj_stripe_mirrors_the_card_and_its_payment(alice: User, sdk_as_it_was: None) -> None:
    order = topped_up(alice, "4242")
    work_all()
    assert all(mirror.feed(row_id) for row_id in StripeInbox.objects.values_list("pk", flat=True))
    assert PaymentIntent.objects.get().id == order.payment_intent_id
    assert PaymentMethod.objects.get().id == order.payment_method_id
