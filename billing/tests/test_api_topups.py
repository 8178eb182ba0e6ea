"""The calls about saved cards and automatic top-ups, and who may make them."""

from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import a_user, bearing, key_of, logged_in
from billing.customers import customer_of
from billing.services import top_up
from billing.tests.acts import deliver, intents, topping_up
from billing.tests.fake_stripe import FakeStripe

pytestmark = pytest.mark.django_db
TOP_UP = "/api/v1/credits/auto-topup"
CARDS = "/api/v1/credits/payment-methods"
PORTAL = "/api/v1/credits/portal-session"
TERMS = {"package": "professional", "threshold": 50, "monthly_ceiling": 18_000}


@pytest.fixture
def browser(alice: User) -> APIClient:
    """Alice, logged in."""
    return bearing(logged_in(alice).access_token)


def agree(client: APIClient, **changes: Any) -> Any:
    """Send what is wanted, and once more with what there is to agree to."""
    first = client.put(TOP_UP, TERMS | changes, format="json")
    if "consent_text" not in first.json():
        return first
    return client.put(TOP_UP, TERMS | changes | {"consent_text": first.json()["consent_text"]}, format="json")


def state(client: APIClient) -> dict[str, Any]:
    answer = client.get(TOP_UP)
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()["data"]
    return told


def test_where_nothing_was_agreed_to_it_is_off_and_says_nothing_else(
    fake: FakeStripe, browser: APIClient
) -> None:
    told = state(browser)
    assert told.pop("enabled") is False
    assert set(told.values()) == {None}


def test_consent_is_given_to_a_text_that_is_shown_first_and_kept_with_its_time(
    fake: FakeStripe, alice: User, browser: APIClient
) -> None:
    fake.save_card(customer_of(alice))
    refused = browser.put(TOP_UP, TERMS, format="json")
    assert (refused.status_code, refused.json()["code"]) == (422, "consent_missing")
    assert state(browser)["enabled"] is False
    assert agree(browser).status_code == 200
    told = state(browser)
    assert told["enabled"] is True
    assert told["consent_text"] == refused.json()["consent_text"]
    for part in ("fewer than 50 credits", "visa ending in 4242", "45.00 USD", "500 credits", "180.00 USD"):
        assert part in told["consent_text"]
    assert told["consented_at"]


def test_consent_is_to_the_card_and_the_price_that_were_shown(
    fake: FakeStripe, alice: User, browser: APIClient, settings: Settings
) -> None:
    fake.save_card(customer_of(alice), last4="1111")
    shown = browser.put(TOP_UP, TERMS, format="json").json()["consent_text"]
    fake.save_card(customer_of(alice), last4="2222")
    answer = browser.put(TOP_UP, TERMS | {"consent_text": shown}, format="json")
    assert answer.json()["code"] == "consent_missing"
    assert "2222" in answer.json()["consent_text"]
    assert state(browser)["enabled"] is False


def test_a_card_that_says_nothing_of_itself_is_not_listed(
    fake: FakeStripe, alice: User, browser: APIClient
) -> None:
    del fake.save_card(customer_of(alice))["card"]
    fake.save_card(customer_of(alice), last4="1111")
    assert [card["last4"] for card in browser.get(CARDS).json()["data"]] == ["1111"]


def test_there_is_nothing_to_pay_for_a_top_up_that_was_paid_and_is_disputed(
    fake: FakeStripe, alice: User, browser: APIClient
) -> None:
    topping_up(fake, alice)
    top_up(alice.pk)
    deliver(fake, *fake.dispute({"payment_intent": intents(fake)[0]["id"]}))
    off = state(browser)["switched_off"]
    assert (off["reason"], off["pay_url"]) == ("disputed", None)


def test_a_new_number_of_the_card_is_shown(fake: FakeStripe, alice: User, browser: APIClient) -> None:
    card = topping_up(fake, alice)
    card["card"]["last4"] = "9999"
    deliver(fake, fake.tell("payment_method.automatically_updated", card))
    assert state(browser)["payment_method"]["last4"] == "9999"


def test_the_state_tells_what_is_spent_and_what_is_under_way(
    fake: FakeStripe, alice: User, browser: APIClient
) -> None:
    topping_up(fake, alice)
    assert (state(browser)["spent_this_month"], state(browser)["under_way"]) == (0, False)
    fake.loses = 2
    top_up(alice.pk)
    assert (state(browser)["spent_this_month"], state(browser)["under_way"]) == (4500, True)


def test_a_refusal_is_told_with_its_reason_and_where_to_pay(
    fake: FakeStripe, alice: User, browser: APIClient
) -> None:
    topping_up(fake, alice, behaves="authentication_required")
    order = top_up(alice.pk)
    assert order
    off = state(browser)["switched_off"]
    assert off.pop("at")
    assert off == {
        "reason": "authentication_required",
        "text": "The bank wants you to confirm the payment yourself.",
        "order": str(order.pk),
        "pay_url": f"http://testserver/pay/{order.pk}",
    }


def test_the_payments_show_a_top_up_that_failed(fake: FakeStripe, alice: User, browser: APIClient) -> None:
    topping_up(fake, alice, behaves="insufficient_funds")
    top_up(alice.pk)
    [payment] = browser.get("/api/v1/payments").json()["data"]
    assert (payment["kind"], payment["standing"], payment["session_id"]) == ("auto_topup", "failed", None)
    assert payment["failure"] == "There was not enough money."


