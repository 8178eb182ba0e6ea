"""No secret of Stripe's is in a log or in a table of ours, whatever fails on the way."""

import logging

import pytest

from accounts.models import User
from accounts.tests.factories import bearing, key_of
from billing import tasks
from billing.models import CreditOrder, PaymentMail, StripeCustomer, StripeInbox
from billing.tests.acts import bought, deliver, post
from billing.tests.fake_stripe import KEY, SECRET, FakeStripe

pytestmark = pytest.mark.django_db


def busy(fake: FakeStripe, user: User) -> None:
    """All that can go well and wrong: a purchase, the mirror, a forger, Stripe away, its list."""
    session = bought(fake, user)
    deliver(fake, *fake.pay(session), *fake.refund(session, 300))
    post(*fake.signed(fake.events[-1], secret="whsec_forged"))
    tasks.sweep_inbox()
    tasks.reconcile()
    fake.is_down = True
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
    models = (CreditOrder, PaymentMail, StripeCustomer, StripeInbox)
    tables = [list(model.objects.values()) for model in models]
    assert all(tables)
    assert not any(KEY in str(table) or SECRET in str(table) for table in tables)
