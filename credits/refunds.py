"""Giving back what a charge took."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Sum

from credits import statements
from credits.charging import books_of
from credits.errors import RefundExceedsCharge, UnknownCharge
from credits.models import Kind, LedgerEntry
from credits.movements import Movement, check_amount, check_terms


def refund(
    charge: str, amount: int | None = None, *, key: str, metadata: Mapping[str, Any] | None = None
) -> Movement:
    """Give back what the charge of that key took: all that has not been given back yet, or `amount` of it.

    Its spending cap gets it back too, while the window lasts. Raises UnknownCharge, RefundExceedsCharge,
    DuplicateEntry, ValueError.
    """
    taken = LedgerEntry.objects.of_kind(Kind.CHARGE).filter(key=charge).first()
    if taken is None:
        raise UnknownCharge(charge)
    if amount is not None:
        check_amount(amount)
    check_terms(taken.operation, key, taken.reference)
    with books_of(taken.wallet_id, key=key, cap=taken.cap) as books:
        given_back = taken.refunds.aggregate(total=Sum("amount"))["total"] or 0
        refundable = -taken.amount - given_back
        amount = refundable if amount is None else amount
        if not 0 < amount <= refundable:
            raise RefundExceedsCharge(charge, amount or -taken.amount, refundable)
        books.give_back(taken.cap, taken.cap_window, amount)
        books.enter(
            taken.wallet_id,
            amount,
            Kind.REFUND,
            operation=taken.operation,
            reference=taken.reference,
            key=key,
            charge_id=taken.pk,
            cap=taken.cap,
            cap_window=taken.cap_window,
            metadata=statements.as_json(metadata),
        )
    return books.moved(taken.wallet_id, key, amount)
