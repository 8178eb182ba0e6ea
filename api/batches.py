"""What is noted in memory and written in batches, off the path of whoever waits for an answer.

`put` appends to a list in this process and asks nobody. Once started, a writer takes what has gathered every
second, or as soon as a batch is full, and hands it to a function that writes it in one statement. While
PostgreSQL is away what was noted waits, up to a bound; what exceeds it is counted and logged.

`register` makes a writer one of its process: `start` (in `config/wsgi.py` and `config/celery.py`) starts them
all, and a process that ends in order writes what it still has, as `stop` runs at the interpreter's exit,
whatever the process is. The child of a fork begins again: what waits is its parent's to write.
"""

import atexit
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import structlog
from django.db import DataError, IntegrityError, connection

log = structlog.stdlib.get_logger("pallet.batches")

T = TypeVar("T")
BATCH = 500  # in a statement
MOST_WAITING = 50_000  # of one writer in one process
EVERY_SECONDS = 1.0
STOP_SECONDS = 10.0  # for the last statements, when the process ends
UNWRITABLE = (DataError, IntegrityError, ValueError, TypeError, ArithmeticError)  # at whatever attempt


class BatchWriter(Generic[T]):
    """What waits in this process, and the thread that writes it. Under gevent it is a greenlet.

    `name` is what it writes, in the plural, as the log says it. `write` writes a batch in one statement; a
    batch whose commit was not heard of comes again, and must then change nothing. `facts` says of one entry
    what the log may say of it.
    """

    def __init__(
        self,
        name: str,
        write: Callable[[Sequence[T]], object],
        *,
        facts: Callable[[T], dict[str, Any]],
        size: int = BATCH,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self.name = name
        self.size = size
        self.most_waiting = most_waiting
        self.waiting: deque[T] = deque()
        self._write = write
        self._facts = facts
        self.renew()

    def renew(self) -> None:
        """Begin with no thread and nothing that waits: as a new process, or the child of one."""
        self.waiting.clear()
        self.lost = 0
        self.wake = threading.Event()
        self.writing = threading.Lock()
        self.ending = False
        self.thread: threading.Thread | None = None

    def put(self, entry: T) -> None:
        """Let an entry wait, unless too many do. Never waits and never fails."""
        if len(self.waiting) >= self.most_waiting:
            self.lost += 1
            return
        self.waiting.append(entry)
        if len(self.waiting) == self.size:
            self.wake.set()

    def start(self) -> None:
        """Write from now on, by a thread that does not keep the process alive."""
        if self.thread is None:
            self.ending = False
            self.thread = threading.Thread(target=self.run, name=f"writes {self.name}", daemon=True)
            self.thread.start()

    def run(self) -> None:
        """Write every second, or when a batch is full, until it is time to end."""
        while not self.ending:
            self.wake.wait(EVERY_SECONDS)
            self.wake.clear()
            self.attempt()

    def attempt(self) -> None:
        """Write what waits, if the database lets us, and give the connection back. Only the writer's own."""
        try:
            self.flush()
        except Exception as error:  # whatever it is: this thread must go on, and a later attempt may do
            log.warning(f"{self.name} wait to be written", waiting=len(self.waiting), error=str(error))
        finally:
            connection.close()
        if self.lost:
            log.error(f"{self.name} were not noted, as too many waited to be written", count=self.lost)
            self.lost = 0

    def flush(self) -> None:
        """Write what waits. What fails waits again, in its place, and the database's error is raised."""
        with self.writing:
            while batch := self.take():
                try:
                    self.write(batch)
                except BaseException:
                    self.waiting.extendleft(reversed(batch))
                    raise

    def take(self) -> list[T]:
        """Return the next entries to write."""
        return [self.waiting.popleft() for _ in range(min(self.size, len(self.waiting)))]

    def write(self, batch: Sequence[T]) -> None:
        """Write a batch; an entry that no attempt could write is logged, so that it holds up no other."""
        try:
            self._write(batch)
        except UNWRITABLE:
            if len(batch) == 1:
                log.exception(f"one of the {self.name} could not be written", **self._facts(batch[0]))
                return
            for entry in batch:
                self.write([entry])

    def end(self) -> None:
        """Ask the thread to write what is left and end."""
        self.ending = True
        self.wake.set()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """End the thread and write what is left. What cannot be written now is counted and logged."""
        thread, self.thread = self.thread, None
        self.end()
        if thread is not None:
            thread.join(seconds)
        if self.waiting and not (thread and thread.is_alive()):
            self.attempt()
        if self.waiting:
            log.error(f"{self.name} were not written before the end", count=len(self.waiting))


Kind = TypeVar("Kind", bound=BatchWriter[Any])
writers: list[BatchWriter[Any]] = []
"""Those of this process."""


def register(writer: Kind) -> Kind:
    """Let a writer start and stop with its process; the same writer."""
    writers.append(writer)
    return writer


def start() -> None:
    """Let this process write down what it notes."""
    for writer in writers:
        writer.start()


def stop() -> None:
    """Write what is left, all side by side."""
    last = time.monotonic() + STOP_SECONDS
    for writer in writers:
        writer.end()
    for writer in writers:
        writer.stop(max(0.0, last - time.monotonic()))


def begin_again() -> None:
    """Let the child of a fork have writers of its own, as its parent had."""
    for writer in writers:
        had_one = writer.thread is not None
        writer.renew()
        if had_one:
            writer.start()


os.register_at_fork(after_in_child=begin_again)
atexit.register(stop)
