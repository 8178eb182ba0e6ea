"""GET payments: what an account has paid."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import a_user, bearing, key_of
from billing.tests.acts import bought, deliver
from billing.tests.fake_stripe import FakeStripe

pytestmark = pytest.mark.django_db
PATH = "/api/v1/payments"


@pytest.fixture
def program(alice: User) -> APIClient:
    """Alice's program."""
    return bearing(key_of(alice)[1])


def listed(client: APIClient, **query: Any) -> list[Any]:
    answer = client.get(PATH, query)
    assert answer.status_code == 200, answer.content
    found: list[Any] = answer.json()["data"]
    return found


def test_a_payment_is_listed_with_its_receipt(fake: FakeStripe, alice: User, program: APIClient) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session), *fake.refund(session, 300))
    (row,) = listed(program)
    assert row["receipt_url"] == fake.charge_of(session)["receipt_url"]
    assert (row["status"], row["amount_paid"], row["amount_refunded"]) == ("paid", 1000, 300)
    (granted,) = program.get("/api/v1/credits/history", {"kind": "grant"}).json()["data"]
    assert granted["reference"] == row["id"]


def test_pages_that_were_left_are_not_listed_and_what_cost_nothing_is(
    fake: FakeStripe, alice: User, program: APIClient
) -> None:
    left, free, late = bought(fake, alice), bought(fake, alice), bought(fake, alice)
    deliver(fake, *fake.expire(left), *fake.pay(free, discount=1000), *fake.pay_later(late))
    assert [row["session_id"] for row in listed(program)] == [late["id"], free["id"]]
    assert [row["session_id"] for row in listed(program, status="pending")] == [late["id"]]


def test_pages_are_newest_first_and_together_the_whole(
    fake: FakeStripe, alice: User, program: APIClient
) -> None:
    sessions = [bought(fake, alice) for _ in range(3)]
    for session in sessions:
        deliver(fake, *fake.pay(session)[-1:])
    first = program.get(PATH, {"limit": 2}).json()
    second = program.get(PATH, {"limit": 2, "after": first["next"]}).json()
    told = [row["session_id"] for row in [*first["data"], *second["data"]]]
    assert told == [session["id"] for session in reversed(sessions)]


def test_the_payments_of_others_are_theirs(fake: FakeStripe, alice: User) -> None:
    deliver(fake, *fake.pay(bought(fake, alice)))
    assert listed(bearing(key_of(a_user())[1])) == []


@pytest.mark.parametrize("query", [{"status": "x"}, {"amount": "1"}, {"limit": "0"}])
def test_a_query_that_makes_no_sense_is_refused(program: APIClient, query: dict[str, str]) -> None:
    assert program.get(PATH, query).status_code == 422


def test_many_payments_cost_as_many_queries_as_one(
    fake: FakeStripe, alice: User, program: APIClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(4):
        deliver(fake, *fake.pay(bought(fake, alice))[-1:])
    listed(program)
    with django_assert_num_queries(1):
        assert len(listed(program)) == 4
