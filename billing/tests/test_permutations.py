"""Every order in which a purchase's events can come, each twice and the first once more: the same end."""

from collections.abc import Callable
from itertools import permutations

import pytest
from django.db import transaction

from accounts.models import User
from billing.services import top_up
from billing.tests.acts import balance, bought, deliver, intents, order_of, topping_up
from billing.tests.fake_state import Object
from billing.tests.fake_stripe import FakeStripe

pytestmark = pytest.mark.django_db
Story = Callable[[FakeStripe, Object], list[list[Object]]]


def a_sale(fake: FakeStripe, session: Object) -> list[list[Object]]:
    return [fake.pay(session)]


def a_sale_and_two_refunds(fake: FakeStripe, session: Object) -> list[list[Object]]:
    paid = fake.pay(session)
    return [paid[2:], fake.refund(session, 300)[1:], fake.refund(session, 200)[1:]]


def a_sale_and_a_refund_of_all(fake: FakeStripe, session: Object) -> list[list[Object]]:
    return [fake.pay(session)[2:], fake.refund(session, 1000)[1:]]


def a_refund_that_failed(fake: FakeStripe, session: Object) -> list[list[Object]]:
    paid, back = fake.pay(session), fake.refund(session, 400)
    return [paid[3:], back[1:], fake.fail_refund(session)[:1]]


def a_bank_that_paid(fake: FakeStripe, session: Object) -> list[list[Object]]:
    return [fake.pay_later(session)[1:], fake.succeed_later(session)[1:]]


def a_bank_that_did_not(fake: FakeStripe, session: Object) -> list[list[Object]]:
    return [fake.pay_later(session)[1:], fake.fail_later(session)]


def a_dispute_won(fake: FakeStripe, session: Object) -> list[list[Object]]:
    return [fake.pay(session)[3:], fake.dispute(session)[:1], fake.close_dispute(session, "won")[:1]]


def a_dispute_lost(fake: FakeStripe, session: Object) -> list[list[Object]]:
    return [fake.pay(session)[3:], fake.dispute(session)[:1], fake.close_dispute(session, "lost")]


def declined_then_paid(fake: FakeStripe, session: Object) -> list[list[Object]]:
    return [fake.decline(session), fake.pay(session)[2:]]


STORIES: dict[Story, tuple[int, str]] = {
    a_sale: (100, "paid"),
    a_sale_and_two_refunds: (50, "paid"),
    a_sale_and_a_refund_of_all: (0, "refunded"),
    a_refund_that_failed: (100, "paid"),
    a_bank_that_paid: (100, "paid"),
    a_bank_that_did_not: (0, "failed"),
    a_dispute_won: (100, "paid"),
    a_dispute_lost: (0, "disputed"),
    declined_then_paid: (100, "paid"),
}


@pytest.mark.parametrize("story", STORIES)
def test_the_order_of_events_and_how_often_they_come_change_nothing(
    fake: FakeStripe, alice: User, story: Story
) -> None:
    session = bought(fake, alice)
    events = [event for act in story(fake, session) for event in act]
    ends = set()
    for order in permutations(events):
        with transaction.atomic():
            deliver(fake, *(event for one in order for event in (one, one)), order[0])
            ends.add((balance(alice), order_of(session).status))
            transaction.set_rollback(True)
    assert ends == {STORIES[story]}


def test_each_event_worked_between_two_acts_ends_the_same(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    acts: list[tuple[Callable[[], list[Object]], int]] = [
        (lambda: fake.pay(session), 100),
        (lambda: fake.refund(session, 300), 70),
        (lambda: fake.dispute(session, 500), 20),
        (lambda: fake.close_dispute(session, "won"), 70),
        (lambda: fake.fail_refund(session), 100),
        (lambda: fake.refund(session, 1000), 0),
    ]
    for act, left in acts:
        deliver(fake, *act())
        assert balance(alice) == left


def test_the_order_of_the_events_of_a_top_up_changes_nothing_either(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice)
    fake.loses = 2  # no answer came: events alone tell of it
    order = top_up(alice.pk)
    assert order
    payment = {"payment_intent": intents(fake)[0]["id"]}
    paid = [event for event in fake.events if event["type"] == "payment_intent.succeeded"]
    events = [
        *paid,
        *fake.refund(payment, 900)[1:],
        *fake.dispute(payment, 1800)[:1],
        *fake.close_dispute(payment, "lost"),
    ]
    ends = set()
    for sequence in permutations(events):
        with transaction.atomic():
            deliver(fake, *(event for one in sequence for event in (one, one)), sequence[0])
            order.refresh_from_db()
            ends.add((balance(alice), order.status))
            transaction.set_rollback(True)
    assert ends == {(200, "disputed")}
