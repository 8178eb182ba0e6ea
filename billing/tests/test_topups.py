"""Automatic top-ups: when a saved card is charged, and what follows when that fails."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import AuditEvent, User
from accounts.tests.factories import a_user
from billing import tasks
from billing.models import AutoTopUp, CreditOrder
from billing.packages import packages
from billing.reading import Hints
from billing.services import top_up, turn_off
from billing.settling import close_problem, settle
from billing.tests.acts import (
    agree,
    balance,
    bought,
    deliver,
    entries,
    intents,
    owed,
    top_ups,
    topping_up,
    types,
)
from billing.tests.fake_state import Object
from billing.tests.fake_stripe import FakeStripe
from billing.topups import begin, due, next_ones, pay
from credits.models import LedgerEntry
from credits.services import charge, grant, hold

pytestmark = pytest.mark.django_db
GRANTED_ONCE = [("grant", "pack", 500)]


def plan_of(user: User) -> AutoTopUp:
    """What a user has agreed to, as it is now."""
    return AutoTopUp.objects.get(user=user)


def is_due(user: User) -> bool:
    return due(timezone.now()).filter(pk=user.pk).exists()


def test_few_credits_are_topped_up_with_the_saved_card(fake: FakeStripe, alice: User) -> None:
    card = topping_up(fake, alice)
    order = top_up(alice.pk)
    assert order
    assert (order.kind, order.status, order.amount_paid) == ("auto_topup", "paid", 4500)
    assert entries(alice) == GRANTED_ONCE
    [intent] = intents(fake)
    assert (intent["amount"], intent["currency"], intent["payment_method"]) == (4500, "usd", card["id"])
    assert (intent["asked"]["off_session"], intent["asked"]["confirm"]) == ("true", "true")


def test_a_top_up_that_is_paid_is_three_calls(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice)
    before = len(fake.calls)
    order = top_up(alice.pk)
    assert order
    assert fake.calls[before:] == [
        ("POST", "/v1/payment_intents"),
        ("GET", f"/v1/payment_intents/{order.payment_intent_id}"),
        ("GET", "/v1/disputes"),
    ]


def test_the_reference_leads_from_the_credits_to_payment_charge_and_receipt(
    fake: FakeStripe, alice: User
) -> None:
    topping_up(fake, alice)
    top_up(alice.pk)
    order = CreditOrder.objects.get(pk=LedgerEntry.objects.get(wallet=alice.pk).reference)
    [intent] = intents(fake)
    assert (order.payment_intent_id, order.charge_id) == (intent["id"], intent["latest_charge"])
    assert order.receipt_url == fake.objects[intent["latest_charge"]]["receipt_url"]
    assert order.session_id is None


@pytest.mark.parametrize(("credits", "buys"), [(49, True), (50, False)])
def test_nothing_is_bought_while_the_threshold_is_reached(
    fake: FakeStripe, alice: User, credits: int, buys: bool
) -> None:
    topping_up(fake, alice)
    grant(alice, credits, operation="pack", key="before")
    assert is_due(alice) is buys
    assert (top_up(alice.pk) is not None) is buys


def test_credits_that_are_set_aside_cannot_be_spent_and_do_not_count(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice)
    grant(alice, 60, operation="pack", key="before")
    assert not is_due(alice)
    hold(alice, 20, operation="product.lookup", key="under way")
    assert is_due(alice)


def test_a_charge_that_crosses_the_threshold_is_found_by_the_next_sweep(
    fake: FakeStripe, alice: User, workers_at_hand: None
) -> None:
    topping_up(fake, alice)
    grant(alice, 50, operation="pack", key="before")
    assert tasks.top_up_due() == 0
    charge(alice, 1, operation="product.lookup", key="a lookup")
    assert tasks.top_up_due() == 1
    assert balance(alice) == 549
    assert tasks.top_up_due() == 0


def test_looking_for_whose_time_it_is_is_two_questions_however_many_there_are(
    fake: FakeStripe, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for user in (alice, a_user(), a_user()):
        topping_up(fake, user)
        grant(user, 50, operation="pack", key=f"before {user.pk}")
    with django_assert_num_queries(2):
        assert tasks.top_up_due() == 0


def test_all_that_stripe_tells_of_it_afterwards_changes_nothing(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice)
    top_up(alice.pk)
    succeeded = [event for event in fake.events if event["type"] == "payment_intent.succeeded"]
    deliver(fake, *succeeded * 20)
    assert entries(alice) == GRANTED_ONCE


def test_refunds_and_disputes_of_a_top_up_take_credits_back(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice)
    top_up(alice.pk)
    payment = {"payment_intent": intents(fake)[0]["id"]}
    deliver(fake, *fake.refund(payment, 900))
    assert balance(alice) == 400
    deliver(fake, *fake.dispute(payment, 3600))
    assert (balance(alice), owed(alice)) == (0, 0)
    deliver(fake, *fake.close_dispute(payment, "won"))
    assert balance(alice) == 400


# --- what is refused ---

REFUSALS = [
    ("card_declined", "declined", "The bank or card company refused the payment."),
    ("insufficient_funds", "declined", "There was not enough money."),
    (
        "authentication_required",
        "authentication_required",
        "The bank wants you to confirm the payment yourself.",
    ),
]


@pytest.mark.parametrize(("code", "reason", "words"), REFUSALS)
def test_a_refusal_switches_it_off_says_why_and_mails_where_to_pay(
    fake: FakeStripe, alice: User, code: str, reason: str, words: str
) -> None:
    topping_up(fake, alice, behaves=code)
    order = top_up(alice.pk)
    assert order
    assert (order.status, order.failure_code, entries(alice)) == ("failed", code, [])
    plan = plan_of(alice)
    assert (plan.is_on, plan.off_reason, plan.off_order_id) == (False, reason, order.pk)
    tasks.send_due_mails()
    [message] = mail.outbox
    assert message.subject == "Your credits could not be topped up"
    assert words in str(message.body)
    assert f"http://testserver/pay/{order.pk}" in str(message.body)


def test_after_a_refusal_the_card_is_left_alone(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice, behaves="card_declined")
    top_up(alice.pk)
    assert not is_due(alice)
    assert top_up(alice.pk) is None
    assert len(intents(fake)) == 1


def test_a_refusal_told_again_does_not_switch_off_what_was_agreed_to_since(
    fake: FakeStripe, alice: User
) -> None:
    topping_up(fake, alice, behaves="card_declined")
    top_up(alice.pk)
    topping_up(fake, alice)
    failed = [event for event in fake.events if event["type"] == "payment_intent.payment_failed"]
    assert types(failed) == ["payment_intent.payment_failed"]
    deliver(fake, *failed, *failed)
    assert plan_of(alice).is_on
    tasks.send_due_mails()
    assert len(mail.outbox) == 1


def test_a_new_attempt_after_a_refusal_is_a_new_order_with_a_key_of_its_own(
    fake: FakeStripe, alice: User
) -> None:
    topping_up(fake, alice, behaves="card_declined")
    top_up(alice.pk)
    topping_up(fake, alice)
    top_up(alice.pk)
    assert [order.status for order in top_ups(alice)] == ["failed", "paid"]
    assert balance(alice) == 500


def test_a_card_that_was_removed_switches_it_off(fake: FakeStripe, alice: User) -> None:
    card = topping_up(fake, alice)
    deliver(fake, *fake.remove_card(card))
    assert (plan_of(alice).is_on, plan_of(alice).off_reason) == (False, "card_removed")
    assert not is_due(alice)


def test_a_card_whose_removal_was_not_heard_of_is_refused_and_told(fake: FakeStripe, alice: User) -> None:
    card = topping_up(fake, alice)
    del fake.objects[card["id"]]
    order = top_up(alice.pk)
    assert order
    assert (order.status, order.failure_code) == ("failed", "card_removed")
    assert plan_of(alice).off_reason == "card_removed"
    tasks.send_due_mails()
    assert "The saved card is not there any more." in str(mail.outbox[0].body)


def test_a_buyer_whom_stripe_has_deleted_is_charged_no_more(fake: FakeStripe, alice: User) -> None:
    card = topping_up(fake, alice)
    deliver(fake, fake.tell("customer.deleted", fake.objects[card["customer"]]))
    assert plan_of(alice).off_reason == "card_removed"


def test_a_dispute_of_any_payment_switches_it_off(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session))
    topping_up(fake, alice)
    told = fake.dispute(session)
    deliver(fake, *told)
    assert plan_of(alice).off_reason == "disputed"
    topping_up(fake, alice)
    deliver(fake, *told)
    assert plan_of(alice).is_on


def test_a_dispute_that_is_lost_when_it_is_first_heard_of_switches_it_off_too(
    fake: FakeStripe, alice: User
) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session))
    topping_up(fake, alice)
    deliver(fake, *fake.dispute(session), *fake.close_dispute(session, "lost"))
    assert plan_of(alice).off_reason == "disputed"


def test_a_dispute_of_what_was_refunded_before_switches_it_off_too(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session), *fake.refund(session, 1000))
    topping_up(fake, alice)
    deliver(fake, *fake.dispute(session))
    assert plan_of(alice).off_reason == "disputed"


def test_what_is_refunded_is_not_charged_again_at_once(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice)
    top_up(alice.pk)
    deliver(fake, *fake.refund({"payment_intent": intents(fake)[0]["id"]}, 4500))
    assert (plan_of(alice).off_reason, top_up(alice.pk)) == ("refunded", None)


def test_each_further_refund_switches_it_off_again(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session), *fake.refund(session, 100))
    topping_up(fake, alice)
    deliver(fake, *fake.refund(session, 100))
    assert plan_of(alice).off_reason == "refunded"


def test_an_order_that_was_left_lying_is_not_charged_any_more(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice)
    order = begin(alice.pk, timezone.now())
    assert order
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        assert pay(order).status == "pending"
    assert intents(fake) == []


def test_no_card_pays_for_credits_that_are_owed(fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    deliver(fake, *fake.pay(session))
    charge(alice, 100, operation="product.lookup", key="all of it")
    deliver(fake, *fake.refund(session, 1000))
    topping_up(fake, alice)
    assert owed(alice) == 100
    assert not is_due(alice)


def test_at_another_price_nothing_is_bought_before_the_owner_agrees_anew(
    fake: FakeStripe, alice: User, settings: Settings
) -> None:
    topping_up(fake, alice)
    settings.CREDIT_PACKAGES = [
        pack | {"price_cents": pack["price_cents"] + 1} for pack in settings.CREDIT_PACKAGES
    ]
    assert top_up(alice.pk) is None
    assert (plan_of(alice).off_reason, intents(fake)) == ("price_changed", [])


# --- the ceiling ---


def test_a_month_costs_no_more_than_its_ceiling(fake: FakeStripe, alice: User) -> None:
    with time_machine.travel(datetime(2026, 11, 26, 12, tzinfo=UTC), tick=False):
        topping_up(fake, alice, monthly_ceiling=9999)
        for number in range(4):
            top_up(alice.pk)
            if left := balance(alice):
                charge(alice, left, operation="product.lookup", key=f"all of it {number}")
        assert [order.status for order in top_ups(alice)] == ["paid", "paid"]
        assert plan_of(alice).is_on
        assert plan_of(alice).paused_until == datetime(2026, 12, 1, tzinfo=UTC)
        assert not is_due(alice)
    with time_machine.travel(datetime(2026, 12, 1, tzinfo=UTC), tick=False):
        assert top_up(alice.pk)
        assert balance(alice) == 500


def test_what_is_ordered_in_one_month_and_paid_in_the_next_counts_in_both(
    fake: FakeStripe, alice: User
) -> None:
    with time_machine.travel(datetime(2026, 11, 30, 23, 59, tzinfo=UTC), tick=False):
        topping_up(fake, alice, monthly_ceiling=4500)
        fake.loses = 2
        top_up(alice.pk)
    with time_machine.travel(datetime(2026, 12, 1, 0, 5, tzinfo=UTC), tick=False):
        assert tasks.resume_top_ups() == 1
        charge(alice, 500, operation="product.lookup", key="all of it")
        assert top_up(alice.pk) is None


def test_a_top_up_that_failed_does_not_count_to_the_ceiling(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice, behaves="card_declined", monthly_ceiling=4500)
    top_up(alice.pk)
    topping_up(fake, alice, monthly_ceiling=4500)
    assert top_up(alice.pk)
    assert balance(alice) == 500


# --- whose it is ---


def test_agreeing_and_switching_off_are_written_down(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice)
    turn_off(user=alice)
    turn_off(user=alice)
    assert list(AuditEvent.objects.order_by("id").values_list("action", flat=True)) == [
        "auto_top_up:turn_on",
        "auto_top_up:turn_off",
    ]
    assert AuditEvent.objects.order_by("id")[0].metadata["monthly_ceiling"] == 20_000
    assert (plan_of(alice).off_reason, is_due(alice)) == ("owner", False)


def test_a_disabled_account_buys_nothing(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice)
    User.objects.update(is_active=False)
    assert top_up(alice.pk) is None


def test_what_was_agreed_to_in_test_mode_is_nothing_in_live_mode(
    fake: FakeStripe, alice: User, settings: Settings
) -> None:
    topping_up(fake, alice)
    settings.STRIPE_LIVE_MODE = True
    assert top_up(alice.pk) is None


def test_where_tax_is_to_be_added_or_top_ups_are_not_offered_nothing_is_bought(
    fake: FakeStripe, alice: User, settings: Settings
) -> None:
    topping_up(fake, alice)
    settings.AUTO_TOP_UPS = False
    assert (is_due(alice), top_up(alice.pk)) == (False, None)


# --- no answer ---


@pytest.fixture
def later() -> datetime:
    """When it is time to find out."""
    return timezone.now() + timedelta(minutes=5)


def test_a_charge_whose_answer_was_lost_is_found_and_granted_without_a_second_one(
    fake: FakeStripe, alice: User, later: datetime
) -> None:
    topping_up(fake, alice)
    fake.loses = 2  # the SDK tries again by itself, once
    order = top_up(alice.pk)
    assert order
    assert (order.status, entries(alice), is_due(alice)) == ("pending", [], False)
    assert tasks.resume_top_ups() == 0  # it may be on its way still
    with time_machine.travel(later, tick=False):
        assert tasks.resume_top_ups() == 1
    assert entries(alice) == GRANTED_ONCE
    assert len(intents(fake)) == 1


def test_a_charge_whose_answer_was_lost_is_granted_by_its_event(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice)
    fake.loses = 2
    top_up(alice.pk)
    deliver(fake, *[event for event in fake.events if event["type"] == "payment_intent.succeeded"])
    assert entries(alice) == GRANTED_ONCE
    assert top_up(alice.pk) is None


def test_a_refusal_whose_answer_was_lost_switches_it_off_in_the_end(
    fake: FakeStripe, alice: User, later: datetime
) -> None:
    topping_up(fake, alice, behaves="card_declined")
    fake.loses = 2
    top_up(alice.pk)
    assert plan_of(alice).is_on
    with time_machine.travel(later, tick=False):
        tasks.resume_top_ups()
    assert (plan_of(alice).off_reason, len(intents(fake))) == ("declined", 1)


def never_heard_of(fake: FakeStripe, user: User) -> CreditOrder:
    """An order of which Stripe has not heard, for it was away; now it is back."""
    fake.is_down = True
    order = top_up(user.pk)
    fake.is_down = False
    assert order
    return order


def test_what_never_reached_stripe_is_given_up_and_begun_anew_with_another_order(
    fake: FakeStripe, alice: User, later: datetime
) -> None:
    topping_up(fake, alice)
    never_heard_of(fake, alice)
    assert top_up(alice.pk) is None
    with time_machine.travel(later, tick=False):
        assert tasks.resume_top_ups() == 1
        assert top_up(alice.pk)
        tasks.send_due_mails()
    assert [order.status for order in top_ups(alice)] == ["failed", "paid"]
    assert (entries(alice), len(intents(fake))) == (GRANTED_ONCE, 1)
    assert plan_of(alice).is_on
    assert [message.subject for message in mail.outbox] == ["Your credits were topped up: 500 credits"]


def test_while_stripe_is_away_nothing_is_given_up(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice)
    fake.is_down = True
    top_up(alice.pk)
    with time_machine.travel(timezone.now() + timedelta(hours=5), tick=False):
        assert tasks.resume_top_ups() == 0
        assert top_up(alice.pk) is None
    assert [order.status for order in top_ups(alice)] == ["pending"]


def test_what_is_not_listed_may_still_be_on_its_way_for_three_minutes(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice)
    never_heard_of(fake, alice)
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        assert tasks.resume_top_ups() == 0


def test_an_order_is_charged_once_or_never_whatever_its_owner_wants_since(
    fake: FakeStripe, alice: User, later: datetime
) -> None:
    topping_up(fake, alice)
    never_heard_of(fake, alice)
    grant(alice, 5000, operation="pack", key="bought by hand meanwhile")
    with time_machine.travel(later, tick=False):
        tasks.resume_top_ups()
        assert top_up(alice.pk) is None
    assert intents(fake) == []


def test_one_500_that_stripe_gives_for_a_key_again_and_again_ends_with_the_order(
    fake: FakeStripe, alice: User, later: datetime
) -> None:
    topping_up(fake, alice)
    fake.refuses.append((500, {"error": {"type": "api_error", "message": "An unknown error occurred"}}))
    order = top_up(alice.pk)
    assert order
    assert order.status == "pending"
    with time_machine.travel(later, tick=False):
        tasks.resume_top_ups()
        top_up(alice.pk)
    assert entries(alice) == GRANTED_ONCE


def test_a_refusal_that_names_no_payment_ends_the_order(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice)
    fake.refuses.append((402, {"error": {"type": "card_error", "code": "card_declined", "message": "No."}}))
    top_up(alice.pk)
    assert [order.status for order in top_ups(alice)] == ["failed"]
    assert plan_of(alice).off_reason == "declined"


def test_a_refusal_of_ourselves_is_no_refusal_of_the_card(
    fake: FakeStripe, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    topping_up(fake, alice)
    fake.refuses.append((400, {"error": {"type": "invalid_request_error", "message": "Not like that."}}))
    top_up(alice.pk)
    assert [order.status for order in top_ups(alice)] == ["failed"]
    assert "needs attention" in caplog.text
    assert (plan_of(alice).is_on, is_due(alice)) == (True, False)
    with time_machine.travel(timezone.now() + timedelta(hours=1, minutes=1), tick=False):
        assert top_up(alice.pk)
    assert entries(alice) == GRANTED_ONCE


def test_a_refusal_of_a_card_says_nothing_of_the_one_that_was_agreed_to_since(
    fake: FakeStripe, alice: User, later: datetime
) -> None:
    topping_up(fake, alice, behaves="card_declined")
    fake.loses = 2
    top_up(alice.pk)
    topping_up(fake, alice)
    with time_machine.travel(later, tick=False):
        assert tasks.resume_top_ups() == 1
    assert plan_of(alice).is_on


ENDS = [
    ("requires_action", "authentication_required", "The bank wants you to confirm the payment yourself."),
    ("requires_confirmation", "declined", "The bank or card company refused the payment."),
    ("canceled", "canceled", "The payment was cancelled."),
]


@pytest.mark.parametrize(("status", "reason", "words"), ENDS)
def test_a_payment_that_nobody_is_there_to_go_on_with_has_failed(
    fake: FakeStripe, alice: User, status: str, reason: str, words: str
) -> None:
    topping_up(fake, alice, behaves="card_declined")
    fake.loses = 2
    top_up(alice.pk)
    intents(fake)[0].update(status=status, last_payment_error=None)
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        tasks.resume_top_ups()
        tasks.send_due_mails()
    assert plan_of(alice).off_reason == reason
    assert words in str(mail.outbox[0].body)


def test_a_payment_that_takes_its_time_is_waited_for(fake: FakeStripe, alice: User, later: datetime) -> None:
    topping_up(fake, alice, behaves="card_declined")
    fake.loses = 2
    top_up(alice.pk)
    intents(fake)[0].update(status="processing", last_payment_error=None)
    with time_machine.travel(later, tick=False):
        assert tasks.resume_top_ups() == 0
    assert plan_of(alice).is_on


def test_a_payment_that_stripe_is_just_making_is_not_taken_for_a_failed_one(
    fake: FakeStripe, alice: User
) -> None:
    topping_up(fake, alice, behaves="card_declined")
    fake.loses = 2
    top_up(alice.pk)
    intents(fake)[0].update(last_payment_error=None)
    assert tasks.reconcile() == 0
    assert plan_of(alice).is_on


def test_a_receipt_at_an_address_that_nobody_could_keep_holds_up_nothing(
    fake: FakeStripe, alice: User
) -> None:
    topping_up(fake, alice)
    fake.loses = 2
    top_up(alice.pk)
    [intent] = intents(fake)
    fake.objects[intent["latest_charge"]]["receipt_url"] = "https://x/" + "r" * 1000
    [order] = top_ups(alice)
    assert (settle(order.pk, Hints()).receipt_url, balance(alice)) == ("", 500)


def test_what_waits_for_a_person_neither_holds_up_others_nor_is_asked_about(
    fake: FakeStripe, alice: User, later: datetime
) -> None:
    topping_up(fake, alice)
    fake.loses = 2
    top_up(alice.pk)
    intents(fake)[0]["amount"] = 1
    for _ in range(3):
        topping_up(fake, a_user())
    with time_machine.travel(later, tick=False):
        tasks.resume_top_ups()
        assert [order.problem for order in top_ups(alice)] == ["mismatch"]
        before = len(fake.calls)
        assert (tasks.resume_top_ups(), len(fake.calls)) == (0, before)
        assert len(next_ones(timezone.now())) == 3


def test_once_a_person_has_seen_to_it_the_next_one_can_be_begun(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice)
    fake.loses = 2
    top_up(alice.pk)
    intents(fake)[0]["amount"] = 1
    [order] = top_ups(alice)
    settle(order.pk, Hints())
    assert close_problem(order.pk)
    assert not close_problem(order.pk)
    assert top_up(alice.pk)
    assert entries(alice) == GRANTED_ONCE


def test_a_payment_that_turns_up_late_does_not_pass_the_ceiling(
    fake: FakeStripe, alice: User, later: datetime
) -> None:
    card = topping_up(fake, alice, monthly_ceiling=4500)
    fake.refuses.append((500, {"error": {"type": "api_error", "message": "An unknown error occurred"}}))
    order = top_up(alice.pk)
    assert order
    with time_machine.travel(later, tick=False):
        tasks.resume_top_ups()
        assert top_up(alice.pk) is None
    deliver(fake, *made_late(fake, order, card))
    assert (balance(alice), [one.status for one in top_ups(alice)]) == (500, ["paid"])


def test_a_refusal_that_turns_up_late_switches_it_off_as_its_mail_says(
    fake: FakeStripe, alice: User, later: datetime
) -> None:
    card = topping_up(fake, alice)
    fake.refuses.append((500, {"error": {"type": "api_error", "message": "An unknown error occurred"}}))
    order = top_up(alice.pk)
    assert order
    with time_machine.travel(later, tick=False):
        tasks.resume_top_ups()
    card["behaves"] = "card_declined"
    deliver(fake, *made_late(fake, order, card))
    assert plan_of(alice).off_reason == "declined"
    tasks.send_due_mails()
    assert "It is switched off now" in str(mail.outbox[-1].body)


def made_late(fake: FakeStripe, order: CreditOrder, card: Object) -> list[Object]:
    """The events of a payment of which Stripe knew nothing when it was asked."""
    before = len(fake.events)
    form = {"amount": "4500", "currency": "usd", "customer": card["customer"]}
    fake.create_intent(form | {"metadata": {"order": str(order.pk)}}, card)
    return fake.events[before:]


def test_the_mail_does_not_say_that_it_is_off_when_its_owner_has_agreed_anew(
    fake: FakeStripe, alice: User
) -> None:
    topping_up(fake, alice, behaves="card_declined")
    fake.loses = 2
    top_up(alice.pk)
    topping_up(fake, alice)
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        tasks.resume_top_ups()
        tasks.send_due_mails()
    assert "switched off" not in str(mail.outbox[-1].body)


def test_while_calls_come_to_nothing_they_are_made_ever_less_often(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice)
    now = timezone.now()
    for number in range(30):
        with time_machine.travel(now + timedelta(minutes=4 * number), tick=False):
            tasks.resume_top_ups()
            fake.refuses[:] = [(500, {"error": {"type": "api_error", "message": "Unknown"}})]
            tasks.top_up(str(alice.pk))
    assert len(top_ups(alice)) <= 6


def test_while_it_is_not_known_how_one_ends_few_others_are_begun(
    fake: FakeStripe, alice: User, later: datetime
) -> None:
    topping_up(fake, alice)
    never_heard_of(fake, alice)
    for _ in range(3):
        topping_up(fake, a_user())
    assert len(next_ones(timezone.now())) == 3
    assert len(next_ones(later)) == 1


def test_an_order_of_test_mode_does_not_stand_in_the_way_in_live_mode(
    fake: FakeStripe, alice: User, later: datetime, settings: Settings
) -> None:
    topping_up(fake, alice)
    fake.is_down = True
    top_up(alice.pk)
    settings.STRIPE_LIVE_MODE, fake.is_down = True, False
    with time_machine.travel(later, tick=False):
        tasks.resume_top_ups()
    assert ([order.status for order in top_ups(alice)], intents(fake)) == (["failed"], [])


def test_a_worker_that_cannot_read_the_end_of_a_payment_leaves_it_open(
    fake: FakeStripe, alice: User, later: datetime
) -> None:
    topping_up(fake, alice)
    fake.answers_left = 1
    assert tasks.top_up(str(alice.pk))
    assert [order.status for order in top_ups(alice)] == ["pending"]
    fake.is_down, fake.answers_left = False, -1
    with time_machine.travel(later, tick=False):
        assert tasks.resume_top_ups() == 1
    assert entries(alice) == GRANTED_ONCE


def test_reconciling_finds_a_charge_of_an_order_that_was_given_up(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice)
    fake.loses = 2
    top_up(alice.pk)
    CreditOrder.objects.open_top_ups().never_begun()
    assert tasks.reconcile() == 1
    assert entries(alice) == GRANTED_ONCE


def test_a_payment_of_another_amount_grants_nothing_and_waits_for_a_person(
    fake: FakeStripe, alice: User
) -> None:
    topping_up(fake, alice)
    fake.loses = 2
    top_up(alice.pk)
    intents(fake)[0]["amount"] = 1
    [order] = top_ups(alice)
    order = settle(order.pk, Hints())
    assert (order.problem, entries(alice)) == ("mismatch", [])


def test_the_package_that_was_agreed_to_is_bought_and_no_other(fake: FakeStripe, alice: User) -> None:
    topping_up(fake, alice)
    agree(alice, package=packages()["starter"], threshold=10, monthly_ceiling=1000)
    top_up(alice.pk)
    assert entries(alice) == [("grant", "pack", 100)]
