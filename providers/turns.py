"""Calls that go upstream take turns, so that a thousand of them leave the processor to others.

Waiting for an upstream costs nothing, and any number may. What they do before and after it (setting credits
aside, reading an answer, keeping it) is done by one at a time, first come, first served. So an answer from
the store, which takes no turn, passes between two of them instead of behind all who were woken at once.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 1  # in one process: it and PostgreSQL, which works for it, keep a core busy
PATIENCE_SECONDS = 20.0  # then it is done out of turn: something hangs, and a queue would only hide it


class _Mine(threading.local):
    """Whether this thread (or greenlet) has a turn."""

    held = False


class Turns:
    """So many turns at once for the threads of this process."""

    def __init__(self, at_once: int = AT_ONCE, *, patience: float = PATIENCE_SECONDS) -> None:
        self._free = threading.Semaphore(at_once)
        self._patience = patience
        self._mine = _Mine()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Work in turn; whoever has a turn already keeps it."""
        if self._mine.held:
            yield
            return
        self._take()
        try:
            yield
        finally:
            self._give()

    @contextmanager
    def given_back(self) -> Iterator[None]:
        """Let others work during the block, which waits; without a turn there is nothing to give back."""
        if not self._mine.held:
            yield
            return
        self._give()
        try:
            yield
        finally:
            self._take()

    def _take(self) -> None:
        self._mine.held = self._free.acquire(timeout=self._patience)

    def _give(self) -> None:
        if self._mine.held:
            self._mine.held = False
            self._free.release()


turns = Turns()
