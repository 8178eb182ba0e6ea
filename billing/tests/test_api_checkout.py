"""POST credits/checkout-session, and the purchase that its session is found by."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import a_user, bearing, key_of
from billing.models import CreditOrder, StripeCustomer
from billing.tests.acts import balance, bought, order_of
from billing.tests.fake_state import Object
from billing.tests.fake_stripe import FakeStripe

pytestmark = pytest.mark.django_db
PATH = "/api/v1/credits/checkout-session"
SESSIONS = "/v1/checkout/sessions"
BODY = {
    "package": "professional",
    "success_url": "http://testserver/credits/done?from=page#top",
    "cancel_url": "http://testserver/credits",
}


@pytest.fixture
def program(alice: User) -> APIClient:
    """Alice's program."""
    return bearing(key_of(alice)[1])


def begin(client: APIClient, **changes: Any) -> Any:
    return client.post(PATH, BODY | changes, format="json")


def asked(fake: FakeStripe, answer: Any) -> Object:
    """What Stripe was asked for."""
    told: Object = fake.objects[answer.json()["session_id"]]["asked"]
    return told


def test_a_package_is_ordered_at_the_price_of_the_list(
    fake: FakeStripe, alice: User, program: APIClient
) -> None:
    answer = begin(program)
    assert answer.status_code == 201, answer.content
    session = fake.objects[answer.json()["session_id"]]
    assert answer.json()["checkout_url"] == session["url"]
    order = order_of(session)
    assert (order.user, order.credits, order.amount, order.currency) == (alice, 500, 4500, "USD")
    assert (session["amount_subtotal"], session["currency"]) == (4500, "usd")


def test_stripe_is_told_the_order_and_to_keep_the_card_for_its_owner(
    fake: FakeStripe, program: APIClient
) -> None:
    told = asked(fake, begin(program))
    order = CreditOrder.objects.get()
    assert told["client_reference_id"] == told["metadata"]["order"] == str(order.pk)
    assert told["payment_intent_data"] == {
        "metadata": {"order": str(order.pk)},
        "setup_future_usage": "off_session",
    }
    assert told["saved_payment_method_options"]["payment_method_save"] == "enabled"
    assert not {"allow_promotion_codes", "automatic_tax", "invoice_creation"} & set(told)


def test_tax_promotions_and_invoices_are_settings(
    fake: FakeStripe, program: APIClient, settings: Settings
) -> None:
    settings.STRIPE_AUTOMATIC_TAX = settings.STRIPE_PROMOTION_CODES = settings.STRIPE_INVOICES = True
    told = asked(fake, begin(program))
    assert told["automatic_tax"] == {"enabled": "true"}
    assert told["customer_update"] == {"address": "auto", "name": "auto"}
    assert told["allow_promotion_codes"] == "true"
    assert told["invoice_creation"]["enabled"] == "true"


def test_the_buyer_comes_back_with_the_session(fake: FakeStripe, program: APIClient) -> None:
    told = asked(fake, begin(program))
    wanted = "http://testserver/credits/done?from=page&session_id={CHECKOUT_SESSION_ID}#top"
    assert told["success_url"] == wanted
    assert told["cancel_url"] == BODY["cancel_url"]
    told = asked(fake, begin(program, success_url="http://testserver/s/{CHECKOUT_SESSION_ID}"))
    assert urlsplit(told["success_url"]).query == "session_id={CHECKOUT_SESSION_ID}"


@pytest.mark.parametrize("name", ["success_url", "cancel_url"])
@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "https://testserver/",
        "http://testserver:8080/",
        "http://testserver.evil.example/",
        "http://testserver@evil.example/",
        "http://evil.example@testserver/",
        "http://evil.example\\@testserver/",
        "http://testserver\\.evil.example/",
        "http://testserver:x/",
        "http://[testserver/",
        "//testserver/",
        "/credits",
        "javascript:alert(1)//testserver",
        "http:testserver/",
        "http:///testserver/",
        "http://testserver /",
        "http://test\tserver/",  # of which Python makes http://testserver/
        "http://testserver\\/",
        "http://testserver/\u2025",
        "http://testserver\u2025evil.example/",
        " http://evil.example/",
        "",
    ],
)
def test_buyers_are_sent_nowhere_but_to_our_own_pages(
    fake: FakeStripe, program: APIClient, name: str, address: str
) -> None:
    answer = begin(program, **{name: address})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"#/{name}"]
    assert not CreditOrder.objects.exists()


