"""The page of the offline checkout: what it says, and when it is there."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from billing.offline.models import OfflineObject
from billing.tests.offline_buyer import TOKEN, Buyer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_in")]


@pytest.fixture
def buyer(alice: User) -> Buyer:
    """Alice, who has begun to buy 100 credits for 10.00 USD."""
    return Buyer(alice)


def test_the_page_says_that_no_money_moves_and_what_is_bought(buyer: Buyer) -> None:
    shown = buyer.page()
    assert "No money moves here." in shown
    assert "10.00 USD for 100 Pallet credits" in shown
    assert buyer.buttons() == ["pay", "decline", "pay_later"]


def test_the_page_needs_no_script(buyer: Buyer) -> None:
    assert "<script" not in buyer.page()


def test_the_page_is_kept_by_nobody_and_found_by_no_search(buyer: Buyer) -> None:
    answer = buyer.browser.get(buyer.path)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert '<meta name="robots" content="noindex">' in answer.content.decode()


def test_browsers_may_follow_the_form_to_the_shop_and_nowhere_else(buyer: Buyer, settings: Settings) -> None:
    policy = buyer.browser.get(buyer.path).headers["Content-Security-Policy"]
    assert f"form-action 'self' {settings.PUBLIC_URL} http://localhost;" in policy


def test_the_address_of_the_page_cannot_be_guessed(alice: User) -> None:
    first, second = Buyer(alice).session_id, Buyer(alice).session_id
    prefix = "cs_test_offline"
    assert len(first.removeprefix(prefix)) == len(second.removeprefix(prefix)) == 32
    assert first != second


def test_a_session_that_there_is_not_is_not_found(buyer: Buyer) -> None:
    for path in (buyer.path + "x", "/checkout/offline/cs_test_offline", "/checkout/offline/%00"):
        assert Client().get(path).status_code == 404


def test_other_objects_have_no_page(buyer: Buyer) -> None:
    customer = OfflineObject.objects.get(kind="customer")
    assert Client().get(f"/checkout/offline/{customer.name}").status_code == 404


def test_the_page_is_not_there_unless_it_is_asked_for(buyer: Buyer, settings: Settings) -> None:
    settings.BILLING_OFFLINE = False
    assert buyer.browser.get(buyer.path).status_code == 404


def test_a_press_does_nothing_unless_the_page_is_asked_for(buyer: Buyer, settings: Settings) -> None:
    token = TOKEN.findall(buyer.page())[0]
    settings.BILLING_OFFLINE = False
    answer = buyer.browser.post(buyer.path, {"act": "pay", "csrfmiddlewaretoken": token})
    assert answer.status_code == 404
    assert not OfflineObject.objects.filter(kind="event").exists()


@pytest.mark.parametrize("name", ["PUBLIC_URL", "HOST"])
def test_the_page_is_not_there_where_strangers_can_come(buyer: Buyer, settings: Settings, name: str) -> None:
    setattr(settings, name, {"PUBLIC_URL": "https://pallet.example.com", "HOST": "::"}[name])
    assert buyer.browser.get(buyer.path).status_code == 404


def test_a_post_that_did_not_come_from_the_page_is_refused(buyer: Buyer) -> None:
    buyer.page()
    assert buyer.browser.post(buyer.path, {"act": "pay"}).status_code == 403
    assert Client(enforce_csrf_checks=True).post(buyer.path, {"act": "pay"}).status_code == 403
    assert not OfflineObject.objects.filter(kind="event").exists()
