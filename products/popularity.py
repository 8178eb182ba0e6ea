"""Which products are asked for most, as the last hours tell: in Redis, bounded, and good for a guess only.

Each hour (UTC) has a sorted set of `<marketplace>:<ASIN>` by how often it was asked. A set that is full loses
those that were asked least, so that what comes up late may be undercounted for as long as its hour lasts.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django_redis import get_redis_connection

HOUR = 3600  # seconds
MOST = 10_000  # of one hour
WEIGHTS = (1.0, 0.5)  # of this hour, and of the one before
LEAST = 2  # so weighted; asked once is no sign


def name_of(hour: int) -> str:
    """Return the name of the set of an hour, counted since 1970."""
    return f"pallet:popular:{hour}"


def add(pipeline: Any, hour: int, counts: Mapping[tuple[str, str], int]) -> None:
    """Let the pipeline count how often each ASIN and marketplace was asked for in that hour."""
    if not counts:
        return
    name = name_of(hour)
    for (asin, marketplace), count in counts.items():
        pipeline.zincrby(name, count, f"{marketplace}:{asin}")
    pipeline.zremrangebyrank(name, 0, -MOST - 1)
    pipeline.expireat(name, (hour + 1 + len(WEIGHTS)) * HOUR)


def most_asked(now: float, *, count: int) -> list[tuple[str, str]]:
    """Return the ASINs and marketplaces asked most of late, the first the most. Raises RedisError."""
    hour = int(now) // HOUR
    pipeline = get_redis_connection("default").pipeline(transaction=False)
    for before in range(len(WEIGHTS)):
        pipeline.zrange(name_of(hour - before), 0, count - 1, desc=True, withscores=True)
    scores: defaultdict[bytes, float] = defaultdict(float)
    for weight, found in zip(WEIGHTS, pipeline.execute(), strict=True):
        for member, asked in found:
            scores[member] += weight * asked
    names = sorted((name for name in scores if scores[name] >= LEAST), key=lambda name: -scores[name])
    told = (name.decode().partition(":") for name in names[:count])
    return [(asin, marketplace) for marketplace, _, asin in told]