def test_origins_whose_forms_are_taken_are_ours_too(
    fake: FakeStripe, program: APIClient, settings: Settings
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://app.pallet.example", "https://*.example"]
    assert begin(program, success_url="https://app.pallet.example:443/x").status_code == 201
    assert begin(program, success_url="https://other.example/x").status_code == 422


@pytest.mark.parametrize("package", ["gold", "", 5, None, ["starter"]])
def test_a_package_that_is_not_for_sale_is_refused(
    fake: FakeStripe, program: APIClient, package: object
) -> None:
    answer = begin(program, package=package)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")


def test_nobody_sets_a_price_of_their_own(fake: FakeStripe, program: APIClient) -> None:
    assert begin(program, amount=1).status_code == 422
    assert begin(program, credits=5000).status_code == 422


def test_a_key_that_may_only_read_buys_nothing(fake: FakeStripe, alice: User) -> None:
    reader = bearing(key_of(alice, scopes=["credits:read"])[1])
    assert begin(reader).json()["code"] == "scope_missing"


def test_a_buyer_is_made_known_to_stripe_once(fake: FakeStripe, alice: User, program: APIClient) -> None:
    first, second = asked(fake, begin(program)), asked(fake, begin(program))
    assert first["customer"] == second["customer"] == StripeCustomer.objects.get(user=alice).customer_id
    customer = fake.objects[first["customer"]]
    assert (customer["email"], customer["metadata"]["user"]) == (alice.email, str(alice.pk))
    assert fake.calls.count(("POST", "/v1/customers")) == 1


def test_a_buyer_whom_stripe_has_forgotten_is_made_known_again(fake: FakeStripe, program: APIClient) -> None:
    former = asked(fake, begin(program))["customer"]
    fake.objects[former]["deleted"] = True
    assert asked(fake, begin(program))["customer"] != former


def test_without_an_account_at_stripe_nothing_is_offered(
    fake: FakeStripe, program: APIClient, settings: Settings
) -> None:
    settings.STRIPE_SECRET_KEY = ""
    answer = begin(program)
    assert (answer.status_code, answer.json()["code"]) == (409, "checkout_not_offered")
    assert not CreditOrder.objects.exists()


def test_while_stripe_is_away_nothing_is_bought(fake: FakeStripe, program: APIClient) -> None:
    fake.is_down = True
    answer = begin(program)
    assert (answer.status_code, answer.json()["code"]) == (503, "payments_unavailable")
    assert CreditOrder.objects.get().status == "failed"


def test_an_answer_that_was_lost_makes_no_second_session(fake: FakeStripe, program: APIClient) -> None:
    begin(program)
    fake.loses = 1
    assert begin(program).status_code == 201
    assert fake.calls.count(("POST", SESSIONS)) == 3
    assert len(list(fake.all("checkout.session"))) == 2


def test_a_key_that_stripe_refuses_is_told_to_nobody(
    fake: FakeStripe, program: APIClient, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_" + "canary42" * 4
    answer = begin(program)
    assert answer.json()["code"] == "payments_unavailable"
    assert "canary42" not in answer.content.decode() + caplog.text


def test_nobody_fills_stripe_with_purchases(
    fake: FakeStripe, alice: User, program: APIClient, settings: Settings
) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"credits.checkout": {"email": "2/h"}}
    assert [begin(program).status_code for _ in range(3)] == [201, 201, 429]
    assert begin(bearing(key_of(a_user())[1])).status_code == 201


# --- the purchase ---


def test_the_success_page_grants_what_is_paid(fake: FakeStripe, alice: User, program: APIClient) -> None:
    session = bought(fake, alice)
    fake.pay(session)
    told = program.get(f"{PATH}/{session['id']}").json()["data"]
    assert (told["status"], told["credits"], balance(alice)) == ("paid", 100, 100)
    assert told["receipt_url"] == fake.charge_of(session)["receipt_url"]


def test_the_success_page_says_when_a_bank_has_still_to_pay(
    fake: FakeStripe, alice: User, program: APIClient
) -> None:
    session = bought(fake, alice)
    fake.pay_later(session)
    assert program.get(f"{PATH}/{session['id']}").json()["data"]["status"] == "pending"
    assert balance(alice) == 0


def test_the_address_alone_grants_nothing(fake: FakeStripe, alice: User, program: APIClient) -> None:
    session = bought(fake, alice)
    assert program.get(f"{PATH}/{session['id']}").json()["data"]["status"] == "pending"
    assert balance(alice) == 0


def test_what_is_paid_is_not_asked_for_again(fake: FakeStripe, alice: User, program: APIClient) -> None:
    session = bought(fake, alice)
    fake.pay(session)
    first = program.get(f"{PATH}/{session['id']}").json()["data"]
    fake.is_down = True
    assert program.get(f"{PATH}/{session['id']}").json()["data"] == first


def test_the_session_of_another_is_not_there(fake: FakeStripe, alice: User, program: APIClient) -> None:
    bob = a_user()
    session = bought(fake, bob)
    fake.pay(session)
    for name in (session["id"], "cs_test_nothing", "x" * 300):
        answer = program.get(f"{PATH}/{name}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert balance(bob) == 0


def test_while_stripe_is_away_the_success_page_says_so(
    fake: FakeStripe, alice: User, program: APIClient
) -> None:
    session = bought(fake, alice)
    fake.is_down = True
    answer = program.get(f"{PATH}/{session['id']}")
    assert (answer.status_code, answer.json()["code"]) == (503, "payments_unavailable")
