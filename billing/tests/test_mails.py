"""What buyers are told by mail: each thing once, whatever events come, how often and in which order."""

from itertools import permutations

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from billing import tasks
from billing.mail_models import PaymentMail
from billing.models import CreditOrder, StripeInbox
from billing.reading import Hints
from billing.services import fulfil
from billing.settling import settle
from billing.tests.acts import balance, bought, deliver, order_of, post
from billing.tests.fake_state import Object
from billing.tests.fake_stripe import FakeStripe

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(fake: FakeStripe, alice: User) -> Object:
    """A purchase of Alice's."""
    return bought(fake, alice)


def sent() -> list[str]:
    """The subjects of what goes out now, and before."""
    tasks.send_due_mails()
    return [str(one.subject) for one in mail.outbox]


def last() -> tuple[str, str]:
    """Text and HTML of the mail that went out last."""
    message = mail.outbox[-1]
    assert isinstance(message, EmailMultiAlternatives)
    [(html, kind)] = message.alternatives
    assert kind == "text/html"
    return str(message.body), str(html)


BOUGHT = "Your purchase of 100 credits"


def test_a_purchase_is_confirmed(fake: FakeStripe, alice: User, session: Object) -> None:
    deliver(fake, *fake.pay(session))
    assert sent() == [BOUGHT]
    assert mail.outbox[0].to == [alice.email]
    for text in last():
        assert "You paid " in text
        assert "10.00 USD" in text
        assert order_of(session).receipt_url in text
        assert str(order_of(session).pk) in text


def test_events_in_any_order_and_each_twice_are_one_mail(fake: FakeStripe, session: Object) -> None:
    events = fake.pay(session)[1:]
    for order in permutations(events):
        with transaction.atomic():
            mail.outbox.clear()
            for event in order:
                deliver(fake, event, event)
                sent()
            assert sent() == [BOUGHT]
            transaction.set_rollback(True)


def test_the_success_page_and_a_replay_are_told_nothing_more(
    fake: FakeStripe, alice: User, session: Object
) -> None:
    deliver(fake, *fake.pay(session))
    fulfil(session["id"], user=alice)
    StripeInbox.objects.update(status="waiting", due_at=timezone.now())
    tasks.sweep_inbox()
    settle(order_of(session).pk, Hints())
    assert sent() == [BOUGHT]


def test_whoever_works_the_event_that_grants_sends_the_mail_at_once(
    fake: FakeStripe, session: Object, workers_at_hand: None
) -> None:
    post(*fake.signed(fake.pay(session)[-1]))
    assert [str(one.subject) for one in mail.outbox] == [BOUGHT]
    assert sent() == [BOUGHT]


def test_what_is_free_by_a_promotion_is_confirmed_without_a_receipt(
    fake: FakeStripe, session: Object
) -> None:
    deliver(fake, *fake.pay(session, discount=1000))
    assert sent() == [BOUGHT]
    for text in last():
        assert "0.00 USD" in text
        assert "receipt" not in text


def test_a_card_that_is_declined_on_stripes_page_needs_no_mail(fake: FakeStripe, session: Object) -> None:
    deliver(fake, *fake.decline(session))
    assert sent() == []


def test_a_bank_that_does_not_pay_in_the_end_is_told(fake: FakeStripe, session: Object) -> None:
    deliver(fake, *fake.pay_later(session))
    assert sent() == []
    events = fake.fail_later(session)
    deliver(fake, *events, *events)
    assert sent() == ["Your payment failed"]
    assert all("The bank did not authorise the debit." in text for text in last())


def test_a_top_up_that_fails_says_that_it_is_switched_off_and_where_to_pay(
    fake: FakeStripe, session: Object
) -> None:
    CreditOrder.objects.update(kind="auto_topup", status="failed", failure_code="authentication_required")
    told = {"failure": "authentication_required", "pay_url": "http://testserver/pay?a=1&b=2"}
    PaymentMail.objects.create(order=order_of(session), kind="failed", told=told)
    assert sent() == ["Your credits could not be topped up"]
    text, html = last()
    assert "http://testserver/pay?a=1&b=2" in text
    assert 'href="http://testserver/pay?a=1&amp;b=2"' in html
    assert "The bank wants you to confirm the payment yourself." in text
    assert "switched off" in text


def test_each_part_of_a_refund_is_told_once(fake: FakeStripe, session: Object) -> None:
    deliver(fake, *fake.pay(session))
    first, second = fake.refund(session, 300), fake.refund(session, 200)
    deliver(fake, *second, *first, *second, *first)
    assert sent() == [BOUGHT, "Your refund of 3.00 USD", "Your refund of 2.00 USD"]
    third = fake.refund(session, 200)
    deliver(fake, *third, *third)
    assert sent()[3:] == ["Your refund of 2.00 USD"]
    assert "70 of the 100 in all, for 7.00 USD refunded" in last()[0]


