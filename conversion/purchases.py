"""A conversion that is paid for: once for a pair and account in a year, whatever happens at once.

The charge, the row that says that the pair is paid for, and the row of the answer are one transaction. Of
many who are answered the same pair at the same time the first to write its row pays; the others wait for it
and find it paid.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from accounts.authentication import Credential
from accounts.models import User
from api.ids import new_request_id, uuid_of
from conversion import services
from conversion.models import Conversion, Purchase
from conversion.output import data_of
from conversion.services import CONVERT, PRODUCT, Found, Question
from credits.prices import price_of
from credits.services import Payment, payment
from providers.base import Freshness

FREE_FOR = timedelta(days=365)

# True where the pair is paid for now, by this charge; whoever else does the same at once waits here.
BUY = """
    INSERT INTO conversion_purchase AS known (user_id, code, asin, charge, paid_at)
    VALUES (%(user)s, %(code)s, %(asin)s, %(charge)s, %(now)s)
    ON CONFLICT (user_id, code, asin) DO UPDATE SET charge = excluded.charge, paid_at = excluded.paid_at
    WHERE known.charge = excluded.charge OR known.paid_at <= %(long_ago)s
    RETURNING 1
"""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What an account was answered. `due` is the finished payment; `row` has the answer or is pending."""

    row: Conversion
    due: Payment
    retry_after: float | None = None


def deliver(
    question: Question,
    *,
    user: User,
    credential: Credential,
    key: str,
    is_again: bool,
    wait: float,
    row: Conversion | None = None,
) -> Delivered:
    """Convert, and charge what is delivered under this key. `row`: the conversion that was pending until now.

    Raises what `services.convert` and `payment` raise; then nothing is charged and nothing is kept.
    """
    most = services.price(include_product=question.include_product)
    with payment(
        user,
        most,
        operation=CONVERT,
        key=key,
        reference=question.code.normal,
        cap=credential.cap,
        is_again=is_again,
    ) as due:
        is_paid_for = not question.include_product and _was_bought(question, user)
        before: Callable[[], object] = _nothing if is_paid_for else due.authorise
        found = services.convert(question, user=user, wait=wait, before_upstream=before)
        if found.retry_after is not None:
            due.amount = 0
            return Delivered(row or _pending(question, user), due, found.retry_after)
        with transaction.atomic():
            if row is not None and (landed := _landed(row)) is not None:
                due.amount = 0
                return Delivered(landed, due)
            lines = _lines(found, user, key)
            due.amount = sum(credits for _, credits in lines)
            due.metadata = _note(found, lines, credential)
            due.settle()
            kept = _kept(found, user, due, key, is_repeat=_is_repeat(found, lines), row=row)
    return Delivered(kept, due)


def _landed(row: Conversion) -> Conversion | None:
    """Return the row if another call has delivered it since; until this one ends no other can."""
    now = Conversion.objects.select_for_update().get(pk=row.pk)
    return None if now.status == Conversion.Status.PENDING else now


def _nothing() -> None:
    """Set nothing aside: who has paid for what a code means is told again, however empty the wallet is."""


def _was_bought(question: Question, user: User) -> bool:
    recent = timezone.now() - FREE_FOR
    return Purchase.objects.filter(user=user, code=question.code.normal, paid_at__gt=recent).exists()


def _lines(found: Found, user: User, key: str) -> list[tuple[str, int]]:
    """Return what makes up the price of what is delivered."""
    lines = []
    if not found.is_free and _buys(found, user, key):
        lines.append((CONVERT, price_of(CONVERT)))
    shown = found.entry.answer
    if found.question.include_product and shown is not None and shown.freshness is not Freshness.STALE:
        lines.append((PRODUCT, price_of(PRODUCT)))
    return lines


def _buys(found: Found, user: User, key: str) -> bool:
    """Say whether this charge pays for the pair; not so where another has within the year."""
    now = timezone.now()
    row: dict[str, Any] = {
        "user": user.pk,
        "code": found.question.code.normal,
        "asin": found.asin,
        "charge": key,
        "now": now,
        "long_ago": now - FREE_FOR,
    }
    with connection.cursor() as cursor:
        cursor.execute(BUY, row)
        return cursor.fetchone() is not None


def _is_repeat(found: Found, lines: list[tuple[str, int]]) -> bool:
    return not found.is_free and CONVERT not in dict(lines)


def _note(found: Found, lines: list[tuple[str, int]], credential: Credential) -> Mapping[str, Any]:
    """Return what the ledger keeps with the charge: the rule, and what was delivered."""
    shown = found.entry.answer
    return {
        "rule": lines,
        "asin": found.asin,
        "marketplace": found.question.marketplace,
        "parts": ["core"] if PRODUCT in dict(lines) else [],
        "freshness": "fresh",
        "age_seconds": shown.age if shown and PRODUCT in dict(lines) else 0,
        "providers": sorted({one.source for one in found.heard}),
        **({"key": str(credential.id)} if credential.kind == "key" else {}),
    }


def _kept(
    found: Found, user: User, due: Payment, key: str, *, is_repeat: bool, row: Conversion | None
) -> Conversion:
    """Write down the answer."""
    kept = row or _new(found.question, user)
    kept.status = Conversion.Status.FOUND
    kept.asin = found.asin
    kept.confidence = found.confidence
    kept.is_own = found.is_own
    kept.heard = services.heard_as_json(found)
    kept.credits = due.charged
    kept.charge = key if due.charged else ""
    kept.answer = data_of(found, kept.id, is_repeat=is_repeat)
    kept.save()
    return kept


def _pending(question: Question, user: User) -> Conversion:
    row = _new(question, user)
    row.status = Conversion.Status.PENDING
    row.save()
    return row


def _new(question: Question, user: User) -> Conversion:
    return Conversion(
        id=_new_id(),
        user=user,
        code=question.code.normal,
        marketplace=question.marketplace,
        asked={
            "min_confidence": question.min_confidence,
            "include_product": question.include_product,
            "label_title": question.label_title,
            "label_condition": question.label_condition,
        },
    )


def _new_id() -> UUID:
    return uuid_of(new_request_id())
