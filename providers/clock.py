"""What time it is and how to wait, in one place: so that a test can let a day pass in a second."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """`now` is Unix time, which all processes share; `monotonic` measures, `sleep` waits. All in seconds."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep


CLOCK = Clock()
