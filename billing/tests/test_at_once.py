"""The same purchase told twenty times in one moment, and from all sides: granted once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import User
from billing import settling
from billing.inbox import work
from billing.models import CreditOrder, StripeCustomer, StripeInbox
from billing.reading import Hints, read
from billing.services import fulfil
from billing.settling import converge, settle
from billing.tests.acts import balance, bought, deliver, entries, order_of, post, work_all
from billing.tests.fake_state import Object
from billing.tests.fake_stripe import FakeStripe
from credits.tests.factories import assert_sound, at_once, until

pytestmark = pytest.mark.django_db(transaction=True)
GRANTED_ONCE = [("grant", "pack", 100)]


@pytest.fixture
def session(fake: FakeStripe, alice: User) -> Object:
    """A purchase of Alice's."""
    return bought(fake, alice)


def sending(fake: FakeStripe, event: Object) -> Callable[[], Any]:
    return lambda: post(*fake.signed(event)).status_code


def working(row: StripeInbox) -> Callable[[], Any]:
    return lambda: work(row.pk)


def settling_apart(order: CreditOrder) -> threading.Thread:
    """A thread that will settle an order."""

    def run() -> None:
        settle(order.pk, Hints())
        connection.close()

    return threading.Thread(target=run)


def test_twenty_deliveries_of_one_event_are_one_row_and_one_grant(
    fake: FakeStripe, alice: User, session: Object
) -> None:
    event = fake.pay(session)[-1]
    assert at_once(*[sending(fake, event)] * 20) == [200] * 20
    assert StripeInbox.objects.count() == 1
    work_all()
    assert entries(alice) == GRANTED_ONCE


def test_an_event_is_acknowledged_without_a_word_to_stripe(
    fake: FakeStripe, alice: User, session: Object
) -> None:
    event = fake.pay(session)[-1]
    fake.calls.clear()
    fake.latency = 20
    assert at_once(*[sending(fake, event)] * 20) == [200] * 20
    assert fake.calls == []


def test_twenty_workers_at_one_event_grant_once(fake: FakeStripe, alice: User, session: Object) -> None:
    post(*fake.signed(fake.pay(session)[-1]))
    row = StripeInbox.objects.get()
    done = at_once(*[working(row)] * 20)
    assert sorted(done) == [False] * 19 + [True]
    assert entries(alice) == GRANTED_ONCE
    assert_sound()


def test_twenty_events_about_one_purchase_grant_once(fake: FakeStripe, alice: User, session: Object) -> None:
    fake.pay(session)
    events = [fake.tell("checkout.session.completed", session) for _ in range(20)]
    assert at_once(*[sending(fake, event) for event in events]) == [200] * 20
    at_once(*[working(row) for row in StripeInbox.objects.all()])
    work_all()
    assert entries(alice) == GRANTED_ONCE
    assert set(StripeInbox.objects.values_list("status", flat=True)) == {"done"}
    assert_sound()


def test_three_kinds_of_events_and_the_success_page_at_once_grant_once(
    fake: FakeStripe, alice: User, session: Object
) -> None:
    fake.pay_later(session)
    events = [*fake.succeed_later(session)[1:], fake.tell("checkout.session.completed", session)]
    for event in events:
        post(*fake.signed(event))
    rows = [working(row) for row in StripeInbox.objects.all()]
    pages = [lambda: fulfil(session["id"], user=alice).status] * 5
    assert at_once(*rows, *pages)[3:] == ["paid"] * 5
    work_all()
    assert entries(alice) == GRANTED_ONCE
    assert_sound()


def test_what_was_read_before_a_change_is_not_built_upon(
    fake: FakeStripe, alice: User, session: Object
) -> None:
    deliver(fake, *fake.pay(session))
    seen = order_of(session)
    before = read(seen, Hints())
    deliver(fake, *fake.refund(session, 300))
    assert converge(seen, before) is None
    assert balance(alice) == 70


def test_a_worker_that_read_too_early_reads_again(
    fake: FakeStripe, alice: User, session: Object, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(fake, *fake.pay(session))
    has_read, may_go_on = threading.Event(), threading.Event()

    def slowly(order: CreditOrder, hints: Hints) -> Any:
        facts = read(order, hints)
        if threading.current_thread() is slow:
            has_read.set()
            may_go_on.wait(20)
        return facts

    monkeypatch.setattr(settling, "read", slowly)
    slow = settling_apart(order_of(session))
    slow.start()
    assert has_read.wait(20)
    deliver(fake, *fake.refund(session, 300))
    may_go_on.set()
    slow.join()
    assert (balance(alice), order_of(session).refunded_credits) == (70, 30)


def test_two_purchases_of_a_new_buyer_at_once_make_one_customer(fake: FakeStripe, alice: User) -> None:
    sessions = at_once(*[lambda: bought(fake, alice)] * 4)
    assert len({session["customer"] for session in sessions}) == 1
    assert StripeCustomer.objects.count() == 1
    assert len(list(fake.all("customer"))) == 1


def test_refunds_and_disputes_worked_at_once_take_each_part_once(
    fake: FakeStripe, alice: User, session: Object
) -> None:
    fake.pay(session)
    fake.refund(session, 100)
    fake.refund(session, 200)
    fake.dispute(session, 400)
    for event in fake.events:
        post(*fake.signed(event))
    at_once(*[working(row) for row in StripeInbox.objects.all()])
    work_all()
    assert balance(alice) == 30
    assert_sound()


def test_while_stripe_answers_nothing_in_the_database_is_locked(
    fake: FakeStripe, alice: User, session: Object
) -> None:
    fake.pay(session)
    seen, fake.latency = len(fake.calls), 20
    order = order_of(session)
    slow = settling_apart(order)
    slow.start()
    until(lambda: len(fake.calls) > seen)
    with transaction.atomic():
        assert CreditOrder.objects.select_for_update(nowait=True).get(pk=order.pk) == order
    fake.over.set()
    slow.join()
    assert balance(alice) == 100
