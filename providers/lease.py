"""Who leads a flight across processes: a lease in Redis that its holder renews, and that ends with it.

The holder leaves a note when the flight fails, so that those who wait for it fail as well instead of asking
again. Every method may raise redis.RedisError, except the end of `held`: a lease that cannot be given back
runs out.
"""

import contextlib
import secrets
import threading
import time
from collections.abc import Iterator

import orjson
from django_redis import get_redis_connection
from redis import RedisError

from providers.errors import ErrorClass, UpstreamUnavailable
from providers.turns import turns

NOTE_SECONDS = 30  # longer than a waiting process needs to look again
FIRST_LOOK, LAST_LOOK = 0.01, 0.1  # seconds between looks at another's lease: soon at first, then less often

# Each is one step for Redis, so that no two processes hold one lease, and nobody touches another's.
_TAKE = """
local holder = redis.call('GET', KEYS[1])
if holder then return holder end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false
"""
_RENEW = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end"
_GIVE_BACK = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class Lease:
    """The right to ask upstream about one thing, for `seconds`; renewed every `renew_after` seconds."""

    def __init__(self, key: str, *, seconds: float, renew_after: float | None = None) -> None:
        self._name = f"pallet:flight:{key}"
        self._token = secrets.token_hex(8)
        self._seconds = seconds
        self._renew_after = renew_after or seconds / 3
        self._redis = get_redis_connection("default")

    def take(self) -> str | None:
        """Take the lease; return None when it is ours now, else its holder."""
        holder = self._redis.eval(_TAKE, 1, self._name, self._token, self._milliseconds)
        return holder.decode() if holder else None

    def watch(self, holder: str, *, until: float) -> UpstreamUnavailable | None:
        """Wait until the holder lets go, by will or by death, or time.monotonic() is `until`.

        Returns the holder's failure when it left a note of one.
        """
        pause = FIRST_LOOK
        while self._redis.get(self._name) == holder.encode() and time.monotonic() < until:
            with turns.given_back():
                time.sleep(pause)
            pause = min(pause * 1.5, LAST_LOOK)
        note = self._redis.get(f"{self._name}:{holder}")
        return None if note is None else _failure(note)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep the lease during the block, then give it back; UpstreamUnavailable leaves a note."""
        landed = threading.Event()
        threading.Thread(target=self._renew_until, args=(landed,), daemon=True).start()
        try:
            yield
        except UpstreamUnavailable as failure:
            with contextlib.suppress(RedisError):
                self._redis.set(f"{self._name}:{self._token}", _note(failure), ex=NOTE_SECONDS)
            raise
        finally:
            landed.set()
            with contextlib.suppress(RedisError):
                self._redis.eval(_GIVE_BACK, 1, self._name, self._token)

    def _renew_until(self, landed: threading.Event) -> None:
        while not landed.wait(self._renew_after):
            with contextlib.suppress(RedisError):
                self._redis.eval(_RENEW, 1, self._name, self._token, self._milliseconds)

    @property
    def _milliseconds(self) -> int:
        return int(self._seconds * 1000)


def _note(failure: UpstreamUnavailable) -> bytes:
    return orjson.dumps({"reasons": failure.reasons, "retry_after": failure.retry_after})


def _failure(note: bytes) -> UpstreamUnavailable:
    told = orjson.loads(note)
    reasons = {name: ErrorClass(reason) for name, reason in told["reasons"].items()}
    return UpstreamUnavailable(reasons, retry_after=told["retry_after"])
