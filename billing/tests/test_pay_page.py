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
from billing.services import top_up
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


def test_while_a_bank_takes_days_there_is_nothing_to_press(
    fake: FakeStripe, browser: Client, path: str
) -> None:
    deliver(fake, *fake.pay_later(session_at(fake, press(browser, path))))
    assert "On its way" in page(browser, path)


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
