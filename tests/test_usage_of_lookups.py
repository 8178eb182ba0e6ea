"""What the log of calls says of calls that cost credits."""

from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.tests.factories import a_user, bearing, key_of
from api import usage
from api.models import APICall, UsageDay
from products.tests.factories import give, sample

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/products/asin"
ASIN = {"asin": "B07ZPKCJ6X"}


@pytest.fixture
def program(settings: Settings) -> APIClient:
    """The program of someone with two credits."""
    settings.PROVIDERS = [sample()]
    user = a_user()
    give(user, 2)
    return bearing(key_of(user)[1])


def recorded(*facts: str) -> list[Any]:
    """These facts of every call, the oldest first."""
    usage.flush()
    return list(APICall.objects.order_by("id").values_list(*facts))


def test_what_was_charged_is_recorded_and_what_was_refused_cost_nothing(program: APIClient) -> None:
    for _ in range(3):
        program.post(URL, ASIN, format="json")
    told = recorded("status", "outcome", "credits")
    assert told == [(200, "ok", 1), (200, "ok", 1), (402, "insufficient_credits", 0)]
    assert sum(day.credits for day in UsageDay.objects.all()) == 2


def test_a_replay_is_the_same_operation_of_the_same_caller_and_free(program: APIClient) -> None:
    for _ in range(2):
        program.post(URL, ASIN, format="json", headers={"Idempotency-Key": "once"})
    first, second = recorded("user_id", "key_id", "operation", "status", "outcome", "credits")
    assert first[4:] == ("ok", 1)
    assert second == (*first[:4], "replayed", 0)
    assert None not in first
