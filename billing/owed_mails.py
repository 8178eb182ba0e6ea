"""Which mails a payment owes its buyer: one for each thing that has happened to the money.

Like credits, they follow from what Stripe says now and from what has been written down already, so that it
does not matter which events come, how often and in which order.
"""

import logging
from collections.abc import Iterator

from django.db import transaction

from billing.addresses import pay_url
from billing.mail_models import PaymentMail
from billing.models import AutoTopUp, CreditOrder
from billing.reading import Facts, Object
from billing.standing import NO_MONEY_BACK, OPEN_DISPUTES

log = logging.getLogger(__name__)
Kind = PaymentMail.Kind
Known = set[tuple[str, str]]


def note(order: CreditOrder, facts: Facts) -> None:
    """Write down the mails about an order, just settled and still locked, that are not written down yet.

    Credits do not depend on this: what goes wrong is logged, and tried again when the order is next settled.
    """
    try:
        with transaction.atomic():
            known: Known = set(order.mails.values_list("kind", "about"))
            new = [mail for mail in owed(order, facts, known) if (mail.kind, mail.about) not in known]
            PaymentMail.objects.bulk_create(new, ignore_conflicts=True)
    except Exception:
        log.exception("order %s: its mails could not be written down", order.pk)


def owed(order: CreditOrder, facts: Facts, known: Known) -> Iterator[PaymentMail]:
    """Yield what there is to tell, `known` or not; nothing while a person has to look at the payment."""
    if order.user_id is None or order.problem:
        return
    if order.status == CreditOrder.Status.FAILED:
        yield PaymentMail(order=order, kind=Kind.FAILED, told=about_failure(order))
    if order.is_paid:
        paid = {"amount": order.amount_paid or 0, "currency": order.currency}
        yield PaymentMail(order=order, kind=Kind.PURCHASE, told=paid)
        for refund in reversed(facts.refunds):  # Stripe lists the newest first
            yield from about_refund(order, refund, known)
        for dispute in reversed(facts.disputes):
            yield from about_dispute(order, dispute, known)


def about_failure(order: CreditOrder) -> Object:
    """Return what there is to tell of a payment that failed: why, and of a top-up what becomes of it."""
    told: Object = {"failure": order.failure_code}
    if order.is_top_up:
        is_on = AutoTopUp.objects.filter(user=order.user_id, is_on=True).exists()
        told |= {"pay_url": pay_url(order.pk), "is_still_on": is_on}
    return told


def about_refund(order: CreditOrder, refund: Object, known: Known) -> Iterator[PaymentMail]:
    """Yield what there is to tell of a refund: that it was made, and if that was told, that it failed."""
    is_told = (Kind.REFUND, refund["id"]) in known
    told = moved(refund) | {"credits": order.refunded_credits, "amount_in_all": order.amount_refunded}
    if refund["status"] not in NO_MONEY_BACK:
        yield PaymentMail(order=order, kind=Kind.REFUND, about=refund["id"], told=told)
    elif is_told:
        yield PaymentMail(order=order, kind=Kind.REFUND_FAILED, about=refund["id"], told=told)


def about_dispute(order: CreditOrder, dispute: Object, known: Known) -> Iterator[PaymentMail]:
    """Yield what there is to tell of a dispute. Of an inquiry there is nothing: it takes no credits."""
    is_told = (Kind.DISPUTE, dispute["id"]) in known
    told = moved(dispute) | {"credits": order.disputed_credits}
    if dispute["status"] in OPEN_DISPUTES:
        yield PaymentMail(order=order, kind=Kind.DISPUTE, about=dispute["id"], told=told)
    elif dispute["status"] == "lost":
        yield PaymentMail(order=order, kind=Kind.DISPUTE_LOST, about=dispute["id"], told=told)
    elif dispute["status"] == "won" and is_told:
        yield PaymentMail(order=order, kind=Kind.DISPUTE_WON, about=dispute["id"], told=told)


def moved(one: Object) -> Object:
    """Return how much money a refund or dispute is about."""
    return {"amount": one["amount"], "currency": one["currency"].upper()}
