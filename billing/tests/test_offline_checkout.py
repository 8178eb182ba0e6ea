"""The offline checkout: from a press on its page, through the real inbox, to the ledger."""

import json

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.tests.factories import a_user, bearing, key_of
from billing.models import StripeInbox
from billing.offline.models import OfflineObject
from billing.tests.acts import balance, entries, owed, post, work_all
from billing.tests.fake_stripe import signature
from billing.tests.offline_buyer import TOKEN, Buyer
from credits.services import charge
from credits.tests.factories import assert_sound, at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("offline")]
GRANTED_ONCE = [("grant", "pack", 100)]
PURCHASE = "/api/v1/credits/checkout-session"


@pytest.fixture
def buyer(alice: User) -> Buyer:
    """Alice, who has begun to buy 100 credits for 10.00 USD."""
    return Buyer(alice)


def kinds() -> list[str]:
    """The types of the events that the inbox took, oldest first."""
    return list(StripeInbox.objects.order_by("id").values_list("type", flat=True))


# --- what buyers do ---


def test_paying_grants_the_credits_and_leads_back_to_the_shop(buyer: Buyer, alice: User) -> None:
    answer = buyer.press("pay")
    assert (answer.status_code, answer["Location"]) == (
        303,
        f"http://localhost/done?session_id={buyer.session_id}",
    )
    assert kinds() == [
        "payment_method.attached",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]
    assert entries(alice) == GRANTED_ONCE
    assert buyer.order.status == "paid"


def test_the_receipt_leads_to_the_page(buyer: Buyer) -> None:
    buyer.press("pay")
    assert buyer.order.receipt_url == buyer.url


def test_a_card_that_is_declined_pays_nothing_and_another_one_can(buyer: Buyer, alice: User) -> None:
    answer = buyer.press("decline")
    assert (answer.status_code, answer["Location"]) == (303, buyer.url)
    assert "The bank has declined" in buyer.page()
    assert (buyer.order.status, buyer.order.failure_code, balance(alice)) == ("pending", "card_declined", 0)
    buyer.press("pay")
    assert (buyer.order.status, buyer.order.failure_code, balance(alice)) == ("paid", "", 100)


def test_who_pays_later_has_credits_once_the_bank_has_paid(buyer: Buyer, alice: User) -> None:
    assert buyer.press("pay_later").status_code == 303
    assert (buyer.order.status, balance(alice)) == ("pending", 0)
    assert buyer.buttons() == ["arrive", "fail", "again"]
    buyer.press("arrive")
    assert entries(alice) == GRANTED_ONCE


def test_who_pays_later_has_nothing_when_the_bank_refuses(buyer: Buyer, alice: User) -> None:
    buyer.press("pay_later")
    buyer.press("fail")
    assert (buyer.order.status, balance(alice)) == ("failed", 0)
    assert "The bank has refused" in buyer.page()


# --- what happens to money afterwards ---


def test_a_refund_in_parts_and_of_the_rest_takes_the_credits_back(buyer: Buyer, alice: User) -> None:
    buyer.press("pay")
    buyer.press("refund_part", amount="2.50")
    assert (buyer.order.status, balance(alice)) == ("paid", 75)
    assert "2.50 USD went back" in buyer.page()
    buyer.press("refund_part", amount="1")
    assert balance(alice) == 65
    buyer.press("refund")
    assert (buyer.order.status, buyer.order.amount_refunded, balance(alice)) == ("refunded", 1000, 0)
    assert buyer.buttons() == ["again"]
    assert_sound()


@pytest.mark.parametrize("amount", ["", "0", "-1", "10.01", "0.001", "1e9", "NaN", "ten", "9" * 400, "\x00"])
def test_an_amount_that_cannot_be_refunded_is_told_and_changes_nothing(
    buyer: Buyer, alice: User, amount: str
) -> None:
    buyer.press("pay")
    answer = buyer.press("refund_part", amount=amount)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert balance(alice) == 100


def test_a_dispute_holds_the_credits_until_it_is_won(buyer: Buyer, alice: User) -> None:
    buyer.press("pay")
    buyer.press("dispute")
    assert (buyer.order.status, balance(alice)) == ("disputed", 0)
    assert buyer.buttons() == ["win", "lose", "again"]
    buyer.press("win")
    assert (buyer.order.status, buyer.order.dispute_status, balance(alice)) == ("paid", "won", 100)
    assert buyer.buttons() == ["refund", "refund_part", "again"]


