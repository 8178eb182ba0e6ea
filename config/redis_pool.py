"""Connections to Redis that are not waited for while Redis is away.

One that hangs would cost every caller its time-out, at every step. So the first to find it away says so for
the whole process: the others do without it at once. Every second one caller tries it again, and when it
answers, all use it.
"""

import sys
import time
from typing import Any

from redis import ConnectionError as RedisConnectionError
from redis import ConnectionPool
from redis import TimeoutError as RedisTimeoutError

PAUSE = 1.0  # seconds between two tries while it is away
GONE = (RedisConnectionError, RedisTimeoutError, OSError)


class Pool(ConnectionPool):
    """redis-py's pool. Every client of a process that uses the same address shares one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.try_again_at = 0.0  # time.monotonic(); 0 while Redis answers

    def get_connection(self, *args: Any, **options: Any) -> Any:
        """Return a connection that is ready. Raises RedisError, at once while Redis is away."""
        if self.try_again_at:
            now = time.monotonic()
            if now < self.try_again_at:
                raise RedisConnectionError("Redis did not answer a moment ago")
            self.try_again_at = now + PAUSE  # this caller tries; who comes meanwhile does without
        return super().get_connection(*args, **options)

    def release(self, connection: Any) -> None:
        """Take a connection back. One that a failure has cut off, or kept from coming about, tells of it."""
        if connection.is_connected:
            self.try_again_at = 0.0
        elif isinstance(sys.exc_info()[1], GONE):
            self.try_again_at = time.monotonic() + PAUSE
        super().release(connection)
