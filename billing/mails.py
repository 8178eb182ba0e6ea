"""Send the mails about payments, each at most once. The rows decide; see `owed_mails` for what is owed.

A mail that surely did not go is tried again, for three days. One of which nobody knows whether it went, for
the server broke off or the worker died meanwhile, is not: a person can send it again in the admin.
"""

import logging
from contextlib import suppress
from datetime import datetime, timedelta
from smtplib import SMTPServerDisconnected
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db.models import F, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import User
from api.connections import give_back_connection
from billing.mail_models import PaymentMail
from billing.models import CreditOrder
from billing.wording import failure_of, money

log = logging.getLogger(__name__)
Kind = PaymentMail.Kind
Status = PaymentMail.Status
HANDING_OVER = timedelta(minutes=5)  # longer than a worker may take
LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=3)
LEAST_ATTEMPTS = 3  # also of an old one that a person sends again
BROKEN_OFF = (SMTPServerDisconnected, TimeoutError, requests.ReadTimeout)
TEMPLATES = {
    Kind.PURCHASE: "purchase",
    Kind.FAILED: "failed",
    Kind.REFUND: "refund",
    Kind.REFUND_FAILED: "refund",
    Kind.DISPUTE: "dispute",
    Kind.DISPUTE_WON: "dispute",
    Kind.DISPUTE_LOST: "dispute",
}


class BrokenOff(Exception):
    """The mail was on its way; nobody knows whether it has arrived."""


def send(mail_id: int) -> bool:
    """Send one mail, if it is due and nobody else does; whether it went. Twice changes nothing."""
    mail = claim(mail_id, timezone.now())
    if mail is None:
        return False
    user = mail.order.user
    if user is None:
        end(mail, Status.NOBODY)
        return False
    try:
        hand_over(message_of(mail, user))
    except BrokenOff as error:
        log.error("mail %s needs attention: it may or may not have gone: %s", mail.pk, error)
        end(mail, Status.SENDING, error=str(error))
    except Exception as error:  # whatever it is, the mail has not gone
        postpone(mail, error)
    else:
        end(mail, Status.SENT)
        return True
    return False


def claim(mail_id: int, now: datetime) -> PaymentMail | None:
    """Return the mail if it is due, marked so that nobody else sends it."""
    mine = PaymentMail.objects.due(now).filter(pk=mail_id).order_by()
    if not mine.update(status=Status.SENDING, due_at=now, attempts=F("attempts") + 1):
        return None
    mail: PaymentMail = PaymentMail.objects.select_related("order__user").get(pk=mail_id)
    return mail


def hand_over(message: EmailMultiAlternatives) -> None:
    """Give a mail to the mail server. Raises BrokenOff, and for what surely did not go whatever there is."""
    give_back_connection()
    connection = get_connection()
    connection.open()  # what fails here has sent nothing
    try:
        connection.send_messages([message])
    except BROKEN_OFF as error:
        raise BrokenOff(type(error).__name__) from error
    finally:
        with suppress(Exception):  # what was taken was taken, however we part
            connection.close()


def is_server_there() -> bool:
    """Whether the mail server takes calls, so that a hundred mails need not find out one by one."""
    try:
        connection = get_connection()
        connection.open()
        connection.close()
    except Exception as error:
        log.warning("no mails about payments go out: %s", type(error).__name__)
        return False
    return True


def end(mail: PaymentMail, status: Status, *, error: str = "") -> None:
    """Say how it ended."""
    sent_at = timezone.now() if status == Status.SENT else None
    PaymentMail.objects.filter(pk=mail.pk).update(status=status, error=error, sent_at=sent_at)


def postpone(mail: PaymentMail, error: Exception) -> None:
    """Let it be tried again after a while; after days, leave it to a person. What was said is not kept."""
    now = timezone.now()
    is_hopeless = now - mail.created_at > GIVE_UP_AFTER and mail.attempts >= LEAST_ATTEMPTS
    told = type(error).__name__[:100]
    log.log(
        logging.ERROR if is_hopeless else logging.WARNING,
        "mail %s: attempt %s failed: %s",
        mail.pk,
        mail.attempts,
        told,
    )
    PaymentMail.objects.filter(pk=mail.pk).update(
        status=Status.GIVEN_UP if is_hopeless else Status.WAITING,
        error=told,
        due_at=now + min(timedelta(seconds=30 * 2 ** min(mail.attempts, 10)), LONGEST_PAUSE),
    )


def send_again(mails: QuerySet[PaymentMail]) -> list[PaymentMail]:
    """Let those be sent that nobody would send again, and return them. One may then arrive twice."""
    now = timezone.now()
    stuck = PaymentMail.objects.needing_attention(now - HANDING_OVER).filter(pk__in=mails.values("pk"))
    found = list(stuck)
    PaymentMail.objects.filter(pk__in=[mail.pk for mail in found]).update(
        status=Status.WAITING, due_at=now, attempts=0
    )
    return found


# --- what it says ---


def message_of(mail: PaymentMail, user: User) -> EmailMultiAlternatives:
    """Return the mail: text and HTML, and an id that stays the same at each attempt."""
    name, context = f"billing/mail/{TEMPLATES[Kind(mail.kind)]}", context_of(mail, mail.order)
    subject, _, text = render_to_string(f"{name}.txt", context).partition("\n")
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    headers = {
        "Message-ID": f"<payment-{mail.pk}-{mail.order_id}@{host}>",
        "Auto-Submitted": "auto-generated",
    }
    message = EmailMultiAlternatives(subject, text.strip() + "\n", None, [user.email], headers=headers)
    message.attach_alternative(render_to_string(f"{name}.html", context), "text/html")
    return message


def context_of(mail: PaymentMail, order: CreditOrder) -> dict[str, Any]:
    """Return what the templates may say: nothing of a card, and no id of Stripe's but in a link."""
    told = mail.told
    currency = told.get("currency", order.currency)
    return {
        "kind": str(mail.kind),
        "is_top_up": order.kind == CreditOrder.Kind.AUTO_TOPUP,
        "order": order.pk,
        "bought": f"{order.credits:,}",
        "package": order.package,
        "price": money(order.amount, order.currency),
        "amount": money(told.get("amount", 0), currency),
        "amount_in_all": money(told.get("amount_in_all", 0), currency),
        "credits": f"{told.get('credits', 0):,}",
        "failure": failure_of(told.get("failure", "")),
        "receipt_url": order.receipt_url,
        "pay_url": told.get("pay_url", ""),
        "is_still_on": told.get("is_still_on", False),
        "url": settings.PUBLIC_URL,
    }
