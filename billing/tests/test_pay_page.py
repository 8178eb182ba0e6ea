"""The page to which the mail about a failed top-up leads: pay by hand, once."""

import re
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from billing.models import AutoTopUp, CreditOrder
from billing.paying_instead import one_to_pay
from billing.reading import Hints
from billing.services import top_up
from billing.settling import settle
from billing.tests.acts import balance, deliver, topping_up
from billing.tests.fake_state import Object
from billing.tests.fake_stripe import FakeStripe
from credits.tests.factories import at_once

pytestmark = pytest.mark.django_db
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@pytest.fixture
def failed(fake: FakeStripe, alice: User) -> CreditOrder:
    """A top-up of Alice's that her bank has refused."""
    topping_up(fake, alice, behaves="card_declined")
    order = top_up(alice.pk)
    assert order
    return order


@pytest.fixture
def path(failed: CreditOrder) -> str:
    """Where the mail leads."""
    return f"/pay/{failed.pk}"


@pytest.fixture
def browser() -> Client:
    """Somebody who is not logged in."""
    return Client(enforce_csrf_checks=True)


def page(browser: Client, path: str) -> str:
    """What is shown."""
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def press(browser: Client, path: str) -> Any:
    """Press the button."""
    token = TOKEN.findall(page(browser, path))[0]
    return browser.post(path, {"csrfmiddlewaretoken": token})


def session_at(fake: FakeStripe, answer: Any) -> Object:
    """The session whose page an answer leads to."""
    assert answer.status_code == 303, answer.content
    return next(one for one in fake.all("checkout.session") if one["url"] == answer.headers["Location"])


def test_it_says_what_failed_and_what_is_to_be_paid_to_whoever_has_the_address(
    browser: Client, path: str, alice: User
) -> None:
    shown = page(browser, path)
    assert "The bank or card company refused the payment." in shown
    assert "Pay 45.00 USD" in shown
    assert alice.email not in shown


def test_the_button_leads_to_stripe_and_back_and_the_credits_are_the_accounts(
    fake: FakeStripe, browser: Client, path: str, alice: User
) -> None:
    session = session_at(fake, press(browser, path))
    assert session["amount_subtotal"] == 4500
    fake.pay(session)
    back = urlsplit(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]))
    assert back.path == path
    shown = page(browser, f"{back.path}?{back.query}")
    assert "500 credits were added" in shown
    assert balance(alice) == 500


def test_pressed_again_it_leads_to_the_same_page_so_that_nothing_is_paid_twice(
    fake: FakeStripe, browser: Client, path: str
) -> None:
    first, second = (session_at(fake, press(browser, path)) for _ in range(2))
    assert first["id"] == second["id"]
    assert CreditOrder.objects.filter(kind="checkout").count() == 1


@pytest.mark.django_db(transaction=True)
def test_ten_presses_at_once_lead_to_one_page(fake: FakeStripe, path: str) -> None:
    def pressing() -> str:
        return str(press(Client(), path).headers["Location"])

    assert len(set(at_once(*[pressing] * 10))) == 1
    assert CreditOrder.objects.filter(kind="checkout").count() == 1


def test_what_is_paid_already_cannot_be_paid_again(
    fake: FakeStripe, browser: Client, path: str, alice: User
) -> None:
    stale = TOKEN.findall(page(browser, path))[0]
    fake.pay(session_at(fake, press(browser, path)))
    answer = browser.post(path, {"csrfmiddlewaretoken": stale})
    assert "500 credits were added" in answer.content.decode()
    assert balance(alice) == 500
    assert "<button" not in page(browser, path)


def test_while_a_bank_takes_days_nothing_more_is_to_be_paid(
    fake: FakeStripe, browser: Client, path: str
) -> None:
    session = session_at(fake, press(browser, path))
    deliver(fake, *fake.pay_later(session))
    assert "On its way" in page(browser, f"{path}?session_id={session['id']}")
    assert "On its way" in press(browser, path).content.decode()


def test_after_a_session_has_expired_there_is_another(fake: FakeStripe, browser: Client, path: str) -> None:
    first = session_at(fake, press(browser, path))
    deliver(fake, *fake.expire(first))
    assert session_at(fake, press(browser, path))["id"] != first["id"]


def test_a_card_declined_on_stripes_page_can_be_followed_by_another(
    fake: FakeStripe, browser: Client, path: str, alice: User
) -> None:
    session = session_at(fake, press(browser, path))
    deliver(fake, *fake.decline(session, "expired_card"))
    assert "The card has expired." in page(browser, path)
    assert session_at(fake, press(browser, path))["id"] == session["id"]


def test_a_confirmation_that_was_left_can_be_gone_on_with(
    fake: FakeStripe, browser: Client, path: str
) -> None:
    session = session_at(fake, press(browser, path))
    fake.intent_of(session)["status"] = "requires_action"
    assert session_at(fake, press(browser, path))["id"] == session["id"]
    assert "<button" in page(browser, f"{path}?session_id={session['id']}")


def test_after_stripe_has_deleted_the_buyer_the_page_that_is_open_is_still_the_one_to_pay_on(
    fake: FakeStripe, browser: Client, path: str, alice: User
) -> None:
    first = session_at(fake, press(browser, path))
    deliver(fake, fake.tell("customer.deleted", fake.objects[first["customer"]]))
    fake.objects[first["customer"]]["deleted"] = True
    again = session_at(fake, press(browser, path))
    assert again["id"] == first["id"]
    deliver(fake, *fake.pay(again))
    assert balance(alice) == 500


