"""A charge that stands although its call was answered with a failure of ours is given back, once."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import a_user
from api import attempts
from api.ids import charge_key_of
from api.sealing import seal_of
from api.tests.factories import a_call, write
from credits.laws import breaches
from credits.services import charge, refund
from products.tasks import give_back_unanswered
from products.tests.factories import full, give, purse

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> User:
    """Someone with 10 credits."""
    user = a_user()
    give(user, 10)
    return user


def charged(user: User, **facts: Any) -> str:
    """The request id of a call that was charged 2 credits, whatever its caller was told."""
    told = {"status": 503, "outcome": "service_unavailable", "credits": "0"}
    [request_id] = write([a_call(user_id=user.pk, **{**told, **facts})])
    charge(user, 2, operation="product.lookup", key=charge_key_of(request_id))
    return request_id


@pytest.mark.parametrize("outcome", ["service_unavailable", "internal_error"])
def test_what_was_charged_for_a_failure_of_ours_is_given_back_once(alice: User, outcome: str) -> None:
    charged(alice, outcome=outcome)
    assert purse(alice)["balance"] == 8
    assert [give_back_unanswered() for _ in range(2)] == [1, 0]
    assert purse(alice) == full(10, charges=1)
    assert not list(breaches())


def test_what_was_answered_is_not_given_back(alice: User) -> None:
    charged(alice, status=200, outcome="ok", credits="2")
    charged(alice, status=404, outcome="product_not_found")
    assert give_back_unanswered() == 0
    assert purse(alice)["balance"] == 6


def test_a_failure_that_cost_nothing_gives_nothing_back(alice: User) -> None:
    write([a_call(user_id=alice.pk, status=503, outcome="service_unavailable", credits="0")])
    assert give_back_unanswered() == 0
    assert purse(alice) == full(10)


def test_a_call_that_may_be_sent_again_under_its_key_keeps_its_charge(alice: User) -> None:
    request_id = charged(alice)
    attempts.claim(seal_of(scope=("test",), body=b""), request_id)
    assert give_back_unanswered() == 0
    assert purse(alice)["balance"] == 8


def test_what_staff_has_refunded_and_what_is_long_past_are_left_alone(alice: User) -> None:
    refund(charge_key_of(charged(alice)), 1, key="by_hand")
    charged(alice, at=timezone.now() - timedelta(days=2))
    assert give_back_unanswered() == 0
    assert purse(alice)["balance"] == 7
