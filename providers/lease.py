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
local holders = {}
for i, name in ipairs(KEYS) do
  holders[i] = redis.call('GET', name)
  if not holders[i] then redis.call('SET', name, ARGV[1], 'PX', ARGV[2]) end
end
return holders
"""
_OF_OURS = "for _, name in ipairs(KEYS) do if redis.call('GET', name) == ARGV[1] then %s end end"
_RENEW = _OF_OURS % "redis.call('PEXPIRE', name, ARGV[2])"
_GIVE_BACK = _OF_OURS % "redis.call('DEL', name)"


class Lease:
    """The right to ask upstream about some things, for `seconds`; renewed every `renew_after` seconds.

    `take` and `watch` are about the only thing of a lease for one.
    """

    def __init__(self, *keys: str, seconds: float, renew_after: float | None = None) -> None:
        self._names = {key: f"pallet:flight:{key}" for key in keys}
        self._name = self._names[keys[0]]
        self._token = secrets.token_hex(8)
        self._seconds = seconds
        self._renew_after = renew_after or seconds / 3
        self._redis = get_redis_connection("default")

    def take(self) -> str | None:
        """Take the lease; return None when it is ours now, else its holder."""
        return next(iter(self.take_each().values()))

    def take_each(self) -> dict[str, str | None]:
        """Take what is free; return for each key None when it is ours now, else its holder.

        From then on the lease is for what is ours.
        """
        told = self._redis.eval(
            _TAKE, len(self._names), *self._names.values(), self._token, self._milliseconds
        )
        holders = {
            key: holder.decode() if holder else None for key, holder in zip(self._names, told, strict=True)
        }
        if len(holders) > 1:
            self._names = {key: name for key, name in self._names.items() if holders[key] is None}
        return holders

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
            for key in self._names:
                self.leave_note(key, failure)
            raise
        finally:
            landed.set()
            with contextlib.suppress(RedisError):
                self._of_ours(_GIVE_BACK)

    def leave_note(self, key: str, failure: UpstreamUnavailable) -> None:
        """Tell those who wait for this that asking has failed."""
        with contextlib.suppress(RedisError):
            self._redis.set(f"{self._names[key]}:{self._token}", _note(failure), ex=NOTE_SECONDS)

    def _renew_until(self, landed: threading.Event) -> None:
        while not landed.wait(self._renew_after):
            with contextlib.suppress(RedisError):
                self._of_ours(_RENEW)

    def _of_ours(self, script: str) -> None:
        if self._names:
            self._redis.eval(script, len(self._names), *self._names.values(), self._token, self._milliseconds)

    @property
    def _milliseconds(self) -> int:
        return int(self._seconds * 1000)


def _note(failure: UpstreamUnavailable) -> bytes:
    return orjson.dumps({"reasons": failure.reasons, "retry_after": failure.retry_after})


def _failure(note: bytes) -> UpstreamUnavailable:
    told = orjson.loads(note)
    reasons = {name: ErrorClass(reason) for name, reason in told["reasons"].items()}
    return UpstreamUnavailable(reasons, retry_after=told["retry_after"])
