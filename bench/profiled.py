"""The web server with a profiler in each worker: a configuration for gunicorn.

The kernel reports every few milliseconds of CPU that a worker has spent, and the Python stack of that moment
is counted. That costs little and shows the server as it is; waiting does not count. `bench.profiles` prints
what was seen.
"""

import json
import os
import signal
from collections import Counter
from types import FrameType
from typing import Any

from config.gunicorn import *  # noqa: F403   first, because it makes everything cooperative

# isort: split
from django.conf import settings

INTERVAL = 0.001  # seconds of CPU; the kernel may make it four times as long


class Samples:
    """The stacks of one worker: how often a function was on top, and how often it was somewhere in it."""

    def __init__(self) -> None:
        self.total = 0
        self.own: Counter[str] = Counter()
        self.within: Counter[str] = Counter()

    def take(self, _signal: int, frame: FrameType | None) -> None:
        """Count the stack of this moment."""
        self.total += 1
        if frame is not None:
            self.own[name_of(frame)] += 1
        seen = set()
        while frame is not None:
            seen.add(name_of(frame))
            frame = frame.f_back
        self.within.update(seen)


SAMPLES = Samples()


def name_of(frame: FrameType) -> str:
    """Such as credits/grouping.py:commit."""
    code = frame.f_code
    place = code.co_filename.rpartition("site-packages/")[2].removeprefix(f"{settings.BASE_DIR}/")
    if place.startswith("/"):
        place = "python/" + "/".join(place.split("/")[-2:])
    return f"{place}:{code.co_qualname}"


def post_worker_init(worker: Any) -> None:
    """Begin with the worker's first request; gunicorn calls this."""
    signal.signal(signal.SIGPROF, SAMPLES.take)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)


def worker_exit(server: Any, worker: Any) -> None:
    """Write down what was seen; gunicorn calls this."""
    signal.setitimer(signal.ITIMER_PROF, 0)
    seen = {"total": SAMPLES.total, "own": SAMPLES.own, "within": SAMPLES.within}
    (settings.DATA_DIR / "log" / f"profile-{os.getpid()}.json").write_text(json.dumps(seen))
