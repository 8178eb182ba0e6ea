"""dj-stripe's copies of Stripe's objects."""

from collections.abc import Iterator

import pytest
import stripe
from djstripe.models import APIKey, Charge, Customer, Event, PaymentIntent, Session
from pytest_django import Settings

from accounts.models import User
from billing import mirror, tasks
from billing.models import StripeInbox
from billing.tests.acts import balance, bought, deliver
from billing.tests.fake_state import Object
from billing.tests.fake_stripe import FakeStripe

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sdk_as_it_was() -> Iterator[None]:
    """No test sees how another let the SDK speak."""
    before = stripe.api_base, stripe.max_network_retries
    yield
    stripe.api_base, stripe.max_network_retries = before


@pytest.fixture
def session(fake: FakeStripe, alice: User) -> Object:
    """A purchase that is paid and granted, and of which dj-stripe has not heard."""
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session))
    return session


def feed_all() -> list[bool]:
    return [mirror.feed(row_id) for row_id in StripeInbox.objects.values_list("pk", flat=True)]


def test_a_payment_is_copied_and_belongs_to_its_user(fake: FakeStripe, alice: User, session: Object) -> None:
    assert feed_all() == [True, True]
    assert Session.objects.get().id == session["id"]
    assert PaymentIntent.objects.get().id == session["payment_intent"]
    assert Customer.objects.get(id=session["customer"]).subscriber == alice
    assert Event.objects.count() == 2
    assert not StripeInbox.objects.filter(mirrored_at=None).exists()


def test_a_refund_is_copied_with_its_charge(fake: FakeStripe, alice: User, session: Object) -> None:
    deliver(fake, *fake.refund(session, 300))
    assert all(feed_all())
    assert Charge.objects.get().stripe_data["amount_refunded"] == 300


def test_what_dj_stripe_cannot_take_in_is_noted_and_credits_stay(
    fake: FakeStripe, alice: User, session: Object
) -> None:
    fake.objects[session["customer"]]["discount"] = {"id": "di_1", "object": "discount", "coupon": None}
    assert feed_all() == [False, False]
    assert balance(alice) == 100
    assert all(StripeInbox.objects.values_list("mirror_error", flat=True))
    assert set(StripeInbox.objects.values_list("status", flat=True)) == {"done"}


def test_it_is_fed_after_the_grant_and_never_before(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    fake.pay(session)
    row = StripeInbox.objects.create(
        event_id="evt_x", type="checkout.session.completed", livemode=False, payload=fake.events[-1]
    )
    assert not mirror.feed(row.pk)
    assert not Event.objects.exists()


def test_the_sweep_feeds_what_no_message_fed(fake: FakeStripe, alice: User, session: Object) -> None:
    tasks.sweep_inbox()
    assert Event.objects.count() == 2


def test_it_is_tried_a_few_times_and_no_more(fake: FakeStripe, alice: User, session: Object) -> None:
    fake.is_down = True
    row = StripeInbox.objects.first()
    assert row is not None
    for _ in range(mirror.ATTEMPTS + 2):
        StripeInbox.objects.update(mirror_due_at=row.received_at)
        assert not mirror.feed(row.pk)
    row.refresh_from_db()
    assert row.mirror_attempts == mirror.ATTEMPTS


def test_the_key_is_in_no_table_but_dj_stripes_own(
    fake: FakeStripe, alice: User, session: Object, settings: Settings
) -> None:
    feed_all()
    assert [key.secret for key in APIKey.objects.all()] == [settings.STRIPE_SECRET_KEY]
    assert settings.STRIPE_SECRET_KEY not in str(list(StripeInbox.objects.values()))
