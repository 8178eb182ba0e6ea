"""What lookups find kept: noted in memory while they are answered, added up in Redis off their path.

Each hour (UTC) has a hash, which ends after eight days: `<marketplace>:<outcome>` counts lookups,
`provider:<name>` the answers that this provider had a part in. Counts are for people who watch: a process
that is killed takes a second of them along, and a batch whose acknowledgement was lost is counted twice.
"""

import time
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from django_redis import get_redis_connection

from api.batches import BatchWriter, register
from products import popularity
from products.popularity import HOUR
from providers.base import Answer, Freshness
from providers.errors import MarketplaceNotServed, UpstreamUnavailable

KEPT_HOURS = 8 * 24


class Outcome(StrEnum):
    """How a lookup met what is kept."""

    HIT = "hits"  # kept and fresh
    NEGATIVE = "negative"  # kept: there is no such product
    MISS = "misses"  # an upstream was asked
    WAIT = "waits"  # another lookup was asking already, and its answer served this one too
    STALE = "stale"  # all upstreams failed, an older answer served
    FAILED = "failed"  # all upstreams failed, and nothing was kept
    REFUSED = "refused"  # ended before anybody was asked: too few credits, only_if_cached
    PREFETCHED = "prefetched"  # no lookup: asked for ahead of one, by the clock or by a command


WANTED = {Outcome.HIT, Outcome.MISS, Outcome.WAIT, Outcome.STALE}  # what is worth being kept fresh


class Noted(NamedTuple):
    """One lookup; `at` in seconds since 1970. `providers`: who told it just now."""

    at: float
    asin: str
    marketplace: str
    outcome: Outcome
    is_product: bool = False
    providers: Sequence[str] = ()

    @property
    def hour(self) -> int:
        """The hour it belongs to, counted since 1970."""
        return int(self.at) // HOUR


def answered(answer: Answer, *, asked: bool, ahead: bool = False) -> Noted:
    """Return what there is to note of an answer. `asked`: for it; `ahead`: of any lookup."""
    kept = answer.kept
    told = kept.providers if asked else ()
    outcome = Outcome.PREFETCHED if ahead else outcome_of(answer, asked=asked)
    return Noted(time.time(), kept.asin, kept.marketplace, outcome, not kept.is_not_found, told)


def outcome_of(answer: Answer, *, asked: bool) -> Outcome:
    """Return how a lookup that was answered met what is kept."""
    if answer.freshness is Freshness.STALE:
        return Outcome.STALE
    if answer.freshness is Freshness.CACHED:
        return Outcome.NEGATIVE if answer.kept.is_not_found else Outcome.HIT
    return Outcome.MISS if asked else Outcome.WAIT


def unanswered(asin: str, marketplace: str, error: Exception) -> Noted:
    """Return what there is to note of a lookup that ended with this."""
    has_failed = isinstance(error, UpstreamUnavailable) and not isinstance(error, MarketplaceNotServed)
    return Noted(time.time(), asin, marketplace, Outcome.FAILED if has_failed else Outcome.REFUSED)


def name_of(hour: int) -> str:
    """Return the name of an hour's hash."""
    return f"pallet:tally:{hour}"


def write(batch: Sequence[Noted]) -> None:
    """Add a batch to the hours it belongs to, in one trip. Raises RedisError."""
    pipeline = get_redis_connection("default").pipeline()
    for hour in sorted({noted.hour for noted in batch}):
        of_hour = [noted for noted in batch if noted.hour == hour]
        counts = Counter(f"{noted.marketplace}:{noted.outcome}" for noted in of_hour)
        counts.update(f"provider:{name}" for noted in of_hour for name in noted.providers)
        for field, count in counts.items():
            pipeline.hincrby(name_of(hour), field, count)
        pipeline.expireat(name_of(hour), (hour + 1 + KEPT_HOURS) * HOUR)
        wanted = [noted for noted in of_hour if noted.is_product and noted.outcome in WANTED]
        popularity.add(pipeline, hour, Counter((noted.asin, noted.marketplace) for noted in wanted))
    pipeline.execute()


def read(hours: Sequence[int]) -> list[Counter[str]]:
    """Return the counts of these hours by field, in one trip. Raises RedisError."""
    pipeline = get_redis_connection("default").pipeline(transaction=False)
    for hour in hours:
        pipeline.hgetall(name_of(hour))
    return [
        Counter({field.decode(): int(count) for field, count in counts.items()})
        for counts in pipeline.execute()
    ]


def named(noted: Noted) -> dict[str, Any]:
    """Return under which name the log knows a lookup."""
    return {"asin": noted.asin, "marketplace": noted.marketplace}


writer: BatchWriter[Noted] = register(BatchWriter("lookups", write, facts=named))
note, flush = writer.put, writer.flush
