"""By when a question has to be answered, however many upstreams and retries it takes."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

FOREVER = 1e9  # seconds


class _End(threading.local):
    """When the question of this thread (or greenlet) ends, by time.monotonic()."""

    at: float | None = None


_end = _End()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Answer in so many seconds; a deadline within another never lengthens it."""
    outer = _end.at
    end = time.monotonic() + seconds
    _end.at = end if outer is None else min(outer, end)
    try:
        yield
    finally:
        _end.at = outer


def left() -> float:
    """Return how many seconds are left, FOREVER when nobody has set an end."""
    return FOREVER if _end.at is None else max(0.0, _end.at - time.monotonic())
