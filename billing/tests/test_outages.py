"""Stripe away, the queue away, a worker that dies: what is paid is granted all the same."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from billing import tasks
from billing.errors import PaymentsUnavailable
from billing.inbox import GIVE_UP_AFTER, LEASE, claim, replay, work
from billing.models import CreditOrder, StripeInbox
from billing.tests.acts import balance, bought, order_of, post
from billing.tests.fake_state import Object
from billing.tests.fake_stripe import FakeStripe

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(fake: FakeStripe, alice: User) -> Object:
    """A purchase of Alice's."""
    return bought(fake, alice)


def tell(fake: FakeStripe, event: Object) -> StripeInbox:
    """Deliver an event; nobody works it yet."""
    answer: Any = post(*fake.signed(event))
    assert answer.status_code == 200
    return StripeInbox.objects.get(event_id=event["id"])


def test_while_stripe_is_away_events_are_acknowledged_and_worked_when_it_is_back(
    fake: FakeStripe, alice: User, session: Object
) -> None:
    row = tell(fake, fake.pay(session)[-1])
    fake.is_down = True
    began = timezone.now()
    for minute in range(10):
        with time_machine.travel(began + timedelta(minutes=minute), tick=False):
            tasks.sweep_inbox()
    row.refresh_from_db()
    assert (row.status, balance(alice)) == ("waiting", 0)
    assert row.attempts > 3
    assert row.error.startswith("APIConnectionError")
    fake.is_down = False
    with time_machine.travel(began + timedelta(minutes=15), tick=False):
        assert tasks.sweep_inbox() == 1
    assert balance(alice) == 100


@pytest.fixture
def no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks are to be sent to where nobody listens."""
    app = tasks.work_event.app
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(app, "_pool", None)
    monkeypatch.setattr(app.amqp, "_producer_pool", None)


@pytest.mark.usefixtures("no_queue")
def test_without_a_queue_the_sweep_grants(
    fake: FakeStripe, alice: User, session: Object, caplog: pytest.LogCaptureFixture
) -> None:
    row = tell(fake, fake.pay(session)[-1])
    assert row.status == "waiting"
    assert f"no queue for event {row.pk}" in caplog.text
    assert tasks.sweep_inbox() == 1
    assert balance(alice) == 100


def test_a_worker_that_died_is_followed_by_another(fake: FakeStripe, alice: User, session: Object) -> None:
    row = tell(fake, fake.pay(session)[-1])
    assert claim(row.pk, timezone.now())
    assert not work(row.pk)
    with time_machine.travel(timezone.now() + LEASE, tick=False):
        assert work(row.pk)
    assert balance(alice) == 100


def test_what_fails_for_days_is_left_to_a_person(
    fake: FakeStripe, alice: User, session: Object, caplog: pytest.LogCaptureFixture
) -> None:
    row = tell(fake, fake.pay(session)[-1])
    fake.is_down = True
    with time_machine.travel(timezone.now() + GIVE_UP_AFTER + timedelta(seconds=1), tick=False):
        assert not work(row.pk)
    assert list(StripeInbox.objects.needing_attention()) == [row]
    assert [record.levelname for record in caplog.records if "failed" in record.message] == ["ERROR"]
    fake.is_down = False
    replay(row)
    assert work(row.pk)
    assert balance(alice) == 100


@pytest.mark.parametrize("kind", ["payment_intent.succeeded", "charge.refunded", "charge.dispute.created"])
def test_what_belongs_to_no_order_is_shown_to_a_person_and_not_tried_for_ever(
    fake: FakeStripe, alice: User, session: Object, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    fake.pay(session)
    charge = fake.charge_of(session)
    fake.objects[session["payment_intent"]]["metadata"] = charge["metadata"] = {}
    CreditOrder.objects.all().delete()
    about = fake.objects[session["payment_intent"]] if kind.startswith("payment") else charge
    row = tell(fake, fake.tell(kind, about))
    assert work(row.pk)
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("unmatched", 1)
    assert "needs attention" in caplog.text


def test_an_order_whose_session_we_never_heard_of_is_found_by_its_payment(
    fake: FakeStripe, alice: User, session: Object
) -> None:
    CreditOrder.objects.update(session_id=None)
    row = tell(fake, fake.pay(session)[2])
    assert row.type == "payment_intent.succeeded"
    assert work(row.pk)
    assert (balance(alice), order_of(session).session_id) == (100, session["id"])


def test_a_payment_is_known_by_its_order_even_when_only_the_charge_is_told(
    fake: FakeStripe, alice: User, session: Object
) -> None:
    fake.pay(session)
    fake.charge_of(session)["metadata"] = {}
    assert work(tell(fake, fake.refund(session, 300)[1]).pk)
    assert balance(alice) == 70


def test_what_is_worked_twice_is_done_once(fake: FakeStripe, alice: User, session: Object) -> None:
    row = tell(fake, fake.pay(session)[-1])
    assert work(row.pk)
    replay(row)
    assert work(row.pk)
    assert balance(alice) == 100


def test_a_customer_that_stripe_deletes_is_forgotten(fake: FakeStripe, alice: User, session: Object) -> None:
    row = tell(fake, fake.tell("customer.deleted", fake.objects[session["customer"]]))
    assert work(row.pk)
    assert not hasattr(User.objects.get(pk=alice.pk), "stripe_customer")


def test_events_are_forgotten_in_time_but_not_those_that_need_a_person(
    fake: FakeStripe, alice: User, session: Object, settings: Settings
) -> None:
    rows = [tell(fake, event) for event in fake.pay(session)[2:]]
    StripeInbox.objects.filter(pk=rows[0].pk).update(status="refused")
    assert work(rows[1].pk)
    assert tasks.forget_old_events() == 0
    with time_machine.travel(timezone.now() + timedelta(days=settings.STRIPE_EVENT_DAYS + 1), tick=False):
        assert tasks.forget_old_events() == 1
    assert StripeInbox.objects.get() == rows[0]


def test_a_buyer_whose_address_changes_while_no_answer_comes_can_still_buy(
    fake: FakeStripe, alice: User
) -> None:
    fake.loses = 2
    with pytest.raises(PaymentsUnavailable):
        bought(fake, alice)
    alice.email = "new@example.com"
    alice.save()
    assert bought(fake, alice)


def test_dj_stripes_copies_of_events_are_forgotten_in_time(
    fake: FakeStripe, session: Object, settings: Settings, sdk_as_it_was: None
) -> None:
    row = tell(fake, fake.pay(session)[-1])
    assert work(row.pk)
    assert tasks.mirror_event(row.pk)
    assert tasks.forget_old_mirrored_events() == 0
    with time_machine.travel(timezone.now() + timedelta(days=settings.STRIPE_EVENT_DAYS + 1), tick=False):
        assert tasks.forget_old_mirrored_events() == 1
