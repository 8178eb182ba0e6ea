"""Everything that can happen to the money of a purchase, and where that leaves the credits."""

import pytest

from accounts.models import User
from billing.models import CreditOrder
from billing.tests.acts import balance, bought, deliver, entries, order_of, owed
from billing.tests.fake_stripe import FakeStripe
from credits.models import LedgerEntry
from credits.services import charge

pytestmark = pytest.mark.django_db


def test_what_is_paid_at_once_is_granted(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session))
    order = order_of(session)
    assert (balance(alice), order.status) == (100, "paid")
    assert entries(alice) == [("grant", "pack", 100)]
    assert order.amount_paid == 1000


def test_the_ledger_leads_to_order_session_charge_and_receipt_and_back(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session))
    entry = LedgerEntry.objects.get(wallet_id=alice.pk)
    order = CreditOrder.objects.get(pk=entry.reference)
    charge = fake.charge_of(session)
    assert (order.session_id, order.charge_id, order.receipt_url) == (
        session["id"],
        charge["id"],
        charge["receipt_url"],
    )
    assert LedgerEntry.objects.get(key=order.key) == entry
    assert entry.metadata["charge_id"] == charge["id"]


def test_a_bank_that_pays_days_later_is_waited_for(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay_later(session))
    assert (balance(alice), order_of(session).status) == (0, "pending")
    deliver(fake, *fake.succeed_later(session))
    assert (balance(alice), order_of(session).status) == (100, "paid")


def test_a_bank_that_does_not_pay_in_the_end_brings_nothing(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay_later(session), *fake.fail_later(session))
    order = order_of(session)
    assert (balance(alice), order.status, order.failure_code) == (0, "failed", "debit_not_authorized")


def test_a_session_that_expires_brings_nothing(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.expire(session))
    assert (balance(alice), order_of(session).status) == (0, "expired")


def test_a_card_that_is_declined_leaves_the_purchase_open(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.decline(session))
    assert (order_of(session).status, order_of(session).failure_code) == ("pending", "card_declined")
    deliver(fake, *fake.pay(session))
    assert (balance(alice), order_of(session).failure_code) == (100, "")


def test_a_promotion_of_all_is_granted_without_any_payment(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session, discount=1000))
    order = order_of(session)
    assert (balance(alice), order.amount_paid, order.payment_intent_id) == (100, 0, None)


def test_promotion_and_tax_change_what_is_paid_and_not_what_is_granted(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session, discount=300, tax=133))
    assert (balance(alice), order_of(session).amount_paid) == (100, 833)


def test_money_that_goes_back_in_parts_takes_credits_back_in_parts(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session), *fake.refund(session, 301))
    assert (balance(alice), order_of(session).status) == (69, "paid")
    deliver(fake, *fake.refund(session, 199))
    assert balance(alice) == 50
    deliver(fake, *fake.refund(session, 500))
    order = order_of(session)
    assert (balance(alice), order.status, order.amount_refunded) == (0, "refunded", 1000)
    assert [amount for _, why, amount in entries(alice) if why == "pack.refund"] == [
        -31,
        -19,
        -50,
    ]


@pytest.mark.parametrize("drops", [True, False])
def test_a_refund_that_fails_gives_credits_back(fake: FakeStripe, alice: User, drops: bool) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session), *fake.refund(session, 400))
    assert balance(alice) == 60
    deliver(fake, *fake.fail_refund(session, drops=drops))
    assert (balance(alice), order_of(session).amount_refunded) == (100, 0)


def test_a_refund_that_overtakes_the_payment_leaves_what_it_should(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    paid, back = fake.pay(session), fake.refund(session, 300)
    deliver(fake, *back)
    assert balance(alice) == 70
    deliver(fake, *paid)
    assert balance(alice) == 70


def test_what_has_been_spent_is_owed(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session))
    charge(alice, 80, operation="product.lookup", key="spent")
    deliver(fake, *fake.refund(session, 1000))
    assert (balance(alice), owed(alice)) == (0, 80)
    deliver(fake, *fake.pay(bought(fake, alice)))
    assert (balance(alice), owed(alice)) == (20, 0)


def test_a_dispute_takes_credits_back_until_it_is_won(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session), *fake.dispute(session))
    assert (balance(alice), order_of(session).status) == (0, "disputed")
    deliver(fake, *fake.close_dispute(session, "won"))
    order = order_of(session)
    assert (balance(alice), order.status, order.dispute_status) == (100, "paid", "won")


def test_a_dispute_that_is_lost_takes_them_for_good(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session), *fake.dispute(session), *fake.close_dispute(session, "lost"))
    order = order_of(session)
    assert (balance(alice), order.status, order.disputed_credits) == (0, "disputed", 100)


def test_a_dispute_about_a_part_takes_that_part(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session), *fake.dispute(session, 250))
    assert balance(alice) == 75


def test_refund_and_dispute_together_take_no_more_than_was_granted(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session), *fake.refund(session, 600), *fake.dispute(session))
    order = order_of(session)
    assert (balance(alice), owed(alice)) == (0, 0)
    assert (order.refunded_credits, order.disputed_credits) == (60, 40)


def test_an_inquiry_is_noted_and_takes_nothing(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session), *fake.dispute(session, status="warning_needs_response"))
    assert (balance(alice), order_of(session).dispute_status) == (100, "warning_needs_response")
    deliver(fake, *fake.close_dispute(session, "warning_closed"))
    assert (balance(alice), order_of(session).dispute_status) == (100, "warning_closed")


def test_a_dispute_that_is_told_won_before_it_is_told_opened_takes_nothing(
    fake: FakeStripe, alice: User
) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session))
    opened, won = fake.dispute(session), fake.close_dispute(session, "won")
    deliver(fake, *won, *opened)
    assert balance(alice) == 100
    assert entries(alice) == [("grant", "pack", 100)]


@pytest.mark.parametrize(
    ("what", "value"), [("amount_subtotal", 1), ("currency", "idr"), ("mode", "setup"), ("metadata", {})]
)
def test_a_payment_of_something_else_grants_nothing_and_is_shown_to_a_person(
    fake: FakeStripe, alice: User, what: str, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    session = bought(fake, alice)
    order = order_of(session)
    session[what] = value
    deliver(fake, *fake.pay(session))
    order.refresh_from_db()
    assert (balance(alice), order.status, order.problem) == (0, "pending", "mismatch")
    assert list(CreditOrder.objects.needing_attention()) == [order]
    assert set(order.events.values_list("status", flat=True)) == {"refused"}
    assert "needs attention" in caplog.text


def test_a_payment_of_test_mode_grants_nothing_in_live_mode(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    CreditOrder.objects.update(livemode=True)
    deliver(fake, *fake.pay(session))
    assert balance(alice) == 0


def test_what_was_wrong_and_is_put_right_is_granted(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    CreditOrder.objects.update(amount=999)
    deliver(fake, *fake.pay(session))
    CreditOrder.objects.update(amount=1000)
    deliver(fake, fake.tell("payment_intent.succeeded", fake.objects[session["payment_intent"]]))
    assert (balance(alice), order_of(session).problem) == (100, "")


def test_the_payment_of_an_account_that_is_gone_is_shown_to_a_person(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    alice.delete()
    deliver(fake, *fake.pay(session))
    order = order_of(session)
    assert (order.status, order.problem, order.user) == ("pending", "no_user", None)


def test_the_payment_of_a_closed_account_waits_in_its_wallet(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    alice.is_active = False
    alice.save()
    deliver(fake, *fake.pay(session))
    assert balance(alice) == 100