def test_a_dispute_that_is_lost_takes_what_is_there_and_the_rest_is_owed(buyer: Buyer, alice: User) -> None:
    buyer.press("pay")
    charge(alice, 30, operation="product.lookup", key="spent")
    buyer.press("dispute")
    buyer.press("lose")
    assert (buyer.order.dispute_status, balance(alice), owed(alice)) == ("lost", 0, 30)
    assert buyer.buttons() == ["again"]


def test_a_dispute_after_a_refund_is_about_the_rest(buyer: Buyer, alice: User) -> None:
    buyer.press("pay")
    buyer.press("refund_part", amount="4")
    buyer.press("dispute")
    assert (buyer.order.refunded_credits, buyer.order.disputed_credits, balance(alice)) == (40, 60, 0)


# --- pressed twice, too late, by others ---


def test_a_second_press_on_pay_changes_nothing_and_leads_where_the_first_did(
    buyer: Buyer, alice: User
) -> None:
    first, second = buyer.press("pay"), buyer.press("pay")
    assert (second.status_code, second["Location"]) == (303, first["Location"])
    assert entries(alice) == GRANTED_ONCE
    assert len(kinds()) == 3


def test_ten_presses_on_pay_at_once_grant_once(buyer: Buyer, alice: User) -> None:
    token = TOKEN.findall(buyer.page())[0]
    cookies = buyer.browser.cookies["csrftoken"].value

    def press() -> int:
        browser = Client(enforce_csrf_checks=True)
        browser.cookies["csrftoken"] = cookies
        return browser.post(buyer.path, {"act": "pay", "csrfmiddlewaretoken": token}).status_code

    assert at_once(*[press] * 10) == [303] * 10
    work_all()
    assert OfflineObject.objects.filter(kind="charge").count() == 1
    assert entries(alice) == GRANTED_ONCE
    assert_sound()


def test_a_button_pressed_too_late_is_told_and_changes_nothing(buyer: Buyer, alice: User) -> None:
    buyer.press("pay")
    for act in ("decline", "arrive", "win", "", "nothing"):
        answer = buyer.press(act)
        assert answer.status_code == 409, act
        assert "That cannot be done any more" in answer.content.decode()
    assert entries(alice) == GRANTED_ONCE


def test_all_events_sent_again_move_no_credits(buyer: Buyer, alice: User) -> None:
    buyer.press("pay")
    buyer.press("refund_part", amount="3")
    before = kinds()
    assert buyer.press("again").status_code == 303
    assert kinds() == before
    assert balance(alice) == 70


def test_a_payment_belongs_to_who_ordered_whoever_presses(buyer: Buyer, alice: User) -> None:
    bob = a_user()
    buyer.browser.force_login(bob)
    buyer.press("pay")
    assert (balance(alice), balance(bob)) == (100, 0)


def test_the_purchase_of_another_is_not_there(buyer: Buyer) -> None:
    buyer.press("pay")
    stranger = bearing(key_of(a_user())[1])
    assert stranger.get(f"{PURCHASE}/{buyer.session_id}").status_code == 404


def test_the_success_page_grants_even_before_an_event_is_worked(buyer: Buyer, alice: User) -> None:
    token = TOKEN.findall(buyer.page())[0]
    buyer.browser.post(buyer.path, {"act": "pay", "csrfmiddlewaretoken": token})
    told = bearing(key_of(alice)[1]).get(f"{PURCHASE}/{buyer.session_id}").json()["data"]
    assert (told["status"], balance(alice)) == ("paid", 100)


def test_an_inbox_that_does_not_answer_is_told_and_can_be_told_again(
    buyer: Buyer, alice: User, settings: Settings
) -> None:
    address, settings.LOCAL_URL = settings.LOCAL_URL, "http://127.0.0.1:9"
    answer = buyer.press("pay")
    assert answer.status_code == 502
    assert "Send them again" in answer.content.decode()
    assert balance(alice) == 0
    settings.LOCAL_URL = address
    buyer.press("again")
    assert balance(alice) == 100


def test_an_event_that_somebody_else_has_signed_is_refused(buyer: Buyer, settings: Settings) -> None:
    buyer.press("pay")
    event = OfflineObject.objects.filter(kind="event").first()
    assert event is not None
    body = json.dumps(event.body)
    assert post(body.encode(), signature(body, secret="whsec_of_somebody_else")).status_code == 400
    assert post(body.encode(), signature(body, secret=settings.OFFLINE_WEBHOOK_SECRET)).status_code == 200
