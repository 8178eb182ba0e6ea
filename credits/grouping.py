"""Concurrent charges of one process share a transaction.

Whoever finds no group under way leads: alone, it is a plain charge. Those who come meanwhile wait in line,
and when the leader has committed, the first of them leads the next group, the whole line at once. So one
wallet's row lock and one commit to disk are paid by many charges, there is no timer and no background thread,
and nobody waits longer than one commit before his own.

Nobody is answered before the commit. Each member gets its own outcome; what spoils a group (a key that
another process used a moment ago) makes its members charge one by one, each in its own thread. Only
`threading` is used, so gevent's workers do.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from credits.movements import Charge, Movement

Outcome = Movement | Exception
Commit = Callable[[Sequence[Charge]], Sequence[Outcome] | None]
LARGEST = 64  # members; beyond this a group costs latency and gains little (docs/ledger.md has the figures)


class Member:
    """A charge in line and what came of it."""

    __slots__ = ("alone", "charge", "leads", "outcome", "woken")

    def __init__(self, charge: Charge) -> None:
        self.charge = charge
        self.woken = threading.Event()
        self.leads = False
        self.alone = False
        self.outcome: Outcome | None = None


class Grouping:
    """The line of one process. `together` commits many, or returns None when each must try `alone`."""

    def __init__(self, together: Commit, alone: Callable[[Charge], Movement]) -> None:
        self.together = together
        self.alone = alone
        self.reset()

    def reset(self) -> None:
        """Forget everyone: for the child of a fork, where no thread of the parent's goes on."""
        self.lock = threading.Lock()
        self.line: deque[Member] = deque()
        self.under_way = False

    def charge(self, charge: Charge) -> Movement:
        """Take a charge in company; within an open transaction, alone. Raises what `alone` does.

        When the group's commit fails, every member learns it: OperationalError, and the key tells what
        stands.
        """
        if is_within_transaction():
            return self.alone(charge)
        member = Member(charge)
        try:
            self.join(member)
            if member.leads:
                self.lead()
        except BaseException:
            self.leave(member)
            raise
        if member.alone:
            return self.alone(charge)
        if isinstance(member.outcome, Movement):
            return member.outcome
        raise member.outcome or OperationalError("the charge was interrupted")

    def join(self, member: Member) -> None:
        """Stand in line until it is this member's turn to lead, or a leader has its outcome.

        Who waits gives its connection back to the pool, if there is one: the leader may be waiting for it.
        """
        with self.lock:
            self.line.append(member)
            member.leads = not self.under_way
            self.under_way = True
        if not member.leads:
            give_connection_back()
            member.woken.wait()

    def leave(self, member: Member) -> None:
        """Step out of the line after an interruption, passing the lead on if it was ours."""
        with self.lock:
            if member not in self.line:
                return
            self.line.remove(member)
            successor = self.appoint() if member.leads else None
        if successor:
            successor.woken.set()

    def lead(self) -> None:
        """Commit for the line as it stands, hand over, then tell everyone."""
        with self.lock:
            group = [self.line.popleft() for _ in range(min(len(self.line), LARGEST))]
        try:
            self.commit(group)
        finally:
            with self.lock:
                successor = self.appoint()
            if successor:  # first of all, so that the database is not idle while we wake the others
                successor.woken.set()
            for member in group:
                member.woken.set()

    def appoint(self) -> Member | None:
        """The next leader, if anyone waits. Call it under the lock."""
        self.under_way = bool(self.line)
        if not self.line:
            return None
        self.line[0].leads = True
        return self.line[0]

    def commit(self, group: Sequence[Member]) -> None:
        """Find every member's outcome. A group of one is the plain charge."""
        outcomes: Sequence[Outcome] | None
        try:
            if len(group) == 1:
                outcomes = [self.alone(group[0].charge)]
            else:
                outcomes = self.together([member.charge for member in group])
        except Exception as error:
            outcomes = [error, *(copy_of(error) for _ in group[1:])]
        for place, member in enumerate(group):
            member.alone = outcomes is None
            member.outcome = outcomes[place] if outcomes else None


def own_connection() -> BaseDatabaseWrapper | None:
    """This thread's connection, if it ever asked for one. A greenlet that only waits in line never does."""
    found = connections.all(initialized_only=True)
    return next((one for one in found if one.alias == DEFAULT_DB_ALIAS), None)


def is_within_transaction() -> bool:
    """Whether this thread has a transaction open."""
    own = own_connection()
    return own is not None and own.in_atomic_block


def give_connection_back() -> None:
    """Give this thread's connection back to the pool, where it has one and there is a pool."""
    own = own_connection()
    if own is not None and own.connection is not None and own.settings_dict["OPTIONS"].get("pool"):
        own.close()


def copy_of(error: Exception) -> Exception:
    """The same failure for another thread to raise: two threads must not write one traceback."""
    try:
        copied = type(error)(*error.args)
    except TypeError:
        copied = OperationalError(str(error))
    copied.__cause__ = error
    return copied
