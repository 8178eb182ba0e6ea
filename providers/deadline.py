"""By when a question has to be answered, however many upstreams and retries it takes.

Whoever works through thousands of questions has more patience than somebody who waits at a screen: `wait`
says how long a call may stand in line for its upstream's rate limit.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

FOREVER = 1e9  # seconds


class _Limit(threading.local):
    """What holds for the question of this thread (or greenlet); `end` is by time.monotonic()."""

    end: float | None = None
    wait: float | None = None


_limit = _Limit()


@contextmanager
def within(seconds: float, *, wait: float | None = None) -> Iterator[None]:
    """Answer in so many seconds, and stand in line for at most `wait`; None: as long as usual.

    A deadline within another never lengthens it.
    """
    outer = _limit.end, _limit.wait
    end = time.monotonic() + seconds
    _limit.end = end if outer[0] is None else min(outer[0], end)
    _limit.wait = outer[1] if wait is None else wait
    try:
        yield
    finally:
        _limit.end, _limit.wait = outer


def left() -> float:
    """Return how many seconds are left, FOREVER when nobody has set an end."""
    return FOREVER if _limit.end is None else max(0.0, _limit.end - time.monotonic())


def wait(usual: float) -> float:
    """Return how many seconds a call may stand in line."""
    return usual if _limit.wait is None else _limit.wait


BATCH_SECONDS = 50.0
IN_LINE_SECONDS = 20.0


def of_a_batch() -> AbstractContextManager[None]:
    """Answer a batch of a bulk job: it has nearly a minute, and more patience in line than a single call."""
    return within(BATCH_SECONDS, wait=IN_LINE_SECONDS)
