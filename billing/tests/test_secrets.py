"""No secret of Stripe's is in a log or in a table of ours, whatever fails on the way."""

import logging

import pytest

from accounts.models import User
from accounts.tests.factories import bearing, key_of, logged_in
from billing import tasks
from billing.models import AutoTopUp, CreditOrder, PaymentMail, StripeCustomer, StripeInbox
from billing.tests.acts import bought, deliver, post, topping_up
from billing.tests.fake_stripe import KEY, SECRET, FakeStripe

pytestmark = pytest.mark.django_db


def busy(fake: FakeStripe, user: User) -> None:
    """All that can go well and wrong: a purchase, a top-up, the mirror, a forger, Stripe away, its list."""
    session = bought(fake, user)
    deliver(fake, *fake.pay(session), *fake.refund(session, 300))
    post(*fake.signed(fake.events[-1], secret="whsec_forged"))
    topping_up(fake, user, behaves="card_declined", threshold=200)
    assert tasks.top_up(str(user.pk))
    topping_up(fake, user, threshold=200)
    tasks.sweep_inbox()
    tasks.reconcile()
    fake.is_down = True
    assert tasks.top_up(str(user.pk))
    deliver(fake, *fake.dispute(session))
    program = bearing(key_of(user)[1])
    program.get(f"/api/v1/credits/checkout-session/{session['id']}")
    body = {"package": "starter", "success_url": "http://testserver/", "cancel_url": "http://testserver/"}
    assert program.post("/api/v1/credits/checkout-session", body, format="json").status_code == 503


def test_no_log_tells_the_key_or_a_signing_secret(
    fake: FakeStripe, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="stripe")
    busy(fake, alice)
    assert "Stripe made no session" in caplog.text
    assert [secret for secret in (KEY, KEY[8:], SECRET, SECRET[6:]) if secret in caplog.text] == []


def test_no_table_of_ours_keeps_the_key_or_a_signing_secret(fake: FakeStripe, alice: User) -> None:
    busy(fake, alice)
    models = (AutoTopUp, CreditOrder, PaymentMail, StripeCustomer, StripeInbox)
    tables = [list(model.objects.values()) for model in models]
    assert all(tables)
    assert not any(KEY in str(table) or SECRET in str(table) for table in tables)


def test_the_address_of_the_portal_is_told_to_the_caller_alone(
    fake: FakeStripe, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    browser = bearing(logged_in(alice).access_token)
    answer = browser.post(
        "/api/v1/credits/portal-session", {"return_url": "http://testserver/"}, format="json"
    )
    address = answer.json()["portal_url"]
    assert "credits/portal-session" in caplog.text
    assert address not in caplog.text
    assert answer.headers["Cache-Control"] == "private, no-store"
