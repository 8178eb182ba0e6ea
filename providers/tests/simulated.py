"""A clock that only moves when somebody waits, so that a test can let an hour pass at once."""

import threading

from providers.clock import Clock


class Simulated:
    """The time of a test; every sleep is remembered."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.time = now
        self.slept: list[float] = []
        self._guard = threading.Lock()

    @property
    def clock(self) -> Clock:
        return Clock(now=lambda: self.time, monotonic=lambda: self.time, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        with self._guard:
            self.slept.append(seconds)
            self.time += seconds
