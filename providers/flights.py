"""Single flight: of all who ask the same at once, one asks upstream and the others wait for its answer.

Within a process they wait on the flight itself; across processes on a lease in Redis, then they find the
answer in the store. Without Redis each process flies on its own. Everything here is threads and sleep,
which gevent makes its own.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Generic, TypeVar

import structlog
from redis import RedisError

from providers.errors import UpstreamUnavailable
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


def _land(flight: _Flight[T], outcome: T | Exception) -> None:
    """Tell those who wait for this flight."""
    if isinstance(outcome, Exception):
        flight.error = outcome
    else:
        flight.result.append(outcome)


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

    def run_many(
        self,
        keys: Sequence[str],
        *,
        work: Callable[[Sequence[str]], Mapping[str, T | Exception]],
        look: Callable[[Sequence[str]], Mapping[str, T]],
    ) -> dict[str, T | Exception]:
        """Return for each key what came of it, be it an error.

        `work` is done once, for all keys that nobody is at, here or in another process; of the others the
        outcome is waited for afterwards, or `work` done for one alone when that comes to nothing.
        """
        joined = {key: self._join(key) for key in keys}
        mine = {key: flight for key, (flight, leads) in joined.items() if leads}
        try:
            outcomes = self._lead_many(list(mine), work, look) if mine else {}
            for key, outcome in outcomes.items():
                _land(mine[key], outcome)
        finally:
            with self._guard:
                for key in mine:
                    del self._under_way[key]
            for flight in mine.values():
                flight.over.set()
        for key in keys:
            if key not in outcomes:
                outcomes[key] = self._outcome_alone(key, work, look)
        return outcomes

    def _lead_many(
        self,
        keys: Sequence[str],
        work: Callable[[Sequence[str]], Mapping[str, T | Exception]],
        look: Callable[[Sequence[str]], Mapping[str, T]],
    ) -> dict[str, T | Exception]:
        """Do the work for those keys whose lease nobody else holds."""
        lease, free = self._leased(keys)
        with lease.held() if lease else nullcontext():
            outcomes: dict[str, T | Exception] = dict(look(free)) if free else {}
            left = [key for key in free if key not in outcomes]
            outcomes |= work(left) if left else {}
            for key, outcome in outcomes.items():
                if lease and isinstance(outcome, UpstreamUnavailable):
                    lease.leave_note(key, outcome)
        return outcomes

    def _leased(self, keys: Sequence[str]) -> tuple[Lease | None, Sequence[str]]:
        """Return the lease of those keys that were free, and these; without Redis each process is alone."""
        lease = Lease(*keys, seconds=self._lease)
        try:
            return lease, [key for key, holder in lease.take_each().items() if holder is None]
        except RedisError as error:
            log.warning("flight_without_redis", error=type(error).__name__)
            return None, keys

    def _outcome_alone(
        self,
        key: str,
        work: Callable[[Sequence[str]], Mapping[str, T | Exception]],
        look: Callable[[Sequence[str]], Mapping[str, T]],
    ) -> T | Exception:
        def alone() -> T:
            outcome = work([key])[key]
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        try:
            return self.run(key, work=alone, look=lambda: look([key]).get(key))
        except UpstreamUnavailable as failure:
            return failure

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
