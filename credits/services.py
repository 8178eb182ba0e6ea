"""The verbs: the only place where credits move.

Each is once for its `key` (DuplicateEntry the second time, the wallet untouched) and whole: it happens or it
does not. Amounts are positive whole credits; `user` is anything with the `pk` of a user. Within an open
transaction a verb is part of it; otherwise it is committed when it returns. Whoever moves credits of several
wallets in one transaction goes in the order of their ids, or risks a deadlock that PostgreSQL ends.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Sum

from credits import statements
from credits.caps import remove_cap, set_cap
from credits.charging import GROUPING, books_of
from credits.errors import RefundExceedsCharge, UnknownCharge
from credits.holds import capture, hold, release
from credits.models import Kind, LedgerEntry
from credits.movements import Charge, Movement, Owner, check_amount, check_terms
from credits.payments import Payment, payment

__all__ = [
    "Payment",
    "adjust",
    "capture",
    "charge",
    "grant",
    "hold",
    "payment",
    "refund",
    "release",
    "remove_cap",
    "reverse",
    "set_cap",
]


def charge(
    user: Owner,
    amount: int,
    *,
    operation: str,
    key: str,
    reference: str = "",
    cap: UUID | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Movement:
    """Take credits for what was delivered; concurrent charges share a commit (`grouping.py`).

    Raises InsufficientCredits, CapReached, DuplicateEntry; ValueError for what could never be an entry.
    """
    return GROUPING.charge(Charge(user.pk, amount, operation, key, reference, cap, metadata))


def grant(
    user: Owner,
    amount: int,
    *,
    operation: str,
    key: str,
    reference: str = "",
    metadata: Mapping[str, Any] | None = None,
) -> Movement:
    """Put credits into a wallet, which is opened when there is none. What the wallet owes is paid first.

    Raises DuplicateEntry, ValueError.
    """
    check_amount(amount)
    check_terms(operation, key, reference)
    with books_of(user.pk, key=key, is_new=True) as books:
        books.enter(
            user.pk,
            amount,
            Kind.GRANT,
            operation=operation,
            reference=reference,
            key=key,
            metadata=statements.as_json(metadata),
        )
    return books.moved(user.pk, key, amount)


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


def adjust(user: Owner, amount: int, *, reason: str, actor: str, key: str, reference: str = "") -> Movement:
    """Correct a balance by hand, up or down: `reason` says why, `actor` who; both are kept with the entry.

    Raises InsufficientCredits (nothing is taken from holds), DuplicateEntry, ValueError.
    """
    check_amount(abs(amount))
    check_terms("adjustment", key, reference)
    if not reason.strip() or not actor:
        raise ValueError("an adjustment says who made it and why")
    with books_of(user.pk, key=key, is_new=True) as books:
        books.check_spendable(user.pk, -amount)
        books.enter(
            user.pk,
            amount,
            Kind.ADJUSTMENT,
            operation="adjustment",
            reference=reference,
            key=key,
            metadata=statements.as_json({"reason": reason.strip(), "actor": actor}),
        )
    return books.moved(user.pk, key, amount)


def reverse(
    user: Owner,
    amount: int,
    *,
    operation: str,
    key: str,
    reference: str = "",
    metadata: Mapping[str, Any] | None = None,
) -> Movement:
    """Claw back credits whose money went back. What can be spent is taken, the rest is owed.

    The movement's amount is what was taken, 0 or less. Credits that come in later pay the receivable before
    they can be spent. Raises DuplicateEntry, ValueError.
    """
    check_amount(amount)
    check_terms(operation, key, reference)
    with books_of(user.pk, key=key, is_new=True) as books:
        taken = min(amount, books.available(user.pk))
        books.purses[user.pk].receivable += amount - taken
        books.enter(
            user.pk,
            -taken,
            Kind.REVERSAL,
            operation=operation,
            reference=reference,
            key=key,
            receivable=amount - taken,
            metadata=statements.as_json({**(metadata or {}), "asked": amount}),
        )
    return books.moved(user.pk, key, -taken)
