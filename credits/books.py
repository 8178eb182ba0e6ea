"""Locked wallets and caps in memory: lock, decide in order, write all at once; one for each transaction.

Locks are taken in one order everywhere, so that nobody waits in a circle: wallets by id, then caps by
subject. Holds are locked by their wallet.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from credits import statements
from credits.caps import Allowance
from credits.errors import CapMissing, DuplicateEntry, InsufficientCredits
from credits.models import Hold, HoldStatus, Kind
from credits.movements import Charge, Movement
from credits.statements import Line


@dataclass(slots=True)
class Purse:
    """A wallet's figures, locked for this transaction."""

    balance: int
    held: int
    receivable: int

    @property
    def available(self) -> int:
        """Credits that can be spent."""
        return self.balance - self.held


class Books:
    """What a transaction has locked and what it is going to write; lives within one `atomic()`."""

    def __init__(self, wallets: Iterable[UUID], caps: Iterable[UUID] = (), keys: Iterable[str] = ()) -> None:
        """Lock wallets and caps, and look which of the keys are used; only then is anything decided."""
        self.now: datetime = timezone.now()
        locked = statements.rows(statements.LOCK_WALLETS, {"wallets": list(set(wallets))})
        self.purses = {row[0]: Purse(*row[1:]) for row in locked}
        wanted = list(set(caps))
        locked = statements.rows(statements.LOCK_CAPS, {"caps": wanted}) if wanted else []
        self.allowances = {row[0]: Allowance(*row) for row in locked}
        asked = list(keys)
        found = statements.rows(statements.USED_KEYS, {"keys": asked}) if asked else []
        self.used = {row[0] for row in found}
        self.lines: list[Line] = []
        self.holds: list[Hold] = []

    def claim(self, key: str) -> None:
        """Use a key. Raises DuplicateEntry when it has been used, before or in this transaction."""
        if key in self.used:
            raise DuplicateEntry(key)
        self.used.add(key)

    def available(self, wallet: UUID) -> int:
        """Credits that can be spent; 0 without a wallet."""
        return self.purses[wallet].available if wallet in self.purses else 0

    def check_spendable(self, wallet: UUID, amount: int) -> None:
        """Raise InsufficientCredits unless the wallet can pay `amount`."""
        if self.available(wallet) < amount:
            raise InsufficientCredits(amount, self.available(wallet))

    def allow(self, cap: UUID | None, amount: int) -> datetime | None:
        """Count against a cap and return the window. Raises CapReached, also for a cap that is not there."""
        if cap is None:
            return None
        if cap not in self.allowances:
            raise CapMissing(cap)
        return self.allowances[cap].take(amount, self.now)

    def charge(self, charge: Charge) -> Movement:
        """Decide on one charge. Raises DuplicateEntry, InsufficientCredits, CapReached, changing nothing."""
        if charge.key in self.used:
            raise DuplicateEntry(charge.key)
        self.check_spendable(charge.wallet, charge.amount)
        window = self.allow(charge.cap, charge.amount)
        self.claim(charge.key)
        return self.enter(
            charge.wallet,
            -charge.amount,
            Kind.CHARGE,
            operation=charge.operation,
            reference=charge.reference,
            key=charge.key,
            cap=charge.cap,
            cap_window=window,
            metadata=statements.as_json(charge.metadata),
        )

    def enter(self, wallet: UUID, amount: int, kind: str, *, key: str, **details: Any) -> Movement:
        """Move `amount` (signed) and note the entry that says why."""
        purse = self.purses[wallet]
        purse.balance += amount
        self.lines.append(Line(wallet, amount, purse.balance, str(kind), key=key, **details))
        return self.moved(wallet, key, amount)

    def moved(self, wallet: UUID, key: str, amount: int) -> Movement:
        """What the caller is told: the wallet as these books leave it."""
        purse = self.purses[wallet]
        return Movement(key, amount, purse.balance, purse.available)

    def close(self, hold: Hold, status: HoldStatus) -> int:
        """Let go what an open hold still sets aside, and return how much that was."""
        rest = hold.remaining
        hold.released, hold.status = rest, status
        self.purses[hold.wallet_id].held -= rest
        self.give_back(hold.cap, hold.cap_window, rest)
        self.holds.append(hold)
        return rest

    def give_back(self, cap: UUID | None, window: datetime | None, amount: int) -> None:
        """Uncount credits from a cap that is still there."""
        if cap in self.allowances:
            self.allowances[cap].give_back(amount, window)

    def collect(self) -> None:
        """Who owes has nothing to spend: what came in pays the receivable first, with an entry of its own."""
        for wallet, purse in self.purses.items():
            paid = min(purse.receivable, purse.available)
            if paid:
                purse.receivable -= paid
                key = f"owed_{uuid.uuid4().hex}"
                self.enter(wallet, -paid, Kind.REVERSAL, operation="receivable", key=key, receivable=-paid)

    def write(self) -> None:
        """Write what was decided. Raises IntegrityError, also for a key that someone else used meanwhile."""
        self.collect()
        moved = {line.wallet_id for line in self.lines} | {hold.wallet_id for hold in self.holds}
        if not moved:
            return
        purses = [self.purses[wallet] for wallet in moved]
        wallets: dict[str, list[Any]] = {
            "wallets": list(moved),
            "balances": [purse.balance for purse in purses],
            "helds": [purse.held for purse in purses],
            "receivables": [purse.receivable for purse in purses],
        }
        statements.write_entries(wallets, self.lines)
        self.write_caps()
        self.write_holds()

    def write_caps(self) -> None:
        """Write what is counted against the caps."""
        if caps := self.allowances.values():
            columns = {
                "caps": [cap.cap for cap in caps],
                "spent": [cap.spent for cap in caps],
                "excess": [cap.excess for cap in caps],
                "started_at": [cap.window_started_at for cap in caps],
            }
            statements.run(statements.WRITE_CAPS, columns)

    def write_holds(self) -> None:
        """Write how far the holds have come."""
        if holds := self.holds:
            columns = {
                "holds": [hold.pk for hold in holds],
                "captured": [hold.captured for hold in holds],
                "released": [hold.released for hold in holds],
                "status": [str(hold.status) for hold in holds],
            }
            statements.run(statements.WRITE_HOLDS, columns)
