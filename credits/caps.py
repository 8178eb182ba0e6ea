"""Spending caps: how much may be spent in someone's name, counted in the transaction that spends.

A cap counts charges and open holds of its window. What a hold lets go and what a refund gives back is given
back to the cap, unless its window has passed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from credits.errors import CapReached
from credits.models import Period, SpendingCap, Wallet
from credits.movements import Owner


@dataclass(slots=True)
class Allowance:
    """A cap's figures, locked for this transaction."""

    cap: UUID
    limit: int
    period: str
    spent: int
    excess: int
    window_started_at: datetime

    def take(self, amount: int, now: datetime) -> datetime:
        """Count `amount` credits and return the window they were counted in. Raises CapReached."""
        self.roll(now)
        if self.spent + amount > self.limit:
            raise CapReached(self.cap, self.limit, self.limit - self.spent, self.resets_at)
        self.spent += amount
        return self.window_started_at

    def give_back(self, amount: int, window: datetime | None) -> None:
        """Uncount credits that were counted in `window`, unless that has passed."""
        if window == self.window_started_at:
            self.count(self.spent + self.excess - amount)

    def count(self, used: int) -> None:
        """Split what was used into what the limit covers and the excess over a limit lowered afterwards."""
        self.spent = min(used, self.limit)
        self.excess = used - self.spent

    def roll(self, now: datetime) -> None:
        """Begin a new window when the day or month has changed; a slow clock never turns it back."""
        start = window_start(self.period, now)
        if start is not None and start > self.window_started_at:
            self.window_started_at = start
            self.spent = self.excess = 0

    @property
    def resets_at(self) -> datetime | None:
        """When the next window begins; None if there is none."""
        return window_end(self.period, self.window_started_at)


def window_start(period: str, now: datetime) -> datetime | None:
    """The first moment of the UTC calendar day or month that `now` lies in; None for a cap on the total."""
    if period == Period.TOTAL:
        return None
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if period == Period.DAY else midnight.replace(day=1)


def window_end(period: str, started_at: datetime) -> datetime | None:
    """The first moment after the window; None for a cap on the total."""
    start = window_start(period, started_at)
    if start is None or period == Period.DAY:
        return start and start + timedelta(days=1)
    return (start + timedelta(days=32)).replace(day=1)


def set_cap(subject: UUID, *, limit: int, period: str) -> SpendingCap:
    """Set or change the cap of `subject`; returns it. Raises ValueError.

    A lower limit counts what this window has spent already; another period begins to count afresh.
    """
    if type(limit) is not int or limit < 0 or period not in Period.values:
        raise ValueError("a cap is a whole number of credits, 0 or more, per day, per month or in total")
    now = timezone.now()
    with transaction.atomic():
        SpendingCap.objects.bulk_create(
            [SpendingCap(subject=subject, limit=limit, period=period, window_started_at=now)],
            ignore_conflicts=True,
        )
        cap: SpendingCap = SpendingCap.objects.select_for_update(no_key=True).get(pk=subject)
        fresh = cap.period != period
        allowance = Allowance(
            subject, limit, period, cap.spent, cap.excess, now if fresh else cap.window_started_at
        )
        allowance.roll(now)
        allowance.count(0 if fresh else allowance.spent + allowance.excess)
        cap.limit, cap.period, cap.spent, cap.excess = limit, period, allowance.spent, allowance.excess
        cap.window_started_at = allowance.window_started_at
        cap.save()
    return cap


def caps_of(subjects: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return limit, period, spent and resets_at of the caps of these subjects, as they stand now."""
    now, found = timezone.now(), {}
    for cap in SpendingCap.objects.filter(pk__in=list(subjects)):
        allowance = Allowance(
            cap.subject, cap.limit, cap.period, cap.spent, cap.excess, cap.window_started_at
        )
        allowance.roll(now)
        found[cap.subject] = {
            "limit": cap.limit,
            "period": cap.period,
            "spent": allowance.spent + allowance.excess,
            "resets_at": allowance.resets_at,
        }
    return found


def remove_cap(subject: UUID) -> None:
    """Forget a cap. First stop naming it in charges: one that is named and does not exist allows nothing."""
    SpendingCap.objects.of(subject).delete()


def spendable(user: Owner, cap: UUID | None) -> int:
    """Return the credits that a user can spend now, with a key of this cap."""
    wallet = Wallet.objects.for_user(user).first()
    credits = wallet.available if wallet else 0
    if cap is None:
        return credits
    figures = caps_of([cap]).get(cap, {"limit": 0, "spent": 0})
    left: int = figures["limit"] - figures["spent"]
    return max(0, min(credits, left))
