"""`payment()`: pay for what is delivered, around one piece of work."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

from django.db import Error

from credits.charging import GROUPING
from credits.errors import HoldClosed
from credits.holds import capture, hold, release
from credits.movements import Charge, LetGo, Movement, Owner, check_amount

log = logging.getLogger(__name__)


class Payment:
    """What is due for the work of one `payment()` block.

    `charged` and `available` are known after the block: credits taken, and credits left to spend (None when
    nobody asked the ledger, because the answer was free and nothing was held).
    """

    def __init__(
        self,
        user: Owner,
        amount: int,
        *,
        operation: str,
        key: str,
        reference: str = "",
        cap: UUID | None = None,
    ) -> None:
        check_amount(amount)
        self.user = user
        self.most = self._amount = amount
        self.operation = operation
        self.key = key
        self.reference = reference
        self.cap = cap
        self.metadata: Mapping[str, Any] | None = None
        self.hold: UUID | None = None
        self.charged = 0
        self.available: int | None = None

    @property
    def amount(self) -> int:
        """Credits to be taken at the end of the block."""
        return self._amount

    @amount.setter
    def amount(self, amount: int) -> None:
        """Lower it when less was delivered; 0 is free. Raises ValueError for more than was announced."""
        if type(amount) is not int or not 0 <= amount <= self.most:
            raise ValueError(
                f"what is due can be lowered to any whole number from 0 to {self.most}, not {amount!r}"
            )
        self._amount = amount

    def authorise(self) -> None:
        """Commit a hold on what is due, before an upstream costs us money; once, however often it is called.

        Raises InsufficientCredits, CapReached, DuplicateEntry.
        """
        if self.hold is None and self.amount:
            self.most = self.amount
            held = hold(
                self.user,
                self.amount,
                operation=self.operation,
                key=self.key,
                reference=self.reference,
                cap=self.cap,
            )
            self.hold = held.hold

    def settle(self) -> None:
        """Take what is due: from the hold, whose rest is let go, or by a plain charge when nothing is held.

        A hold whose time ran out while we worked is gone, but the work is delivered: then too it is a plain
        charge.
        """
        outcome: Movement | LetGo
        try:
            if self.hold and self.amount:
                outcome = capture(self.hold, self.amount, key=self.key, is_last=True, metadata=self.metadata)
            elif self.hold:
                outcome = release(self.hold)
            elif self.amount:
                outcome = self.charge()
            else:
                return
        except HoldClosed:
            if not self.amount:
                return
            outcome = self.charge()
        self.hold = None
        self.charged = self.amount
        self.available = outcome.available

    def charge(self) -> Movement:
        """A plain charge of what is due."""
        terms = (self.user.pk, self.amount, self.operation, self.key, self.reference, self.cap, self.metadata)
        return GROUPING.charge(Charge(*terms))

    def release(self) -> None:
        """Leave the wallet as it was. Where the database does not answer, the hold ends by its own time."""
        if self.hold is None:
            return
        try:
            with suppress(HoldClosed):
                release(self.hold)
        except Error:
            log.warning("hold %s could not be released now; the sweep will", self.hold, exc_info=True)


@contextmanager
def payment(
    user: Owner, amount: int, *, operation: str, key: str, reference: str = "", cap: UUID | None = None
) -> Iterator[Payment]:
    """Pay for what is delivered: leaving the block charges, an exception leaves the wallet as it was.

    `key` names this piece of work for all time (the request's id): it is charged at most once. Raises
    InsufficientCredits, CapReached, DuplicateEntry from `authorise()` or at the end of the block.
    """
    due = Payment(user, amount, operation=operation, key=key, reference=reference, cap=cap)
    try:
        yield due
        due.settle()
    except BaseException:
        due.release()
        raise
