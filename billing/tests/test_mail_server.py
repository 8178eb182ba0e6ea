"""The mail server away, refusing or breaking off, many workers, one that dies: each mail goes once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AuditEvent, User
from accounts.tests.factories import a_user
from billing import mails, tasks
from billing.inbox import work
from billing.mail_models import PaymentMail
from billing.models import StripeInbox
from billing.tests.acts import balance, bought, deliver, post, work_all
from billing.tests.fake_smtp import MailServer, serving_mail
from billing.tests.fake_stripe import FakeStripe
from credits.tests.factories import at_once

pytestmark = pytest.mark.django_db(transaction=True)
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def owed(fake: FakeStripe, alice: User) -> PaymentMail:
    """The mail about a purchase of Alice's, which is paid."""
    deliver(fake, *fake.pay(bought(fake, alice)))
    return PaymentMail.objects.get()


@pytest.fixture
def server(settings: Settings) -> Iterator[MailServer]:
    """A mail server that the settings lead to."""
    with serving_mail() as found:
        settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", found.port
        yield found


def later(**when: float) -> time_machine.travel:
    """So much later."""
    return time_machine.travel(timezone.now() + timedelta(**when), tick=False)


def test_a_mail_arrives_in_text_and_html(server: MailServer, owed: PaymentMail, alice: User) -> None:
    assert tasks.send_due_mails() == 1
    [taken] = server.taken
    assert (taken["To"], taken["Subject"]) == (alice.email, "Your purchase of 100 credits")
    assert [part.get_content_type() for part in taken.iter_parts()] == ["text/plain", "text/html"]
    assert taken["Message-ID"] == f"<payment-{owed.pk}-{owed.order_id}@testserver>"


def test_without_a_mail_server_the_grant_stands_and_the_mail_goes_later_once(
    server: MailServer, owed: PaymentMail, alice: User, settings: Settings
) -> None:
    settings.EMAIL_PORT = 1
    assert (tasks.send_due_mails(), tasks.send_mail(owed.pk)) == (0, False)
    owed.refresh_from_db()
    assert (owed.status, owed.error, balance(alice)) == ("waiting", "ConnectionRefusedError", 100)
    settings.EMAIL_PORT = server.port
    assert tasks.send_due_mails() == 0  # it waits a little
    with later(minutes=2):
        assert [tasks.send_due_mails() for _ in range(3)] == [1, 0, 0]
    assert len(server.taken) == 1


def test_what_the_server_refuses_for_now_goes_later(server: MailServer, owed: PaymentMail) -> None:
    server.refuses = True
    assert not mails.send(owed.pk)
    server.refuses = False
    with later(minutes=2):
        assert mails.send(owed.pk)
    assert len(server.taken) == 1


def test_what_may_have_gone_is_not_sent_again_by_itself(
    server: MailServer, owed: PaymentMail, caplog: pytest.LogCaptureFixture
) -> None:
    server.breaks_off = True
    assert not mails.send(owed.pk)
    assert "needs attention" in caplog.text
    server.breaks_off = False
    with later(days=1):
        assert tasks.send_due_mails() == 0
    assert len(server.taken) == 1


def test_a_worker_that_dies_while_it_sends_leaves_the_mail_to_a_person(
    server: MailServer, owed: PaymentMail
) -> None:
    assert mails.claim(owed.pk, timezone.now())
    with later(hours=1):
        assert tasks.send_due_mails() == 0
        stuck = PaymentMail.objects.needing_attention(timezone.now() - mails.HANDING_OVER)
        assert list(stuck) == [owed]


def test_twenty_workers_send_one_mail(server: MailServer, owed: PaymentMail) -> None:
    assert sorted(at_once(*[lambda: mails.send(owed.pk)] * 20)) == [False] * 19 + [True]
    assert len(server.taken) == 1


def test_twenty_events_worked_at_once_are_one_mail(server: MailServer, fake: FakeStripe, alice: User) -> None:
    session = bought(fake, alice)
    fake.pay(session)
    for _ in range(20):
        post(*fake.signed(fake.tell("checkout.session.completed", session)))
    at_once(*[lambda pk=row.pk: work(pk) for row in StripeInbox.objects.all()])
    work_all()
    assert tasks.send_due_mails() == 1
    assert len(server.taken) == 1


def test_what_fails_for_days_is_left_to_a_person(owed: PaymentMail, settings: Settings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", 1
    assert tried(owed, 3, days=3) == ["waiting", "waiting", "given_up"]


def test_what_was_given_up_and_is_sent_again_is_tried_as_often_as_anything(
    owed: PaymentMail, settings: Settings
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", 1
    tried(owed, 3, days=3)
    mails.send_again(PaymentMail.objects.all())
    assert tried(owed, 3, days=4) == ["waiting", "waiting", "given_up"]


def tried(mail: PaymentMail, times: int, *, days: int) -> list[str]:
    """How a mail stands after each of so many attempts, an hour apart, beginning after so many days."""
    stands = []
    for hour in range(1, times + 1):
        with later(days=days, hours=hour):
            assert not mails.send(mail.pk)
        mail.refresh_from_db()
        stands.append(mail.status)
    return stands


def test_one_mail_that_is_refused_does_not_hold_up_the_others(
    fake: FakeStripe, alice: User, owed: PaymentMail, server: MailServer
) -> None:
    PaymentMail.objects.update(told={"amount": "no number", "currency": "USD"})
    deliver(fake, *fake.pay(bought(fake, alice)))
    assert tasks.send_due_mails() == 1
    owed.refresh_from_db()
    assert (owed.status, owed.error) == ("waiting", "TypeError")


def test_mails_can_be_written_to_files(owed: PaymentMail, settings: Settings, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    assert tasks.send_due_mails() == 1
    assert "Your purchase of 100 credits" in "".join(path.read_text() for path in tmp_path.iterdir())


def browser(*permissions: str) -> Client:
    """Someone who runs this install and has these permissions."""
    operator = a_user(is_staff=True)
    operator.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(operator, backend="accounts.backends.EmailBackend")
    return client


MAILS = "/admin/billing/paymentmail/"


@pytest.mark.parametrize(("may", "status"), [(True, "waiting"), (False, "given_up")])
def test_who_may_can_have_a_lost_mail_sent_again(owed: PaymentMail, may: bool, status: str) -> None:
    PaymentMail.objects.update(status="given_up")
    client = browser("view_paymentmail", *["send_mail_again"] * may)
    assert "It failed for days" in client.get(MAILS).content.decode()
    client.post(MAILS, {"action": "send_again", "_selected_action": [owed.pk]})
    owed.refresh_from_db()
    assert owed.status == status
    assert AuditEvent.objects.filter(action="payment_mail:send_again").count() == may


def test_what_was_sent_is_not_sent_again_from_the_admin(owed: PaymentMail) -> None:
    assert tasks.send_due_mails() == 1
    browser("view_paymentmail", "send_mail_again").post(
        MAILS, {"action": "send_again", "_selected_action": [owed.pk]}
    )
    assert tasks.send_due_mails() == 0
    assert len(mail.outbox) == 1
