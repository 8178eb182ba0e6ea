"""The verbs: the only place where credits move.

Each is once for its `key` (DuplicateEntry the second time, the wallet untouched) and whole: it happens or it
does not. Amounts are positive whole credits; `user` is anything with the `pk` of a user. Within an open
transaction a verb is part of it; otherwise it is committed when it returns. Whoever moves credits of several
wallets in one transaction goes in the order of their ids, or risks a deadlock that PostgreSQL ends.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from credits import statements
from credits.charging import GROUPING, books_of
from credits.holds import capture, hold, release
from credits.models import Kind
from credits.movements import Charge, Movement, Owner, check_amount, check_terms
from credits.payments import Payment, payment
from credits.refunds import refund

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
    "reverse",
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