@pytest.mark.parametrize("drops", [True, False])
def test_a_refund_that_does_not_arrive_is_told_as_well(
    fake: FakeStripe, session: Object, drops: bool
) -> None:
    deliver(fake, *fake.pay(session), *fake.refund(session, 400))
    events = fake.fail_refund(session, drops=drops)
    deliver(fake, *events, *events)
    assert sent() == [BOUGHT, "Your refund of 4.00 USD", "Your refund of 4.00 USD did not arrive"]


def test_a_refund_that_had_failed_before_anybody_was_told_is_not_told(
    fake: FakeStripe, session: Object
) -> None:
    events = [*fake.pay(session), *fake.refund(session, 400), *fake.fail_refund(session)]
    deliver(fake, *events)
    assert sent() == [BOUGHT]


def test_a_dispute_is_told_when_it_is_opened_and_when_it_is_lost(fake: FakeStripe, session: Object) -> None:
    deliver(fake, *fake.pay(session), *fake.dispute(session, 250))
    assert sent() == [BOUGHT, "Your payment of 2.50 USD is disputed"]
    assert all("25" in text and "held back" in text for text in last())
    events = fake.close_dispute(session, "lost")
    deliver(fake, *events, *events)
    assert sent()[2:] == ["The dispute over 2.50 USD took your credits back"]


def test_a_dispute_that_is_won_is_told_too(fake: FakeStripe, alice: User, session: Object) -> None:
    deliver(fake, *fake.pay(session), *fake.dispute(session), *fake.close_dispute(session, "won"))
    assert sent() == [BOUGHT]  # nobody was told of it before it was over
    again = bought(fake, alice)
    deliver(fake, *fake.pay(again))
    deliver(fake, *fake.dispute(again))
    deliver(fake, *fake.close_dispute(again, "won"))
    expected = [BOUGHT, "Your payment of 10.00 USD is disputed", "The dispute over 10.00 USD is settled"]
    assert sent()[1:] == expected


def test_two_disputes_over_one_payment_are_told_apart(fake: FakeStripe, session: Object) -> None:
    deliver(fake, *fake.pay(session), *fake.dispute(session, 100))
    deliver(fake, *fake.dispute(session, 200))
    assert sent()[1:] == ["Your payment of 1.00 USD is disputed", "Your payment of 2.00 USD is disputed"]


def test_of_an_inquiry_nobody_is_told(fake: FakeStripe, session: Object) -> None:
    deliver(fake, *fake.pay(session), *fake.dispute(session, status="warning_needs_response"))
    deliver(fake, *fake.close_dispute(session, "warning_closed"))
    assert sent() == [BOUGHT]


def test_of_a_payment_that_a_person_has_to_look_at_nobody_is_told(fake: FakeStripe, session: Object) -> None:
    session["currency"] = "idr"
    deliver(fake, *fake.pay(session))
    assert sent() == []


def test_what_templates_are_given_is_escaped_in_html_only(fake: FakeStripe, session: Object) -> None:
    CreditOrder.objects.update(package="<b>R&D</b>")
    deliver(fake, *fake.pay(session))
    sent()
    text, html = last()
    assert "(package <b>R&D</b>)" in text
    assert "(package &lt;b&gt;R&amp;D&lt;/b&gt;)" in html
    assert "<b>" not in html


@pytest.mark.parametrize("kind", PaymentMail.Kind)
def test_every_mail_is_whole_in_text_and_html_and_holds_no_secret(
    fake: FakeStripe, session: Object, kind: str, settings: Settings
) -> None:
    deliver(fake, *fake.pay(session))
    PaymentMail.objects.all().delete()
    told = {"amount": 1234567, "currency": "USD", "credits": 100, "failure": "stolen_card"}
    PaymentMail.objects.create(order=order_of(session), kind=kind, told=told)
    assert len(sent()) == 1
    text, html = last()
    assert str(order_of(session).pk) in text
    assert f"{settings.PUBLIC_URL}/docs/billing" in text
    assert html.startswith("<!doctype html>")
    secrets = [settings.STRIPE_SECRET_KEY, *settings.STRIPE_WEBHOOK_SECRETS, "stolen"]
    secrets += [session["id"], session["payment_intent"], session["customer"]]
    for part in (text, html, mail.outbox[0].subject):
        assert [one for one in secrets if one in part] == []
        assert not {"{{", "{%", "None"} & set(part.split())


def test_an_account_that_is_gone_is_written_to_by_nobody(fake: FakeStripe, session: Object) -> None:
    deliver(fake, *fake.pay(session))
    CreditOrder.objects.update(user=None)
    assert sent() == []
    assert PaymentMail.objects.get().status == "nobody"


def test_mails_that_cannot_be_written_down_do_not_keep_credits_back(
    fake: FakeStripe, alice: User, session: Object, caplog: pytest.LogCaptureFixture
) -> None:
    events = [*fake.pay(session), *fake.refund(session, 300)]
    [refund] = fake.all("refund")
    currency = refund.pop("currency")  # nobody can say how much went back
    deliver(fake, *events)
    assert (balance(alice), sent()) == (70, [])
    assert "its mails could not be written down" in caplog.text
    refund["currency"] = currency
    deliver(fake, fake.tell("refund.updated", refund))
    assert sent() == [BOUGHT, "Your refund of 3.00 USD"]
