"""`payment()`: pay for what is delivered, around one piece of work.

The key makes it safe to try again: an attempt that finds the key charged has paid, and one that finds the
hold of an attempt that died goes on with it. So neither a crash nor a commit whose acknowledgement was lost
charges twice, or lets work that was paid go unanswered. Who knows that it tries again says so (`is_again`):
then what an earlier attempt was charged beyond what is delivered in the end is given back.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import psycopg
from django.db import Error, InterfaceError, OperationalError, connection
from django.db.models import Sum
from psycopg_pool import PoolTimeout

from credits.charging import GROUPING
from credits.errors import CreditsError, DuplicateEntry, HoldClosed, RefundExceedsCharge
from credits.holds import capture, hold, release
from credits.models import KEY_LENGTH, Hold, Kind, LedgerEntry
from credits.movements import Charge, LetGo, Movement, Owner, SetAside, check_amount
from credits.refunds import refund

NOTHING_HAPPENED = (PoolTimeout, psycopg.errors.QueryCanceled)  # trying again would only take as long again
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
        is_again: bool = False,
    ) -> None:
        check_amount(amount)
        self.user = user
        self.announced = self.most = self._amount = amount
        self.operation = operation
        self.key = key
        self.reference = reference
        self.cap = cap
        self.is_again = is_again
        self.metadata: Mapping[str, Any] | None = None
        self.hold: UUID | None = None
        self.is_paid = False
        self.is_settled = False
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

        An earlier attempt's hold is taken over, and if that attempt was charged, nothing needs to be held.
        Raises InsufficientCredits, CapReached, DuplicateEntry.
        """
        if self.hold or self.is_paid or not self.amount:
            return
        self.most = self.amount
        try:
            self.hold = self.set_aside(self.key).hold
        except CreditsError as refusal:
            former = Hold.objects.filter(key=self.key).first()  # before the charge, which may end it now
            if not self.adopt_charge():
                self.hold = self.adopt_hold(former, refusal)

    def set_aside(self, key: str) -> SetAside:
        """Hold what is due."""
        return hold(
            self.user,
            self.amount,
            operation=self.operation,
            key=key,
            reference=self.reference,
            cap=self.cap,
        )

    def adopt_charge(self) -> bool:
        """Whether an earlier attempt at this work was charged: what was not given back is what was paid."""
        charges = LedgerEntry.objects.of_kind(Kind.CHARGE).filter(key=self.key).select_related("wallet")
        entry = charges.annotate(refunded=Sum("refunds__amount")).first()
        if entry is None or not self.is_ours(entry):
            return False
        if -entry.amount > self.announced and not self.is_again:
            return False
        self.is_paid = True
        self.charged, self.available = -entry.amount - (entry.refunded or 0), entry.wallet.available
        return True

    def adopt_hold(self, former: Hold | None, refusal: CreditsError) -> UUID:
        """The hold to go on with: an earlier attempt's, or, where that ended and took nothing, a new one.

        Raises the refusal where there was none of this work.
        """
        if former is None or not self.is_ours(former) or former.captured or former.amount < self.amount:
            raise refusal
        if former.is_open:
            return former.pk
        return self.set_aside(f"{self.key[: KEY_LENGTH - 33]}_{uuid4().hex}").hold

    def is_ours(self, former: LedgerEntry | Hold) -> bool:
        """Whether this is about the same wallet and the same operation."""
        return former.wallet_id == self.user.pk and former.operation == self.operation

    def settle(self) -> None:
        """Take what is due: from the hold, whose rest is let go, or by a plain charge when nothing is held.

        Done once. Within the block it may be called where the charge shall be one transaction with others.
        A hold whose time ran out while we worked is gone, but the work is delivered: then too it is a plain
        charge. Raises InsufficientCredits, CapReached, DuplicateEntry.
        """
        if self.is_settled:
            return
        if self.is_again and not self.hold and not self.is_paid:
            self.hold = self.left_behind()
        if not self.is_paid:
            self.pay()
        if self.is_again:
            self.give_back()
        self.is_settled = True

    def pay(self) -> None:
        """Take what is due, unless another attempt was charged meanwhile."""
        try:
            outcome = self.take_surely()
        except DuplicateEntry:
            self.release()
            if not self.adopt_charge():
                raise
            return
        self.hold = None
        if outcome:
            self.charged = self.amount
            self.available = outcome.available

    def left_behind(self) -> UUID | None:
        """The open hold of an attempt that died: its credits are set aside for nothing else."""
        former = (
            Hold.objects.for_user(self.user)
            .open()
            .filter(key=self.key, captured=0, amount__gte=self.amount)
            .first()
        )
        return former.pk if former and self.is_ours(former) else None

    def give_back(self) -> None:
        """Refund what an earlier attempt was charged beyond what is due for what is delivered now."""
        if not self.is_paid and not self.amount:
            self.adopt_charge()
        if self.charged <= self.amount:
            return
        key = f"{self.key[: KEY_LENGTH - 32]}_down_to_{self.amount}"
        with suppress(DuplicateEntry, RefundExceedsCharge):  # done already
            self.available = refund(self.key, self.charged - self.amount, key=key).available
        self.charged = self.amount

    def withdraw(self) -> None:
        """Nothing is delivered, so nothing is due. Without the database the next attempt will see to it."""
        self._amount = 0
        try:
            self.give_back()
        except Error:
            log.warning("what was charged for %s could not be given back now", self.key, exc_info=True)

    def take_surely(self) -> Movement | LetGo | None:
        """Take what is due, and once more when nobody can know what became of it.

        The first attempt may stand, or still be under way in a server that has not noticed that we are gone;
        the key lets only one of the two through.
        """
        try:
            return self.take()
        except (OperationalError, InterfaceError) as error:
            if connection.in_atomic_block or isinstance(root_of(error), NOTHING_HAPPENED):
                raise
            log.warning("the charge %s is tried again: %s", self.key, error)
            connection.close_if_unusable_or_obsolete()
            return self.take()

    def take(self) -> Movement | LetGo | None:
        """Take what is due; None when that is nothing and nothing is held."""
        try:
            if self.hold and self.amount:
                return capture(self.hold, self.amount, key=self.key, is_last=True, metadata=self.metadata)
            if self.hold:
                return release(self.hold)
        except HoldClosed:
            pass
        return self.charge() if self.amount else None

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
        self.hold = None


def root_of(error: BaseException) -> BaseException:
    """What an error goes back to."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


@contextmanager
def payment(
    user: Owner,
    amount: int,
    *,
    operation: str,
    key: str,
    reference: str = "",
    cap: UUID | None = None,
    is_again: bool = False,
) -> Iterator[Payment]:
    """Pay for what is delivered: leaving the block charges, an exception leaves the wallet as it was.

    `key` names this piece of work for all time (the request's id): it is charged at most once. Where it was
    charged before (same wallet and operation, no more than `amount`), that counts, and `charged` says how
    much it was. `is_again`: this work was tried before, and what that took beyond what is due now is given
    back, all of it when the block fails. Raises InsufficientCredits, CapReached, and DuplicateEntry for a key
    that stands for anything else, from `authorise()` or at the end of the block.
    """
    due = Payment(user, amount, operation=operation, key=key, reference=reference, cap=cap, is_again=is_again)
    try:
        yield due
        due.settle()
    except BaseException as failure:
        due.release()
        if is_again and isinstance(failure, Exception) and not isinstance(failure, Error):
            due.withdraw()
        raise
