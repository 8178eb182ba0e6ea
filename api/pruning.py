"""Old rows go a few thousand at a time, so that no statement is long and no lock is held for long."""

import time
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

AT_ONCE = 5_000
LONGEST = 60.0  # seconds for all of a run; the next one goes on


def pruned(prune: Callable[..., int], *, days: int, size: int | None = None) -> int:
    """Let `prune(before, size=...)` delete what is older than so many days; how many went.

    It says how many it has deleted: fewer than `size` (AT_ONCE by default) when nothing is left.
    """
    size = size or AT_ONCE
    before, ends = timezone.now() - timedelta(days=days), time.monotonic() + LONGEST
    gone = 0
    while time.monotonic() < ends:
        count = prune(before, size=size)
        gone += count
        if count < size:
            break
    return gone
