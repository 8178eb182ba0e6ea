"""What workers do with Stripe's events. Rows hold the state; running any of these twice changes nothing."""

import logging
import time
from typing import Any
from uuid import UUID

from celery import Task, shared_task
from django.conf import settings
from django.utils import timezone

from api.pruning import pruned
from api.queues import workers_told
from billing import inbox, mails, mirror, reconciling, topups
from billing.models import CreditOrder, PaymentMail, StripeInbox
from billing.settling import UNSETTLED

log = logging.getLogger(__name__)
SWEEP_SECONDS = 50  # a sweep ends before the next begins
SWEEP_ROWS = 500


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def work_event(row_id: int) -> bool:
    """Work one event now rather than at the next sweep, then let dj-stripe have it."""
    is_done = inbox.work(row_id)
    if is_done:
        soon(mirror_event, row_id)
        mails_soon(order__events=row_id)
    return is_done


@shared_task  # type: ignore[untyped-decorator]
def mirror_event(row_id: int) -> bool:
    """Let dj-stripe take in one event."""
    return mirror.feed(row_id)


@shared_task  # type: ignore[untyped-decorator]
def send_mail(mail_id: int) -> bool:
    """Send one mail about a payment now rather than at the next sweep."""
    return mails.send(mail_id)


@shared_task  # type: ignore[untyped-decorator]
def send_due_mails() -> int:
    """Send the mails about payments that are due, whatever became of the messages; how many went."""
    ends = time.monotonic() + SWEEP_SECONDS
    due = list(PaymentMail.objects.due(timezone.now()).values_list("pk", flat=True)[:SWEEP_ROWS])
    if not due or not mails.is_server_there():
        return 0
    return sum(mails.send(mail_id) for mail_id in due if time.monotonic() < ends)


@shared_task  # type: ignore[untyped-decorator]
def sweep_inbox() -> int:
    """Work what is due, whatever became of the messages; then feed the mirror. How many were worked."""
    ends = time.monotonic() + SWEEP_SECONDS
    due = StripeInbox.objects.due(timezone.now()).values_list("pk", flat=True)[:SWEEP_ROWS]
    worked = sum(inbox.work(row_id) for row_id in list(due) if time.monotonic() < ends)
    unmirrored = StripeInbox.objects.unmirrored(timezone.now(), attempts=mirror.ATTEMPTS)
    for row_id in list(unmirrored.values_list("pk", flat=True)[:SWEEP_ROWS]):
        if time.monotonic() < ends:
            mirror.feed(row_id)
    return worked


@shared_task  # type: ignore[untyped-decorator]
def top_up_due() -> int:
    """Have credits bought for accounts whose time it is, a few at a time; how many these are."""
    users = topups.next_ones(timezone.now())
    for user_id in users:
        soon(top_up, str(user_id), what="top-up of")
    return len(users)


@shared_task  # type: ignore[untyped-decorator]
def top_up(user_id: str) -> bool:
    """Buy credits for one account, if it is still time; whether that was begun."""
    try:
        order = topups.top_up(UUID(user_id))
    except UNSETTLED as error:
        log.warning("a top-up: not known how it ends: %s", type(error).__name__)
        return True
    if order:
        mails_soon(order=order.pk)
    return order is not None


@shared_task  # type: ignore[untyped-decorator]
def resume_top_ups() -> int:
    """Find out what became of top-ups of which no answer came; of how many that is known now."""
    ends = time.monotonic() + SWEEP_SECONDS
    unknown = list(topups.unknown(timezone.now()).values_list("pk", flat=True)[:SWEEP_ROWS])
    return sum(is_known(order_id) for order_id in unknown if time.monotonic() < ends)


def is_known(order_id: UUID) -> bool:
    """Find out about one; one that cannot be asked about does not hold up the others."""
    try:
        return topups.resume(order_id).status != CreditOrder.Status.PENDING
    except UNSETTLED as error:
        log.warning("top-up %s: still not known: %s", order_id, type(error).__name__)
    except Exception:
        log.exception("top-up %s: it cannot be found out", order_id)
    return False


@shared_task(time_limit=1800)  # type: ignore[untyped-decorator]
def reconcile() -> int:
    """Hold what Stripe lists of the last two days against the orders. How many orders were settled."""
    return reconciling.reconcile() if settings.STRIPE_SECRET_KEY else 0


@shared_task  # type: ignore[untyped-decorator]
def forget_old_events() -> int:
    """Delete events past STRIPE_EVENT_DAYS, a few thousand at a time; those that need a person stay."""
    return pruned(inbox.forget, days=settings.STRIPE_EVENT_DAYS)


@shared_task  # type: ignore[untyped-decorator]
def forget_old_mirrored_events() -> int:
    """Delete dj-stripe's copies of events past STRIPE_EVENT_DAYS, a few thousand at a time; how many."""
    return pruned(mirror.forget, days=settings.STRIPE_EVENT_DAYS)


def mails_soon(**which: Any) -> None:
    """Have mails sent at once that are due."""
    due = PaymentMail.objects.due(timezone.now()).filter(**which)
    for mail_id in due.values_list("pk", flat=True):
        soon(send_mail, mail_id, what="mail")


def soon(task: Task, row_id: int | str, *, what: str = "event") -> None:
    """Have a task done at once; without a queue, the next sweep does it."""
    if not workers_told(task, row_id):
        log.warning("no queue for %s %s: the next sweep takes it", what, row_id)
