"""Twenty triggers of one top-up in the same moment: one order, one charge, one grant."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from billing import tasks
from billing.client import transport
from billing.errors import Unmatched
from billing.reading import Hints, order_of
from billing.services import resume, top_up
from billing.settling import settle
from billing.tests.acts import entries, intents, post, top_ups, topping_up, work_all
from billing.tests.fake_stripe import FakeStripe
from credits.tests.factories import assert_sound, at_once, until

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


def test_no_database_connection_is_kept_while_stripe_charges(
    fake: FakeStripe, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    topping_up(fake, alice)
    carrier, kept = transport(), []

    def request(method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        if connection.connection is not None:
            kept.append((method, url))
        return asked(method, url, *args, **kwargs)

    asked = carrier.request
    monkeypatch.setattr(carrier, "request", request)
    top_up(alice.pk)
    tasks.reconcile()
    with pytest.raises(Unmatched):
        order_of(Hints(intent=fake.add("payment_intent", "pi", amount=1, currency="usd")["id"]))
    assert kept == []


def test_an_order_is_not_given_up_while_its_call_is_on_its_way(fake: FakeStripe, alice: User) -> None:
    def topping() -> None:
        top_up(alice.pk)
        connection.close()

    topping_up(fake, alice)
    fake.latency = 1.0
    worker = threading.Thread(target=topping)
    worker.start()
    until(lambda: ("POST", "/v1/payment_intents") in fake.calls)
    fake.latency = 0.0
    [order] = top_ups(alice)
    assert resume(order.pk).status == "pending"
    worker.join()
    assert (len(intents(fake)), entries(alice)) == (1, GRANTED_ONCE)
