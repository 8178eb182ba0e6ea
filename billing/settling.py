"""Bring an order and the ledger to where Stripe says the payment stands. The only place where that happens.

Whoever calls, for whatever reason and however often: what Stripe says now is read anew, and credits move by
the difference. Nothing is kept of what an event said, so their order does not matter.
"""

import logging
from contextlib import suppress
from copy import copy
from dataclasses import asdict
from typing import Any, cast
from uuid import UUID

import stripe
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from api.connections import give_back_connection
from billing.errors import PaymentMismatch, StillChanging, Unmatched
from billing.models import AutoTopUp, CreditOrder
from billing.owed_mails import note
from billing.reading import Facts, Hints, read
from billing.standing import REFUSED_CODE, TAKEN, Standing, standing
from credits.errors import DuplicateEntry
from credits.services import grant, reverse

log = logging.getLogger(__name__)
ATTEMPTS = 5
Reason = AutoTopUp.OffReason
UNSETTLED = (stripe.StripeError, StillChanging, Unmatched)  # what `settle` raises; it can be tried again
CREDITS = {"refunded_credits": "refund", "disputed_credits": "dispute"}


def settle(order_id: UUID, hints: Hints) -> CreditOrder:
    """Read what Stripe says of an order's payment, and let credits follow. Returns the order as it is then.

    A payment that is not what was ordered is marked on the order (`problem`) and grants nothing. Raises
    StripeError, Unmatched (no session at Stripe), StillChanging (others were faster, again and again).
    """
    for _ in range(ATTEMPTS):
        order: CreditOrder = CreditOrder.objects.get(pk=order_id)
        give_back_connection()
        facts = read(order, hints)
        if settled := converge(order, facts):
            return settled
    raise StillChanging(f"order {order_id}")


def converge(seen: CreditOrder, facts: Facts) -> CreditOrder | None:
    """Apply what was read, and note the mails about it.

    None if the order was changed since it was seen, for then what was read may be old.
    """
    with transaction.atomic():
        order: CreditOrder = CreditOrder.objects.locked().get(pk=seen.pk)
        if order.version != seen.version:
            return None
        try:
            stands = standing(order, facts)
        except PaymentMismatch as why:
            note_problem(order, CreditOrder.Problem(why.problem), str(why))
            return order
        apply(order, stands)
        note(order, facts)
    return order


def apply(order: CreditOrder, stands: Standing) -> None:
    """Move credits and change the order, both or neither; its row is locked."""
    now = asdict(stands)
    if not order.problem and all(getattr(order, name) == value for name, value in now.items()):
        return
    is_to_pay = stands.status in ("paid", "refunded", "disputed") and not order.is_paid
    if is_to_pay and order.user is None:
        note_problem(order, CreditOrder.Problem.NO_USER, f"paid by {stands.payment_intent_id}")
        return
    before = copy(order)
    told = {name: now[name] for name in ("session_id", "payment_intent_id", "charge_id") if now[name]}
    if is_to_pay:
        pay_out(order, told)
    for column, why in CREDITS.items():
        take_back(order, why, now[column] - getattr(order, column), told)
    for name, value in now.items():
        setattr(order, name, value)
    if order.problem != CreditOrder.Problem.TWICE:  # that stays, until a person has seen to it
        order.problem = order.problem_detail = ""
    order.version += 1
    order.save()
    stop_top_ups(order, before)


def stop_top_ups(order: CreditOrder, before: CreditOrder) -> None:
    """Charge no saved card any more once a top-up has failed, or a payment is disputed or refunded.

    What was so before has had its effect already.
    """
    plans = AutoTopUp.objects.filter(user=order.user_id)
    is_new = (order.status, order.failure_code) != (before.status, before.failure_code)
    if order.is_top_up and order.status == CreditOrder.Status.FAILED and is_new:
        reason = order.failure_code if order.failure_code in Reason.values else Reason.DECLINED
        plans.filter(consented_at__lte=order.created_at).switch_off(reason, order=order)
    elif order.disputed_credits > before.disputed_credits or (
        order.dispute_status in TAKEN and before.dispute_status not in TAKEN
    ):
        plans.switch_off(Reason.DISPUTED, order=order)
    elif order.amount_refunded > before.amount_refunded:
        plans.switch_off(Reason.REFUNDED, order=order)


def call_off(order_id: UUID, code: str) -> CreditOrder:
    """Fail an order that Stripe has not taken, if it is open; `code` says why. Returns it as it is then."""
    with transaction.atomic():
        order: CreditOrder = CreditOrder.objects.locked().get(pk=order_id)
        if order.status == CreditOrder.Status.PENDING:
            before = copy(order)
            order.status, order.failure_code = CreditOrder.Status.FAILED, code or REFUSED_CODE
            order.version += 1
            order.save(update_fields=["status", "failure_code", "version"])
            stop_top_ups(order, before)
            note(order, Facts())
    return order


def close_problem(order_id: UUID) -> bool:
    """Say that a person has seen to the problem of an order; whether it had one. An open top-up fails."""
    with transaction.atomic():
        order: CreditOrder = CreditOrder.objects.locked().get(pk=order_id)
        had_one = bool(order.problem)
        if had_one:
            order.problem = order.problem_detail = ""
            if order.is_top_up and order.status == CreditOrder.Status.PENDING:
                order.status, order.failure_code = CreditOrder.Status.FAILED, "not_taken"
            order.version += 1
            order.save()
    return had_one


def pay_out(order: CreditOrder, told: dict[str, Any]) -> None:
    """Grant what was bought. The key belongs to the order, so that this can be written once."""
    with suppress(DuplicateEntry):
        grant(
            buyer_of(order),
            order.credits,
            operation="pack",
            key=order.key,
            reference=str(order.pk),
            metadata=told,
        )
    order.paid_at = timezone.now()


def take_back(order: CreditOrder, why: str, amount: int, told: dict[str, Any]) -> None:
    """Take credits back because money went back; with a negative amount, give them again."""
    if not amount:
        return
    order.moves += 1
    move = reverse if amount > 0 else grant
    move(
        buyer_of(order),
        abs(amount),
        operation=f"pack.{why}",
        key=f"{why}:{order.pk}:{order.moves}",
        reference=str(order.pk),
        metadata=told,
    )


def buyer_of(order: CreditOrder) -> User:
    """Return whose wallet it is; one with entries keeps its user."""
    return cast(User, order.user)


def note_problem(order: CreditOrder, problem: CreditOrder.Problem, detail: str) -> None:
    """Mark an order that only a person can put right, and say so once."""
    if (order.problem, order.problem_detail) != (problem, detail):
        order.problem, order.problem_detail = problem, detail
        order.version += 1
        order.save(update_fields=["problem", "problem_detail", "version"])
        log.error("order %s needs attention: %s: %s", order.pk, problem, detail)