def test_it_is_switched_off_for_good_with_one_call(fake: FakeStripe, alice: User, browser: APIClient) -> None:
    topping_up(fake, alice)
    assert browser.delete(TOP_UP).status_code == 204
    assert browser.delete(TOP_UP).status_code == 204
    told = state(browser)
    assert (told["enabled"], told["switched_off"]["reason"], told["switched_off"]["pay_url"]) == (
        False,
        "owner",
        None,
    )


def test_without_a_saved_card_it_says_how_to_save_one(fake: FakeStripe, browser: APIClient) -> None:
    answer = agree(browser)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_saved_card")
    assert "portal-session" in answer.json()["detail"]


def test_an_install_that_offers_no_top_ups_says_so(
    fake: FakeStripe, alice: User, browser: APIClient, settings: Settings
) -> None:
    fake.save_card(customer_of(alice))
    settings.AUTO_TOP_UPS = False
    assert agree(browser).json()["code"] == "top_ups_not_offered"


def test_a_top_up_that_never_came_to_a_payment_is_among_the_payments(
    fake: FakeStripe, alice: User, browser: APIClient
) -> None:
    del fake.objects[topping_up(fake, alice)["id"]]
    top_up(alice.pk)
    [payment] = browser.get("/api/v1/payments").json()["data"]
    assert (payment["standing"], payment["failure"]) == ("failed", "The saved card is not there any more.")


def test_anothers_card_is_no_card(fake: FakeStripe, alice: User, browser: APIClient) -> None:
    fake.save_card(customer_of(alice))
    foreign = fake.save_card(customer_of(a_user()))
    answer = agree(browser, payment_method=foreign["id"])
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_card")


WRONG = [
    ({"threshold": 0}, "threshold"),
    ({"threshold": 501}, "threshold"),
    ({"monthly_ceiling": 4499}, "monthly_ceiling"),
    ({"monthly_ceiling": 10**10}, "monthly_ceiling"),
    ({"package": "none"}, "package"),
    ({"consent_text": True}, "consent_text"),
    ({"credits": 10**6}, "credits"),
]


@pytest.mark.parametrize(("change", "field"), WRONG)
def test_terms_that_make_no_sense_are_refused_by_field_before_stripe_is_asked(
    fake: FakeStripe, alice: User, browser: APIClient, change: dict[str, Any], field: str
) -> None:
    answer = agree(browser, **change)
    assert answer.status_code == 422, answer.content
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"#/{field}"]
    assert fake.calls == []


def test_the_newest_card_comes_first_and_no_more_of_it_is_shown_than_its_end(
    fake: FakeStripe, alice: User, browser: APIClient
) -> None:
    customer = customer_of(alice)
    fake.save_card(customer, last4="1111")
    newest = fake.save_card(customer, last4="2222")
    fake.save_card(customer_of(a_user()), last4="3333")
    cards = browser.get(CARDS).json()["data"]
    assert [card["last4"] for card in cards] == ["2222", "1111"]
    assert cards[0] == {
        "id": newest["id"],
        "brand": "visa",
        "last4": "2222",
        "exp_month": 12,
        "exp_year": 2031,
    }


def test_who_never_bought_has_no_cards_and_stripe_is_not_asked(fake: FakeStripe, browser: APIClient) -> None:
    assert browser.get(CARDS).json()["data"] == []
    assert fake.calls == []


def test_a_purchase_saves_the_card_that_it_is_paid_with(
    fake: FakeStripe, alice: User, browser: APIClient
) -> None:
    begun = browser.post(
        "/api/v1/credits/checkout-session",
        {"package": "starter", "success_url": "http://testserver/", "cancel_url": "http://testserver/"},
        format="json",
    )
    fake.pay(fake.objects[begun.json()["session_id"]])
    assert [card["last4"] for card in browser.get(CARDS).json()["data"]] == ["4242"]


def test_the_portal_is_opened_for_the_caller_alone(fake: FakeStripe, alice: User, browser: APIClient) -> None:
    answer = browser.post(PORTAL, {"return_url": "http://testserver/credits"}, format="json")
    assert answer.status_code == 201, answer.content
    [session] = fake.all("billing_portal.session")
    assert (session["customer"], session["return_url"]) == (customer_of(alice), "http://testserver/credits")
    assert answer.json()["portal_url"] == session["url"]


def test_the_portal_leads_back_to_our_own_pages_only(fake: FakeStripe, browser: APIClient) -> None:
    answer = browser.post(PORTAL, {"return_url": "https://elsewhere.example/"}, format="json")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "foreign_address"


def test_a_buyer_whom_stripe_has_forgotten_is_made_known_again_for_the_portal(
    fake: FakeStripe, alice: User, browser: APIClient
) -> None:
    del fake.objects[customer_of(alice)]
    assert browser.post(PORTAL, {"return_url": "http://testserver/"}, format="json").status_code == 201
    assert browser.get(CARDS).json()["data"] == []


@pytest.mark.parametrize(("method", "path"), [("get", CARDS), ("post", PORTAL), ("put", TOP_UP)])
def test_while_stripe_is_away_the_answer_says_so(
    fake: FakeStripe, alice: User, browser: APIClient, method: str, path: str
) -> None:
    customer_of(alice)
    fake.is_down = True
    body = {"put": TERMS, "post": {"return_url": "http://testserver/"}}.get(method)
    answer = getattr(browser, method)(path, body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (503, "payments_unavailable")


@pytest.mark.parametrize("path", [CARDS, PORTAL, TOP_UP])
def test_no_key_manages_cards_or_agrees_to_anything(fake: FakeStripe, alice: User, path: str) -> None:
    answer = bearing(key_of(alice)[1]).get(path)
    assert (answer.status_code, answer.json()["code"]) == (403, "session_required")
