"""What the database refuses, whoever writes."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from billing.models import CreditOrder, StripeInbox
from billing.settling import pay_out
from billing.tests.acts import balance
from credits.errors import DuplicateEntry
from credits.services import grant

pytestmark = pytest.mark.django_db


def an_order(user: User | None, **facts: Any) -> CreditOrder:
    usual = {"package": "starter", "credits": 100, "amount": 1000, "currency": "USD", "livemode": False}
    return CreditOrder.objects.create(user=user, **(usual | facts))


@pytest.mark.parametrize("column", ["session_id", "payment_intent_id", "charge_id"])
def test_one_payment_pays_one_order(alice: User, column: str) -> None:
    an_order(alice, **{column: "x"})
    with pytest.raises(IntegrityError), transaction.atomic():
        an_order(alice, **{column: "x"})
    assert an_order(alice) != an_order(alice)


def test_what_an_order_has_granted_cannot_be_granted_again(alice: User) -> None:
    order = an_order(alice)
    pay_out(order, {})
    with pytest.raises(DuplicateEntry):
        grant(alice, 100, operation="pack", key=order.key)
    pay_out(order, {})
    assert balance(alice) == 100


@pytest.mark.parametrize(
    "facts",
    [
        {"credits": 0},
        {"amount": -1},
        {"status": "paid"},
        {"status": "pending", "paid_at": timezone.now()},
        {"refunded_credits": 1},
        {"status": "paid", "paid_at": timezone.now(), "refunded_credits": 60, "disputed_credits": 41},
        {"status": "paid", "paid_at": timezone.now(), "refunded_credits": -1},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(alice: User, facts: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        an_order(alice, **facts)


def test_an_account_has_one_open_top_up(alice: User) -> None:
    first = an_order(alice, kind="auto_topup")
    with pytest.raises(IntegrityError), transaction.atomic():
        an_order(alice, kind="auto_topup")
    first.status = "failed"
    first.save()
    assert an_order(alice, kind="auto_topup").status == "pending"


def test_an_event_is_kept_once() -> None:
    facts: dict[str, Any] = {"event_id": uuid.uuid4().hex, "type": "x", "livemode": False, "payload": {}}
    StripeInbox.objects.create(**facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        StripeInbox.objects.create(**facts)
