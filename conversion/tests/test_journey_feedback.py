"""A code is converted, called wrong, and converted again."""

from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import a_user, person
from conversion.models import Feedback
from conversion.tests.factories import ASIN, CODE, OTHER_ASIN
from conversion.tests.stand_ins import finder
from credits.services import grant
from credits.tests.factories import assert_sound, figures

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_upstream(settings: Settings) -> None:
    """The one upstream knows the code, and is wrong."""
    settings.PROVIDERS = [finder({CODE: ASIN})]


def converted(program: APIClient) -> Any:
    """The answer to what the code means."""
    return program.post("/api/v1/conversion/fnsku-to-asin", {"fnsku": CODE}, format="json").json()


def told(program: APIClient, answer: Any, **body: Any) -> Any:
    """What comes of saying this of an answer."""
    where = f"/api/v1/conversion/{answer['data']['id']}/feedback"
    return program.post(where, body, format="json").json()["data"]


def test_a_wrong_answer_costs_nothing_and_the_right_one_is_known(alice: User, as_alice: APIClient) -> None:
    first = converted(as_alice)
    assert (first["credits_used"], first["data"]["asin"]) == (2, ASIN)
    assert told(as_alice, first, correct=False, asin=OTHER_ASIN)["refunded"] == 2
    again = converted(as_alice)
    assert (again["credits_used"], again["data"]["asin"], again["data"]["is_own"]) == (0, OTHER_ASIN, True)
    assert figures(alice)[0] == 100
    assert_sound()


def test_a_right_answer_is_free_from_then_on(alice: User, as_alice: APIClient) -> None:
    told(as_alice, converted(as_alice), correct=True)
    again = converted(as_alice)
    assert (again["credits_used"], again["data"]["is_own"]) == (0, True)
    assert figures(alice)[0] == 98


def test_what_one_account_says_changes_nothing_for_another(as_alice: APIClient) -> None:
    told(as_alice, converted(as_alice), correct=False, asin=OTHER_ASIN)
    carol = a_user()
    grant(carol, 10, operation="test", key="test:carol")
    answer = converted(person(carol))
    assert (answer["credits_used"], answer["data"]["asin"]) == (2, ASIN)
    assert [one["source"] for one in answer["data"]["evidence"]] == ["finder"]


def test_a_repeat_that_was_free_refunds_nothing(alice: User, as_alice: APIClient) -> None:
    paid, repeat = converted(as_alice), converted(as_alice)
    assert told(as_alice, repeat, correct=False)["refund"] == "none"
    assert told(as_alice, paid, correct=False)["refunded"] == 2
    assert figures(alice)[0] == 100
    assert Feedback.objects.count() == 2
