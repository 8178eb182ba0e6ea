"""Twenty triggers of one top-up in the same moment: one order, one charge, one grant."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from billing.models import CreditOrder
from billing.reading import Hints
from billing.services import resume, top_up
from billing.settling import settle
from billing.tests.acts import entries, intents, post, top_ups, topping_up, work_all
from billing.tests.fake_stripe import FakeStripe
from credits.tests.factories import assert_sound, at_once

pytestmark = pytest.mark.django_db(transaction=True)
GRANTED_ONCE = [("grant", "pack", 500)]


def triggering(user: User) -> Callable[[], Any]:
    return lambda: top_up(user.pk)


def test_twenty_triggers_are_one_charge_and_one_grant(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice)
    fake.latency = 0.1
    orders = at_once(*[triggering(alice)] * 20)
    assert len([order for order in orders if order]) == 1
    assert (len(top_ups(alice)), len(intents(fake)), entries(alice)) == (1, 1, GRANTED_ONCE)
    assert_sound()


def test_triggers_events_and_whoever_finds_out_all_at_once_are_one_grant(
    fake: FakeStripe, alice: User
) -> None:
    topping_up(fake, alice)
    fake.loses = 2
    order = top_up(alice.pk)
    assert order
    [succeeded] = [event for event in fake.events if event["type"] == "payment_intent.succeeded"]
    at_once(
        *[triggering(alice)] * 5,
        *[lambda: resume(order.pk)] * 5,
        *[lambda: settle(order.pk, Hints(intent=intents(fake)[0]["id"]))] * 5,
        *[lambda: post(*fake.signed(succeeded)).status_code] * 5,
    )
    work_all()
    assert (len(top_ups(alice)), len(intents(fake)), entries(alice)) == (1, 1, GRANTED_ONCE)
    assert_sound()


def test_an_attempt_begun_again_while_the_first_is_under_way_is_the_same_payment(
    fake: FakeStripe, alice: User
) -> None:
    topping_up(fake, alice)
    fake.is_down = True
    order = top_up(alice.pk)
    assert order
    fake.is_down, fake.latency = False, 0.1
    at_once(*[lambda: resume(order.pk)] * 10)
    assert (len(intents(fake)), entries(alice)) == (1, GRANTED_ONCE)
    assert CreditOrder.objects.get(pk=order.pk).status == "paid"
