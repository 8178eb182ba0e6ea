"""How one charge is committed, and how many are: what the group of `grouping.py` does for its members."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from credits import statements
from credits.books import Books
from credits.errors import CreditsError, DuplicateEntry, InsufficientCredits
from credits.grouping import Grouping, Outcome
from credits.movements import Charge, Movement


@contextmanager
def once(key: str) -> Iterator[None]:
    """Name the law that a second use of `key` breaks; inside a transaction, that transaction stays usable."""
    try:
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            yield
    except IntegrityError as error:
        if statements.is_duplicate(error):
            raise DuplicateEntry(key) from error
        raise


@contextmanager
def books_of(
    wallet: UUID, *, key: str = "", cap: UUID | None = None, is_new: bool = False
) -> Iterator[Books]:
    """One wallet's books: locked, `key` claimed, written when the block ends well. Raises DuplicateEntry.

    `is_new`: the user may not have a wallet yet; then an empty one is opened.
    """
    with once(key), transaction.atomic(savepoint=False):
        if is_new:
            statements.open_wallet(wallet)
        books = Books([wallet], [cap] if cap else [], [key] if key else [])
        if key:
            books.claim(key)
        yield books
        books.write()


def charge_alone(charge: Charge) -> Movement:
    """Commit one charge: without a cap, by the one statement. Raises what `Books.charge` does."""
    if charge.cap:
        with once(charge.key), transaction.atomic(savepoint=False):
            books = Books([charge.wallet], [charge.cap], [charge.key])
            movement = books.charge(charge)
            books.write()
        return movement
    with once(charge.key):
        taken = statements.take(charge)
    if taken is None:
        available, is_used = statements.standing(charge.wallet, entry_key=charge.key)
        raise DuplicateEntry(charge.key) if is_used else InsufficientCredits(charge.amount, available)
    return Movement(charge.key, -charge.amount, *taken)


def charge_together(charges: Sequence[Charge]) -> Sequence[Outcome] | None:
    """Commit many charges in one transaction, deciding in their order; each one's movement or refusal.

    None when the group could not be written and certainly nothing was committed: each then tries alone. What
    fails at the commit itself is raised, because nobody can know what became of it but by its key.
    """
    connection.ensure_connection()  # with no database, trying one by one would not help
    is_written = False
    try:
        with transaction.atomic():
            books = Books(
                [one.wallet for one in charges],
                {one.cap for one in charges if one.cap},
                [one.key for one in charges],
            )
            outcomes = [decide(books, one) for one in charges]
            books.write()
            is_written = True
    except Exception as error:
        if is_written and not isinstance(error, IntegrityError):
            raise
        return None
    return outcomes


def decide(books: Books, charge: Charge) -> Outcome:
    """One member's outcome; a refusal is an outcome too."""
    try:
        return books.charge(charge)
    except CreditsError as refusal:
        return refusal


GROUPING = Grouping(charge_together, charge_alone)
os.register_at_fork(after_in_child=GROUPING.reset)  # a child of a fork begins with an empty line
