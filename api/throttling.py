"""How many requests are let in: policies as data, windows that are counted, headers that say what is left.

The counts are kept in Redis, where all processes share them, on the trip that admits the caller
(`api.admission`); while Redis is away each process counts by itself. Numbers: settings.API_RATE_LIMITS.
"""

import threading
import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings

from api.errors import LimitExceeded

MOST_IN_MEMORY = 50_000  # counters; the oldest windows go first


class Policy(NamedTuple):
    """So many requests in so many seconds; windows begin at multiples of that time since 1970."""

    name: str
    quota: int
    seconds: int


class Counter(NamedTuple):
    """One policy applied to one caller, in the window that is open now."""

    policy: Policy
    subject: str
    window: int

    @property
    def name(self) -> str:
        """What it is called in Redis, where `api.admission` also spells it."""
        return f"pallet:limit:{self.policy.name}:{self.subject}:{self.window}"

    @property
    def ends_at(self) -> int:
        """When its window ends, in seconds since 1970."""
        return (self.window + 1) * self.policy.seconds


class Used(NamedTuple):
    """What a counter stood at, this request included."""

    counter: Counter
    total: int

    @property
    def is_exceeded(self) -> bool:
        """Whether this request is one too many."""
        return self.total > self.counter.policy.quota

    @property
    def remaining(self) -> int:
        """How many more are let in before the window ends."""
        return max(0, self.counter.policy.quota - self.total)


def counter(policy_name: str, subject: str, now: float) -> Counter:
    """Return what a request of this subject goes into now; the policy is `key`, `user` or `address`."""
    quota, seconds = settings.API_RATE_LIMITS[policy_name]
    return Counter(Policy(policy_name, quota, seconds), subject, int(now) // seconds)


def check(used: Iterable[Used], now: float) -> None:
    """Raise LimitExceeded when any count is beyond its quota."""
    exceeded = [one for one in used if one.is_exceeded]
    if exceeded:
        last = max(one.counter.ends_at for one in exceeded)
        names = [one.counter.policy.name for one in exceeded]
        raise LimitExceeded(names, retry_after=max(1, last - int(now)))


class Memory:
    """Counters of this process alone, for the time without Redis. Bounded, and safe for threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.counts: dict[str, tuple[int, int]] = {}  # name: (count, end of the window)

    def count(self, counters: Sequence[Counter]) -> list[int]:
        """Count one request in each and return what they stand at."""
        with self.lock:
            if len(self.counts) > MOST_IN_MEMORY:
                self.forget()
            return [self.add(one) for one in counters]

    def add(self, one: Counter) -> int:
        """Count on."""
        count = self.counts.get(one.name, (0, 0))[0] + 1
        self.counts[one.name] = count, one.ends_at
        return count

    def forget(self) -> None:
        """Drop windows that are over or, when that is not enough, those that end first."""
        now = time.time()
        open_ones = {name: value for name, value in self.counts.items() if value[1] > now}
        by_end = sorted(open_ones.items(), key=lambda item: item[1][1])
        self.counts = dict(by_end[-MOST_IN_MEMORY // 2 :])


memory = Memory()


def headers(used: Sequence[Used], now: float) -> dict[str, str]:
    """Return what a caller is told: the policies and what is left (IETF draft), and the older trio.

    The trio speaks of the policy with the least left; its reset is in seconds since 1970.
    """
    if not used:
        return {}
    tightest = min(used, key=lambda one: one.remaining)
    left = [
        f'"{u.counter.policy.name}";r={u.remaining};t={max(0, u.counter.ends_at - int(now))}' for u in used
    ]
    return {
        "RateLimit-Policy": policies(tuple(one.counter.policy for one in used)),
        "RateLimit": ", ".join(left),
        "X-RateLimit-Limit": str(tightest.counter.policy.quota),
        "X-RateLimit-Remaining": str(tightest.remaining),
        "X-RateLimit-Reset": str(tightest.counter.ends_at),
    }


@lru_cache(maxsize=64)
def policies(some: tuple[Policy, ...]) -> str:
    """Return policies in the form of the header."""
    return ", ".join(f'"{one.name}";q={one.quota};w={one.seconds}' for one in some)
