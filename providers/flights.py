"""Single flight: of all who ask the same at once, one asks upstream and the others wait for its answer.

Within a process they wait on the flight itself; across processes on a lease in Redis, then they find the
answer in the store. Without Redis each process flies on its own. Everything here is threads and sleep,
which gevent makes its own.
"""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog
from redis import RedisError

from providers.lease import Lease
from providers.turns import turns

log = structlog.stdlib.get_logger("pallet.providers")

T = TypeVar("T")


class _Flight(Generic[T]):
    """One question on its way. Neither a result nor an error after `over`: its leader was killed."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.result: list[T] = []
        self.error: Exception | None = None


class Flights(Generic[T]):
    """The flights of this process.

    `lease`: seconds after which the death of a leader in another process is noticed. `patience`: seconds
    after which nobody waits any longer for anyone, and asks alone.
    """

    def __init__(self, *, lease: float = 10.0, patience: float = 120.0) -> None:
        self._lease = lease
        self._patience = patience
        self._guard = threading.Lock()
        self._under_way: dict[str, _Flight[T]] = {}

    def run(self, key: str, *, work: Callable[[], T], look: Callable[[], T | None]) -> T:
        """Return what `work` returns, here or for whoever else is at it; raises what it raises.

        `look` returns what another process has found meanwhile, or None.
        """
        end = time.monotonic() + self._patience
        while True:
            flight, leads = self._join(key)
            if leads:
                return self._lead(key, flight, work, look, end)
            with turns.given_back():
                is_over = flight.over.wait(max(0, end - time.monotonic()))
            if not is_over:
                return work()
            if flight.error is not None:
                raise flight.error
            if flight.result:
                return flight.result[0]

    def _join(self, key: str) -> tuple[_Flight[T], bool]:
        with self._guard:
            flight = self._under_way.get(key)
            if flight is not None:
                return flight, False
            flight = self._under_way[key] = _Flight()
            return flight, True

    def _lead(
        self, key: str, flight: _Flight[T], work: Callable[[], T], look: Callable[[], T | None], end: float
    ) -> T:
        try:
            result = self._across_processes(key, work, look, end)
            flight.result.append(result)
            return result
        except Exception as error:
            flight.error = error
            raise
        finally:
            with self._guard:
                del self._under_way[key]
            flight.over.set()

    def _across_processes(
        self, key: str, work: Callable[[], T], look: Callable[[], T | None], end: float
    ) -> T:
        try:
            lease, found = self._turn(key, look, end)
        except RedisError as error:
            log.warning("flight_without_redis", error=type(error).__name__)
            lease, found = None, None
        if found is not None:
            return found
        if lease is None:
            return work()
        with lease.held():
            found = look()  # another may have landed between our question to the store and our lease
            return work() if found is None else found

    def _turn(self, key: str, look: Callable[[], T | None], end: float) -> tuple[Lease | None, T | None]:
        """Wait until the lease is ours, or the answer is there; neither when patience has run out first."""
        lease = Lease(key, seconds=self._lease)
        while (holder := lease.take()) is not None:
            failure = lease.watch(holder, until=end)
            if failure is not None:
                raise failure
            found = look()
            if found is not None:
                return None, found
            if time.monotonic() >= end:
                return None, None
        return lease, None
