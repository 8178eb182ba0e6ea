"""A clock on which time passes only when somebody waits, so that a test can let an hour pass in no time."""

import threading

from providers.clock import Clock

START = 1_800_000_000.0  # some day in 2027


class Stopped:
    """Time that stands still; `waits` are the pauses that were made, in seconds."""

    def __init__(self, start: float = START) -> None:
        """`start` is the Unix time at which it stands."""
        self.start = start
        self.seconds = 0.0
        self.waits: list[float] = []
        self._guard = threading.Lock()
        self.clock = Clock(now=lambda: self.now, monotonic=lambda: self.seconds, sleep=self._sleep)

    @property
    def now(self) -> float:
        """The Unix time."""
        return self.start + self.seconds

    def passes(self, seconds: float) -> None:
        """Let so much time pass."""
        with self._guard:
            self.seconds += seconds

    def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.passes(seconds)