def test_money_paid_on_a_page_that_is_not_the_orders_waits_for_a_person(
    fake: FakeStripe, browser: Client, path: str, alice: User
) -> None:
    session = session_at(fake, press(browser, path))
    rival = fake.create_session(session["asked"])
    events = fake.pay(rival)
    deliver(fake, *events, *events)
    settle(CreditOrder.objects.get(kind="checkout").pk, Hints())
    assert (balance(alice), CreditOrder.objects.get(kind="checkout").problem) == (0, "twice")
    assert "Looked at by a person" in page(browser, path)
    assert "<button" not in page(browser, path)


def test_of_two_purchases_the_one_that_is_paid_counts(
    fake: FakeStripe, browser: Client, path: str, alice: User
) -> None:
    first = session_at(fake, press(browser, path))
    CreditOrder.objects.filter(session_id=first["id"]).update(status="failed")
    second = session_at(fake, press(browser, path))
    assert second["id"] != first["id"]
    deliver(fake, *fake.decline(first))
    deliver(fake, *fake.pay(first))
    assert balance(alice) == 500
    assert "<button" not in page(browser, path)


def test_a_press_while_another_is_under_way_takes_no_page_away(
    fake: FakeStripe, browser: Client, path: str
) -> None:
    fake.refuses += [(409, {"error": {"type": "idempotency_error", "message": "In use."}})]
    assert press(browser, path).status_code == 503
    [order] = CreditOrder.objects.filter(kind="checkout")
    assert order.status == "pending"


def test_a_top_up_that_never_came_to_a_payment_has_no_page(
    fake: FakeStripe, browser: Client, alice: User
) -> None:
    topping_up(fake, alice)
    fake.is_down = True
    order = top_up(alice.pk)
    assert order
    CreditOrder.objects.open_top_ups().never_begun()
    assert browser.get(f"/pay/{order.pk}").status_code == 404


def test_the_button_has_the_price_of_the_page_that_it_leads_to(
    fake: FakeStripe, browser: Client, path: str, settings: Settings
) -> None:
    session = session_at(fake, press(browser, path))
    settings.CREDIT_PACKAGES = [pack | {"price_cents": 9900} for pack in settings.CREDIT_PACKAGES]
    assert "Pay 45.00 USD" in page(browser, path)
    deliver(fake, *fake.expire(session))
    assert "Pay 99.00 USD" in page(browser, path)


def test_a_setting_changed_between_two_presses_does_not_shut_the_page(
    fake: FakeStripe, browser: Client, path: str, settings: Settings
) -> None:
    first = session_at(fake, press(browser, path))
    settings.STRIPE_PROMOTION_CODES = True
    assert session_at(fake, press(browser, path))["id"] == first["id"]


def test_in_another_mode_there_is_no_such_page(browser: Client, path: str, settings: Settings) -> None:
    settings.STRIPE_LIVE_MODE = True
    assert browser.get(path).status_code == 404


def test_what_is_paid_between_two_looks_is_not_offered_again(
    fake: FakeStripe, browser: Client, path: str, failed: CreditOrder, alice: User
) -> None:
    fake.pay(session_at(fake, press(browser, path)))
    settle(CreditOrder.objects.get(kind="checkout").pk, Hints())
    assert one_to_pay(failed, alice).is_paid


def test_only_who_comes_back_from_the_page_has_stripe_asked(
    fake: FakeStripe, browser: Client, path: str
) -> None:
    session_at(fake, press(browser, path))
    before = len(fake.calls)
    page(browser, f"{path}?session_id=x")
    assert len(fake.calls) == before


def test_coming_back_again_and_again_is_counted(
    fake: FakeStripe, browser: Client, path: str, settings: Settings
) -> None:
    session = session_at(fake, press(browser, path))
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"credits.checkout": {"email": "3/h"}}
    before = len(fake.calls)
    for _ in range(5):
        page(browser, f"{path}?session_id={session['id']}")
    assert len(fake.calls) - before == 3 * 2  # each of two questions


def test_once_top_ups_are_on_again_it_does_not_say_that_they_are_off(
    fake: FakeStripe, browser: Client, path: str, alice: User
) -> None:
    assert "are off until" in page(browser, path)
    topping_up(fake, alice)
    assert "are off until" not in page(browser, path)


def test_paying_by_hand_does_not_switch_top_ups_on_again(
    fake: FakeStripe, browser: Client, path: str, alice: User
) -> None:
    deliver(fake, *fake.pay(session_at(fake, press(browser, path))))
    assert not AutoTopUp.objects.get(user=alice).is_on


def test_while_stripe_is_away_it_says_that_nothing_was_charged(
    fake: FakeStripe, browser: Client, path: str
) -> None:
    fake.is_down = True
    answer = press(browser, path)
    assert answer.status_code == 503
    assert "Nothing was charged" in answer.content.decode()


def test_a_package_that_is_not_sold_any_more_cannot_be_paid(
    fake: FakeStripe, browser: Client, path: str, settings: Settings
) -> None:
    settings.CREDIT_PACKAGES = settings.CREDIT_PACKAGES[:1]
    assert "not sold any more" in page(browser, path)
    assert "<button" not in page(browser, path)


def test_there_is_no_page_for_other_orders(fake: FakeStripe, browser: Client, alice: User) -> None:
    topping_up(fake, alice)
    paid = top_up(alice.pk)
    assert paid
    for order in (paid.pk, uuid4()):
        assert browser.get(f"/pay/{order}").status_code == 404
        assert Client().post(f"/pay/{order}").status_code == 404


def test_forms_of_other_sites_do_nothing(fake: FakeStripe, browser: Client, path: str) -> None:
    assert browser.post(path).status_code == 403
    assert not CreditOrder.objects.filter(kind="checkout").exists()


def test_it_is_no_page_for_search_engines_or_frames(browser: Client, path: str) -> None:
    answer = browser.get(path)
    assert 'name="robots" content="noindex"' in answer.content.decode()
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
