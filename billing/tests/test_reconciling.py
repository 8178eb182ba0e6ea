"""Once an hour: what no event told is found in Stripe's own lists."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from billing import tasks
from billing.reconciling import differs, matched, movements, sessions
from billing.tests.acts import balance, bought, deliver, order_of
from billing.tests.fake_stripe import FakeStripe

pytestmark = pytest.mark.django_db


def test_a_payment_that_no_event_told_is_granted(fake: FakeStripe, alice: User) -> None:
    fake.pay(bought(fake, alice))
    assert tasks.reconcile() == 1
    assert balance(alice) == 100


def test_a_payment_whose_session_we_never_heard_of_is_granted(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    order = order_of(session)
    order.session_id = None
    order.save()
    fake.pay(session)
    tasks.reconcile()
    assert balance(alice) == 100


def test_refunds_and_disputes_that_no_event_told_are_followed(fake: FakeStripe, alice: User) -> None:
    refunded, disputed = bought(fake, alice), bought(fake, alice)
    deliver(fake, *fake.pay(refunded), *fake.pay(disputed))
    fake.refund(refunded, 300)
    fake.dispute(disputed)
    tasks.reconcile()
    assert balance(alice) == 70


def test_old_charges_are_found_by_what_happens_to_them_now(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session))
    session["created"] -= 90 * 86400
    fake.refund(session, 300)
    tasks.reconcile()
    assert balance(alice) == 70


def test_a_dispute_that_was_opened_long_ago_is_followed_to_its_end(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session), *fake.dispute(session))
    for one in fake.objects.values():
        one["created"] -= 90 * 86400
    fake.close_dispute(session, "won")
    tasks.reconcile()
    assert balance(alice) == 100


def test_sessions_that_expired_are_noted(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    fake.expire(session)
    tasks.reconcile()
    assert order_of(session).status == "expired"


def test_what_is_known_already_is_not_read_again(fake: FakeStripe, alice: User) -> None:
    sold, open_still = bought(fake, alice), bought(fake, alice)
    deliver(fake, *fake.pay(sold))
    fake.calls.clear()
    assert tasks.reconcile() == 0
    assert [path for _, path in fake.calls] == ["/v1/checkout/sessions", "/v1/refunds", "/v1/disputes"]
    assert order_of(open_still).status == "pending"


def test_other_business_of_the_same_account_is_left_alone(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    fake.pay(session)
    order_of(session).delete()
    assert tasks.reconcile() == 0


def test_one_order_that_cannot_be_settled_does_not_hold_up_the_others(
    fake: FakeStripe, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = bought(fake, alice), bought(fake, alice)
    fake.pay(first)
    fake.pay(second)
    order = order_of(first)
    order.livemode = True
    order.save()
    assert tasks.reconcile() == 1
    assert balance(alice) == 100
    assert "could not be reconciled" in caplog.text


def test_lists_of_many_pages_are_read_to_their_end(fake: FakeStripe, alice: User) -> None:
    for _ in range(105):
        fake.create_session(
            {
                "mode": "payment",
                "success_url": "x",
                "line_items": [{"quantity": "1", "price_data": {"unit_amount": "1", "currency": "usd"}}],
            }
        )
    assert len(list(sessions({"gte": 0}))) == 105
    assert list(movements({"gte": 0})) == []


def test_a_page_costs_one_query_however_many_orders(fake: FakeStripe, alice: User) -> None:
    for _ in range(5):
        fake.pay(bought(fake, alice))
    page = list(sessions({"gte": 0}))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert all(differs(order, session) for order, session in matched(page))
    assert len(queries) == 1


def test_without_an_account_at_stripe_nothing_is_asked(fake: FakeStripe, settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY = ""
    assert tasks.reconcile() == 0
    assert fake.calls == []
