"""The cache as something that may be away: asking never fails, and an outage is not waited for every time.

What is remembered there can always be found out again from the database, and ends by itself.
"""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends.locmem import LocMemCache
from django_redis.cache import RedisCache
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError

T = TypeVar("T")

UNREACHABLE = (RedisError, ConnectionInterrupted, OSError)


class Outage:
    """Whether Redis failed us a moment ago: one that hangs would else cost its time-out on every call."""

    PAUSE = 1.0  # seconds

    def __init__(self) -> None:
        self.until = 0.0

    def is_on(self) -> bool:
        """Say whether to do without Redis for now."""
        return time.monotonic() < self.until

    def begin(self) -> None:
        """Do without Redis for a second."""
        self.until = time.monotonic() + self.PAUSE

    def end(self) -> None:
        """Ask Redis again."""
        self.until = 0.0

    def attempt(self, call: Callable[[], T], *, otherwise: Callable[[], T]) -> T:
        """Return what the call returns or, while Redis is away, what is done otherwise."""
        if not self.is_on():
            try:
                return call()
            except UNREACHABLE:
                self.begin()
        return otherwise()


outage = Outage()


def nothing() -> None:
    """Stand in for an answer that Redis cannot give."""


class LimitsCache(RedisCache):  # type: ignore[misc]  # django-redis has no types
    """Where attempts are counted: in Redis, and in this process's memory while Redis is away.

    So a limit holds without Redis too, for each process by itself. It has what django-ratelimit uses.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.memory = LocMemCache("limits", {"OPTIONS": {"MAX_ENTRIES": 50_000}})  # one for all threads

    def add(self, key: str, value: Any, timeout: int | None = None, **more: Any) -> bool:
        """Set the value where there is none; say whether there was none."""
        return outage.attempt(
            lambda: bool(super(LimitsCache, self).add(key, value, timeout, **more)),
            otherwise=lambda: self.memory.add(key, value, timeout),
        )

    def get(self, key: str, default: Any = None, **more: Any) -> Any:
        """Return the value."""
        return outage.attempt(
            lambda: super(LimitsCache, self).get(key, default, **more),
            otherwise=lambda: self.memory.get(key, default),
        )

    def incr(self, key: str, delta: int = 1, **more: Any) -> int:
        """Count on; a count that began in Redis begins anew in memory."""
        return outage.attempt(
            lambda: int(super(LimitsCache, self).incr(key, delta, **more)),
            otherwise=lambda: self.count_in_memory(key, delta),
        )

    def count_in_memory(self, key: str, delta: int) -> int:
        """Count on without Redis."""
        self.memory.add(key, 0, timeout=3600)
        return self.memory.incr(key, delta)
