"""How payments stand, as whoever paid reads it in GET payments."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from accounts.scopes import SCOPES
from accounts.tests.factories import a_user, bearing, key_of, logged_in
from billing.models import CreditOrder
from billing.tests.acts import bought, deliver, order_of
from billing.tests.fake_stripe import FakeStripe

pytestmark = pytest.mark.django_db
PAYMENTS = "/api/v1/payments"


@pytest.fixture
def client(alice: User) -> APIClient:
    """Alice's."""
    return bearing(logged_in(alice).access_token)


def payments(client: APIClient, query: str = "") -> Any:
    answer = client.get(PAYMENTS + query)
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def test_a_purchase_is_one_payment_also_when_its_events_come_twice(
    fake: FakeStripe, alice: User, client: APIClient
) -> None:
    session = bought(fake, alice)
    events = fake.pay(session)
    deliver(fake, *reversed(events), *events)
    [payment] = payments(client)
    assert payment["id"] == payment["reference"] == str(order_of(session).pk)
    assert (payment["package"], payment["amount"], payment["currency"]) == ("starter", 1000, "USD")
    assert (payment["standing"], payment["standing_text"], payment["failure"]) == ("paid", "Paid", "")
    assert (payment["credits"], payment["credits_granted"]) == (100, 100)
    assert payment["receipt_url"] == fake.charge_of(session)["receipt_url"]


def test_the_reference_leads_to_the_movements_in_the_ledger(
    fake: FakeStripe, alice: User, client: APIClient
) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session), *fake.refund(session, 300))
    deliver(fake, *fake.pay(bought(fake, alice, "professional")))
    payment = payments(client)[-1]
    entries = client.get(f"/api/v1/credits/history?reference={payment['reference']}").json()["data"]
    assert [entry["amount"] for entry in entries] == [-30, 100]


def stands(client: APIClient) -> tuple[str, int, int, int]:
    [payment] = payments(client)
    names = ("credits_granted", "refunded_credits", "disputed_credits")
    granted, refunded, disputed = (payment[name] for name in names)
    return payment["standing"], granted, refunded, disputed


def test_a_refund_in_parts_is_seen(fake: FakeStripe, alice: User, client: APIClient) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.decline(session))
    assert stands(client) == ("pending", 0, 0, 0)
    deliver(fake, *fake.pay(session), *fake.refund(session, 301))
    assert stands(client) == ("partly_refunded", 100, 31, 0)
    deliver(fake, *fake.refund(session, 699))
    assert stands(client) == ("refunded", 100, 100, 0)
    assert payments(client)[0]["amount_refunded"] == 1000


def test_a_dispute_is_seen_while_it_is_open_and_when_it_is_lost(
    fake: FakeStripe, alice: User, client: APIClient
) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session), *fake.dispute(session))
    assert stands(client) == ("disputed", 100, 0, 100)
    deliver(fake, *fake.close_dispute(session, "lost"))
    assert stands(client) == ("dispute_lost", 100, 0, 100)


def test_a_dispute_that_is_won_leaves_a_payment(fake: FakeStripe, alice: User, client: APIClient) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session), *fake.dispute(session))
    deliver(fake, *fake.close_dispute(session, "won"))
    assert stands(client) == ("paid", 100, 0, 0)


def test_what_was_not_paid_says_why_in_words(fake: FakeStripe, alice: User, client: APIClient) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay_later(session), *fake.fail_later(session))
    [payment] = payments(client)
    assert (payment["standing"], payment["credits_granted"], payment["paid_at"]) == ("failed", 0, None)
    assert payment["failure"] == "The bank did not authorise the debit."


def test_why_a_card_was_refused_is_not_told_to_whom_may_have_stolen_it(
    fake: FakeStripe, alice: User, client: APIClient
) -> None:
    deliver(fake, *fake.decline(bought(fake, alice), "stolen_card"))
    [payment] = payments(client)
    assert payment["failure"] == "The bank or card company refused the payment."
    assert payment["failure_code"] == "card_declined"


def test_a_payment_that_is_not_what_was_ordered_is_looked_at(
    fake: FakeStripe, alice: User, client: APIClient
) -> None:
    session = bought(fake, alice)
    session["currency"] = "idr"
    deliver(fake, *fake.pay(session))
    assert stands(client) == ("in_review", 0, 0, 0)


def test_another_tenants_payments_are_not_there(fake: FakeStripe, alice: User, client: APIClient) -> None:
    bob = a_user()
    deliver(fake, *fake.pay(bought(fake, bob)))
    assert payments(client) == []
    deliver(fake, *fake.pay(bought(fake, alice)))
    mine = payments(client)
    theirs = payments(bearing(key_of(bob, scopes=list(SCOPES))[1]))
    assert (len(mine), len(theirs)) == (1, 1)
    assert mine[0]["id"] != theirs[0]["id"]


def test_another_tenants_cursor_opens_only_ones_own(fake: FakeStripe, alice: User, client: APIClient) -> None:
    bob = a_user()
    for _ in range(2):
        deliver(fake, *fake.pay(bought(fake, bob)))
    after = bearing(logged_in(bob).access_token).get(PAYMENTS + "?limit=1").json()["next"]
    assert payments(client, f"?after={after}") == []


def test_pages_hold_each_payment_once_also_when_all_were_made_at_one_moment(
    fake: FakeStripe, alice: User, client: APIClient
) -> None:
    for _ in range(5):
        deliver(fake, fake.pay(bought(fake, alice))[-1])
    CreditOrder.objects.update(created_at=timezone.now())
    seen: list[str] = []
    query = "?limit=2"
    for _ in range(3):
        page = client.get(PAYMENTS + query).json()
        seen += [one["id"] for one in page["data"]]
        query = f"?limit=2&after={page['next']}"
    assert (page["has_more"], page["next"]) == (False, None)
    assert len(seen) == len(set(seen)) == 5


def test_a_page_is_one_query_however_long(fake: FakeStripe, alice: User, client: APIClient) -> None:
    for _ in range(3):
        deliver(fake, *fake.pay(bought(fake, alice)))
    with CaptureQueriesContext(connection) as captured:
        assert len(payments(client)) == 3
    about = [one["sql"] for one in captured if "billing_" in one["sql"]]
    assert len(about) == 1


def test_a_key_needs_the_scope_to_read_credits(alice: User) -> None:
    without = bearing(key_of(alice, scopes=["credits:write"])[1]).get(PAYMENTS)
    assert (without.status_code, without.json()["code"]) == (403, "scope_missing")
    assert bearing(key_of(alice, scopes=["credits:read"])[1]).get(PAYMENTS).status_code == 200
