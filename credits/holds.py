"""Credits set aside for work under way: hold, capture, release, and the sweep for the forgotten."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from credits import statements
from credits.books import Books
from credits.charging import books_of, once
from credits.errors import DuplicateEntry, HoldClosed, HoldExceeded, InsufficientCredits
from credits.models import Hold, HoldStatus, Kind, Wallet
from credits.movements import LetGo, Movement, Owner, SetAside, check_amount, check_terms

KEEP_WITHOUT_TRACE = timedelta(days=1)  # an ended hold that captured nothing tells nobody anything after this
SWEEP_WALLETS = 100
SWEEP_HOLDS = 500


def hold(
    user: Owner,
    amount: int,
    *,
    operation: str,
    key: str,
    reference: str = "",
    cap: UUID | None = None,
    seconds: int | None = None,
) -> SetAside:
    """Set credits aside for `seconds` (HOLD_SECONDS by default); the sweep lets go what is still held then.

    Raises InsufficientCredits, CapReached, DuplicateEntry (the key is used once among holds), ValueError.
    """
    check_amount(amount)
    check_terms(operation, key, reference)
    terms = {
        "id": uuid4(),
        "wallet": user.pk,
        "amount": amount,
        "operation": operation,
        "reference": reference,
        "key": key,
        "cap": cap,
        "cap_window": None,
        "expires_at": timezone.now()
        + timedelta(seconds=settings.HOLD_SECONDS if seconds is None else seconds),
    }
    if cap is None:
        return set_aside(terms)
    with once(key), transaction.atomic(savepoint=False):
        books = Books([user.pk], [cap])
        if statements.standing(user.pk, hold_key=key)[1]:
            raise DuplicateEntry(key)
        books.check_spendable(user.pk, amount)
        terms["cap_window"] = books.allow(cap, amount)
        books.write_caps()
        return set_aside(terms)


def set_aside(terms: Mapping[str, Any]) -> SetAside:
    """Make the hold by the one statement. Raises InsufficientCredits, DuplicateEntry."""
    key, wallet, amount = terms["key"], terms["wallet"], terms["amount"]
    with once(key):
        available = statements.set_aside(terms)
    if available is None:
        available, is_used = statements.standing(wallet, hold_key=key)
        raise DuplicateEntry(key) if is_used else InsufficientCredits(amount, available)
    return SetAside(terms["id"], amount, available)


def capture(
    hold: UUID, amount: int, *, key: str, is_last: bool = False, metadata: Mapping[str, Any] | None = None
) -> Movement:
    """Take `amount` from a hold, as a charge; the last one of a bulk job's lets the rest go.

    Raises HoldClosed, HoldExceeded, DuplicateEntry, ValueError.
    """
    check_amount(amount)
    check_terms("capture", key, "")  # what else the entry says was looked at when the hold was made
    noted = statements.as_json(metadata)
    with once(key):
        taken = statements.capture(hold, amount, key=key, is_last=is_last, metadata=noted)
    if taken is not None:
        return Movement(key, -amount, *taken)
    return capture_by_the_books(hold, amount, key=key, is_last=is_last, metadata=noted)


def capture_by_the_books(
    hold: UUID, amount: int, *, key: str, is_last: bool, metadata: str | None
) -> Movement:
    """Capture in several steps: where the wallet owes, a cap gets something back, or to say what is wrong."""
    terms = find(hold)
    with books_of(terms.wallet_id, key=key, cap=terms.cap) as books:
        held = still_open(hold)
        if amount > held.remaining:
            raise HoldExceeded(hold, amount, held.remaining)
        books.purses[held.wallet_id].held -= amount
        held.captured += amount
        books.enter(
            held.wallet_id,
            -amount,
            Kind.CHARGE,
            operation=held.operation,
            reference=held.reference,
            key=key,
            hold_id=held.pk,
            cap=held.cap,
            cap_window=held.cap_window,
            metadata=metadata,
        )
        if held.remaining and is_last:
            books.close(held, HoldStatus.RELEASED)
        else:
            held.status = HoldStatus.OPEN if held.remaining else HoldStatus.CAPTURED
            books.holds.append(held)
    return books.moved(held.wallet_id, key, -amount)


def release(hold: UUID) -> LetGo:
    """End a hold and let go what it still sets aside. Raises HoldClosed."""
    terms = find(hold)
    with books_of(terms.wallet_id, cap=terms.cap) as books:
        amount = books.close(still_open(hold), HoldStatus.RELEASED)
    return LetGo(amount, books.available(terms.wallet_id))


def find(hold: UUID) -> Hold:
    """A hold as it was made; how far it has come is known under its wallet's lock only. Raises HoldClosed."""
    found: Hold | None = Hold.objects.filter(pk=hold).first()
    if found is None:
        raise HoldClosed(hold)
    return found


def still_open(hold: UUID) -> Hold:
    """The hold as it stands, its wallet being locked. Raises HoldClosed when it has ended."""
    found: Hold | None = Hold.objects.open().filter(pk=hold).first()
    if found is None:
        raise HoldClosed(hold)
    return found


def release_expired(now: datetime | None = None) -> int:
    """Let go what holds past their time still set aside; how many ended. Safe to run twice, also at once.

    Wallets in use are passed over at first and waited for at the end.
    """
    now = now or timezone.now()
    ended = 0
    for is_patient in (False, True):
        while (count := sweep(now, is_patient=is_patient)) is not None:
            ended += count
    statements.run(statements.FORGET_HOLDS, {"before": now - KEEP_WITHOUT_TRACE})
    return ended


def sweep(now: datetime, *, is_patient: bool) -> int | None:
    """End the expired holds of some wallets in one transaction; None when there are none, or none free."""
    overdue = Hold.objects.expired(now)
    with transaction.atomic():
        wallets = list(
            Wallet.objects.filter(pk__in=overdue.values("wallet"))
            .order_by("pk")
            .select_for_update(no_key=True, skip_locked=not is_patient)
            .values_list("pk", flat=True)[: 1 if is_patient else SWEEP_WALLETS]
        )
        if not wallets:
            return None
        holds = list(overdue.filter(wallet__in=wallets).order_by("expires_at")[:SWEEP_HOLDS])
        books = Books(wallets, {hold.cap for hold in holds if hold.cap})
        for hold in holds:
            books.close(hold, HoldStatus.EXPIRED)
        books.write()
    return len(holds)
