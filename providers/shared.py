"""Small facts about upstreams that all processes share: in Redis, and in this process's memory without it.

A fact is a JSON object under a name, changed by a function that is given the old one: so what a bucket or a
circuit breaker does is written once, in Python, whichever place keeps its state.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import orjson
import structlog
from django_redis import get_redis_connection
from redis import RedisError

log = structlog.stdlib.get_logger("pallet.providers")

T = TypeVar("T")
Fact = Mapping[str, Any]
Step = Callable[[Fact], tuple[Fact, T]]

AWAY_SECONDS = 1.0  # Redis is left alone after it failed: one that hangs would cost its time-out again
MOST_IN_MEMORY = 10_000
UNREACHABLE = (RedisError, OSError)


class Shared:
    """The facts of this install."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._memory: dict[str, Fact] = {}
        self._away_until = 0.0

    def change(self, name: str, step: Step[T], *, seconds: float) -> T:
        """Let `step` turn the fact into a new one, in one step for all processes; return what it found.

        A fact nobody knows is {}. It is forgotten `seconds` after its last change. `step` may run more than
        once, so it must do nothing else.
        """
        if time.monotonic() >= self._away_until:
            try:
                with self._guard:  # threads of one process would only undo each other's attempts
                    return _change_in_redis(f"pallet:upstream:{name}", step, seconds)
            except UNREACHABLE as error:
                self._away_until = time.monotonic() + AWAY_SECONDS
                log.warning("upstream_facts_without_redis", error=type(error).__name__)
        with self._guard:
            if len(self._memory) >= MOST_IN_MEMORY:
                self._memory.clear()
            self._memory[name], found = step(self._memory.get(name, {}))
        return found

    def read(self, name: str) -> Fact:
        """Return the fact as it stands."""
        return self.change(name, lambda fact: (fact, fact), seconds=1)


def _change_in_redis(key: str, step: Step[T], seconds: float) -> T:
    """Change the fact unless another does meanwhile; then begin anew. What stays as it is is not written."""
    redis = get_redis_connection("default")

    def attempt(pipe: Any) -> T:
        raw = pipe.get(key)
        fact: Fact = orjson.loads(raw) if raw else {}
        changed, found = step(fact)
        pipe.multi()
        if changed != fact:
            pipe.set(key, orjson.dumps(changed), px=max(1, int(seconds * 1000)))
        return found

    found: T = redis.transaction(attempt, key, value_from_callable=True)
    return found


shared = Shared()
