"""A conversion that is paid for: once for a pair and account in a year, whatever happens at once.

The charge, the row that says that the pair is paid for, and the row of the answer are one transaction. Of
many who are answered the same pair at the same time the first to write its row pays (`conversion.bought`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.authentication import Credential
from accounts.models import User
from api.ids import new_request_id, uuid_of
from conversion import bought, services
from conversion.models import Conversion
from conversion.output import data_of
from conversion.services import CONVERT, PRODUCT, Found, Question
from credits.prices import price_of
from credits.services import Payment, payment
from providers.base import Freshness


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
        is_paid_for = not question.include_product and bool(bought.pairs([question.code.normal], user))
        before: Callable[[], object] = _nothing if is_paid_for else due.authorise
        found = services.convert(question, user=user, wait=wait, before_upstream=before)
        if found.retry_after is not None:
            due.amount = 0
            return Delivered(row or _pending(question, user), due, found.retry_after)
        with transaction.atomic():
            if row is not None and (landed := _landed(row)) is not None:
                due.amount = 0
                return Delivered(landed, due)
            buys = not found.is_free and bool(bought.buy([pair_of(found)], user, key))
            lines = lines_of(found, buys=buys)
            due.amount = sum(credits for _, credits in lines)
            due.metadata = _note(found, lines, credential)
            due.settle()
            kept = row or new_row(question, user)
            write_down(kept, found, credits=due.charged, charge=key)
            kept.answer = data_of(found, kept.id, is_repeat=not found.is_free and not buys)
            kept.save()
    return Delivered(kept, due)


def _landed(row: Conversion) -> Conversion | None:
    """Return the row if another call has delivered it since; until this one ends no other can."""
    now = Conversion.objects.select_for_update().get(pk=row.pk)
    return None if now.status == Conversion.Status.PENDING else now


def _nothing() -> None:
    """Set nothing aside: who has paid for what a code means is told again, however empty the wallet is."""


def pair_of(found: Found) -> bought.Pair:
    """Return what is bought."""
    return found.question.code.normal, found.asin


def lines_of(found: Found, *, buys: bool) -> list[tuple[str, int]]:
    """Return what makes up the price of what is delivered. `buys`: the pair is paid for now."""
    lines = [(CONVERT, price_of(CONVERT))] if buys else []
    shown = found.entry.answer
    if found.question.include_product and shown is not None and shown.freshness is not Freshness.STALE:
        lines.append((PRODUCT, price_of(PRODUCT)))
    return lines


def providers_of(found: Found) -> list[str]:
    """Return whose claims it was made of."""
    return sorted({one.source for one in found.heard})


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
        "providers": providers_of(found),
        **({"key": str(credential.id)} if credential.kind == "key" else {}),
    }


def write_down(row: Conversion, found: Found, *, credits: int, charge: str) -> None:
    """Put into a row what was found and what it cost under this charge."""
    row.status = Conversion.Status.FOUND
    row.asin = found.asin
    row.confidence = found.confidence
    row.is_own = found.is_own
    row.heard = services.heard_as_json(found)
    row.credits = credits
    row.charge = charge if credits else ""


def _pending(question: Question, user: User) -> Conversion:
    row = new_row(question, user)
    row.status = Conversion.Status.PENDING
    row.save()
    return row


def new_row(question: Question, user: User) -> Conversion:
    """Return the row of a question, not written yet."""
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
