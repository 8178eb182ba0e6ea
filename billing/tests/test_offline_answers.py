"""What the stand-in answers to Stripe's own client."""

import json

import pytest
import stripe
from django.test import Client
from djstripe.models import Charge, Event, PaymentIntent, Session
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from billing import mirror, tasks
from billing.client import client, plain
from billing.models import StripeCustomer, StripeInbox
from billing.offline.acts import act
from billing.offline.delivery import headers
from billing.offline.models import OfflineObject
from billing.offline.notation import decoded
from billing.tests.acts import INBOX, balance, work_all
from billing.tests.offline_buyer import Buyer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_in")]


@pytest.fixture
def buyer(alice: User) -> Buyer:
    """Alice, who has begun to buy 100 credits for 10.00 USD."""
    return Buyer(alice)


def test_a_form_in_stripes_notation_is_read() -> None:
    form = decoded("a=1&b[c][gte]=2&d[0]=x&d[1]=y&e[0][f]=%26&g=")
    assert form == {"a": "1", "b": {"c": {"gte": "2"}}, "d": ["x", "y"], "e": [{"f": "&"}], "g": ""}


def test_a_session_is_told_with_its_payment_and_charge(buyer: Buyer) -> None:
    act(buyer.session_id, "pay")
    told = plain(
        client().v1.checkout.sessions.retrieve(buyer.session_id, {"expand": ["payment_intent.latest_charge"]})
    )
    assert told["payment_intent"]["latest_charge"]["paid"] is True
    assert (told["payment_status"], told["amount_subtotal"], told["currency"]) == ("paid", 1000, "usd")
    assert not {"sold", "payment_intent_data"} & set(told)


def test_every_object_is_found_by_its_id(buyer: Buyer) -> None:
    act(buyer.session_id, "pay")
    act(buyer.session_id, "refund", 300)
    act(buyer.session_id, "dispute")
    api = client().v1
    [refund] = api.refunds.list().data
    [dispute] = api.disputes.list().data
    charge = api.charges.retrieve(str(dispute.charge))
    assert (charge.amount_refunded, charge.disputed, dispute.amount) == (300, True, 700)
    assert api.refunds.retrieve(refund.id).charge == api.disputes.retrieve(dispute.id).charge == charge.id
    assert api.payment_intents.retrieve(str(charge.payment_intent)).latest_charge == charge.id


def test_lists_are_the_newest_first_page_by_page(alice: User) -> None:
    made = [Buyer(alice).session_id for _ in range(5)]
    sessions = client().v1.checkout.sessions
    assert [one.id for one in sessions.list({"limit": 2}).auto_paging_iter()] == made[::-1]
    assert sessions.list({"created": {"gte": 4_000_000_000}}).data == []


def test_a_longer_list_takes_no_more_queries(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(4):
        act(Buyer(alice).session_id, "pay")
    with django_assert_num_queries(3):
        client().v1.checkout.sessions.list({"expand": ["data.payment_intent.latest_charge"]})


def test_the_refunds_of_one_charge_are_its_own(alice: User) -> None:
    first, second = Buyer(alice), Buyer(alice)
    for one in (first, second):
        act(one.session_id, "pay")
        act(one.session_id, "refund", 100)
    charge = OfflineObject.objects.get(session__name=first.session_id, kind="charge")
    assert len(client().v1.refunds.list({"charge": charge.name}).data) == 1


def test_the_same_key_makes_the_same_customer(buyer: Buyer) -> None:
    customers = client().v1.customers
    first, second = (customers.create({}, {"idempotency_key": "one"}) for _ in range(2))
    assert first.id == second.id


def test_a_customer_that_is_gone_is_made_known_again(buyer: Buyer, alice: User) -> None:
    StripeCustomer.objects.update(customer_id="cus_of_another_database")
    assert Buyer(alice).session_id
    assert StripeCustomer.objects.get().customer_id.startswith("cus_offline")  # type: ignore[union-attr]


@pytest.mark.parametrize("path", ["/v1/products", "/v1/checkout/sessions/cs_none", "/v1/charges/ch_none"])
def test_what_is_not_there_is_refused_in_stripes_own_way(path: str) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client().raw_request("get", path)


def test_a_session_that_sells_nothing_is_refused() -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client().raw_request("post", "/v1/checkout/sessions", mode="payment")


def test_reconciling_grants_what_no_event_told(buyer: Buyer, alice: User) -> None:
    act(buyer.session_id, "pay")
    assert tasks.reconcile() == 1
    assert balance(alice) == 100


def test_dj_stripe_takes_the_payment_in(buyer: Buyer, sdk_as_it_was: None) -> None:
    events = act(buyer.session_id, "pay") + act(buyer.session_id, "refund")
    for event in events:
        sent_to_the_inbox(event)
    work_all()
    assert feed_all() == [True] * len(events)
    assert Session.objects.get().id == buyer.session_id
    assert PaymentIntent.objects.get().id == Charge.objects.get().payment_intent_id
    assert Event.objects.count() == len(events)


def feed_all() -> list[bool]:
    return [mirror.feed(row_id) for row_id in StripeInbox.objects.values_list("pk", flat=True)]


def sent_to_the_inbox(event: dict[str, object]) -> None:
    """Send an event to the inbox, signed as it is delivered."""
    body = json.dumps(event)
    sent = headers(body)
    answer = Client().post(
        INBOX,
        body,
        content_type=sent["Content-Type"],
        headers={"Stripe-Signature": sent["Stripe-Signature"]},
    )
    assert answer.status_code == 200
