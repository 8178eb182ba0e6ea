"""How many lookups need no upstream, when some products are asked for far more often than others.

    make bench          (python -m config.engines exec -- python -m bench.cache)

BENCH_REQUESTS lookups over the HTTP API of a two-worker server, about 50,000 products of which nobody has
asked for any before. How often each is asked for falls as its place in the order to the power of --exponent
(Zipf's law). Before that `warm_cache` reads a list of those asked most, as an owner would write it
from yesterday's; --warm 0 leaves that out. The figures are those that `products/cache-stats` gives an
operator, and each answer is proved to be paid once.
"""

import argparse
import itertools
import os
import random
import tempfile
import time
from io import StringIO
from pathlib import Path
from typing import Any

import requests
from django.core.management import call_command
from django_redis import get_redis_connection

from bench import stage
from bench.load import Result, drive
from bench.lookup import UNLIMITED
from bench.misses import new_asins

REQUESTS = int(os.environ.get("BENCH_REQUESTS", "12000"))
PRODUCTS = 50_000
CLIENTS = 32
LONGEST = 300.0  # seconds for all of it
LEAST_RATE = 0.8
SEED = 20261120


def forget_counts() -> None:
    """Begin with no counts: this Redis is the benches' own."""
    redis = get_redis_connection("default")
    for name in redis.scan_iter("pallet:tally:*"):
        redis.delete(name)


def figures(address: stage.Address, operator: stage.Headers, *, lookups: int) -> dict[str, Any]:
    """What cache-stats says once it has counted so many lookups."""
    url = "http://{}:{}/api/v1/products/cache-stats".format(*address)
    ends = time.monotonic() + 10
    while True:
        told: dict[str, Any] = requests.get(url, headers=operator, timeout=10).json()["data"]
        if told["lookups"] >= lookups or time.monotonic() > ends:
            return told
        time.sleep(0.2)


def warm(asins: list[str]) -> float:
    """Have answers kept for these, as the command does; how many seconds that took."""
    began = time.perf_counter()
    if asins:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "most-asked.txt")
            path.write_text("\n".join(asins))
            call_command("warm_cache", str(path), stdout=StringIO())
    return time.perf_counter() - began


def load(options: argparse.Namespace, asins: list[str], callers: list[stage.Headers]) -> list[bytes]:
    """The lookups, in the order in which they are sent."""
    weights = [1 / place**options.exponent for place in range(1, PRODUCTS + 1)]
    drawn = random.Random(SEED).choices(asins, weights, k=REQUESTS)
    return [
        stage.lookup_request(asin, caller)
        for asin, caller in zip(drawn, itertools.cycle(callers), strict=False)
    ]


def row(what: str, result: Result, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What one part of the load did."""
    names = ("lookups", "hits", "misses", "waits")
    counts = {name: after[name] - before[name] for name in names}
    return {
        "what": what,
        **counts,
        "hit rate %": round(100 * counts["hits"] / max(1, counts["lookups"]), 1),
        "requests/s": len(result.answers) / result.seconds,
        "p50 ms": result.percentile(0.5),
        "p95 ms": result.percentile(0.95),
    }


def prove(results: list[Result], before: tuple[int, int], told: dict[str, Any]) -> None:
    """Raise SystemExit unless every request was answered, paid once and counted once."""
    after = stage.ledger_totals()
    statuses = results[0].statuses + results[1].statuses
    entries, taken = after[0] - before[0], after[1] - before[1]
    charged = sum(result.charged for result in results)
    print(f"{dict(statuses)} answers, {entries} charges, {told['lookups']} counted; {stage.check_ledger()}")
    if set(statuses) != {200} or not entries == taken == statuses[200] == charged == told["lookups"]:
        raise SystemExit("not everybody was answered, paid or counted once")


def main() -> None:
    """The command line; warms, asks, proves, prints."""
    parser = argparse.ArgumentParser(prog="python -m bench.cache", description=__doc__)
    parser.add_argument("--exponent", type=float, default=1.1)
    parser.add_argument("--warm", type=int, default=2000, help="so many of those asked most")
    options = parser.parse_args()
    stage.prepare_database()
    callers, operator = stage.callers(100), stage.operator()
    asins = list(itertools.islice(new_asins(), PRODUCTS))
    asked = load(options, asins, callers)
    seconds = warm(asins[: options.warm])
    forget_counts()
    half, results, told = len(asked) // 2, [], [dict.fromkeys(("lookups", "hits", "misses", "waits"), 0)]
    before = stage.ledger_totals()
    with stage.web_server(**UNLIMITED) as (_, address):
        for part in (asked[:half], asked[half:]):
            results.append(drive(address, part, clients=CLIENTS, seconds=LONGEST))
            counted = sum(len(result.answers) for result in results)
            told.append(figures(address, operator, lookups=counted))
    rows = [
        row("the first half", results[0], told[0], told[1]),
        row("the second half", results[1], told[1], told[2]),
    ]
    law = f"Zipf's law with exponent {options.exponent:g}, {PRODUCTS:,} products"
    stage.show(f"{law}, the first {options.warm:,} warmed in {seconds:.1f} s", rows)
    rate = told[-1]["hit_rate"]
    print(f"hit rate, as cache-stats says: {100 * rate:.1f} %")
    prove(results, before, told[-1])
    if options.warm and rate <= LEAST_RATE:
        raise SystemExit(f"the hit rate is not above {100 * LEAST_RATE:g} %")


if __name__ == "__main__":
    main()
