"""Cached answers beside 1,000 misses that wait two seconds for their upstream, all in flight at once.

    make bench          (python -m config.engines exec -- python -m bench.misses)

The two-worker server is asked for BENCH_MISSES products nobody has asked for before, each on a connection of
its own, and meanwhile by ten clients for a cached one, fifty times a second. Printed: how quick the cached
answers were without and with the misses, how many misses were waited for at once (their leases in Redis,
looked at twenty times a second), and that every answer is paid once. Misses, cached answers and the count
each have a process of their own.
"""

import argparse
import itertools
import os
import string
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from django_redis import get_redis_connection

from bench import stage
from bench.load import Result, drive
from bench.lookup import UNLIMITED
from bench.profiles import forget_profiles, print_profile

MISSES = int(os.environ.get("BENCH_MISSES", "1000"))
UPSTREAM_SECONDS = 2.0
CLIENTS, PAUSE = 10, 0.2  # fifty gentle requests a second
CALM_SECONDS, GENTLE_SECONDS = 3.0, 15.0
LONGEST = 120.0  # seconds


def new_asins() -> Iterator[str]:
    """Codes that nobody has asked for: the time of now, counted on."""
    digits = string.digits + string.ascii_uppercase
    for number in itertools.count(int(time.time() * 1000)):
        rest, text = number, ""
        for _ in range(8):
            rest, digit = divmod(rest, 36)
            text = digits[digit] + text
        yield "B0" + text


def in_flight_until(over: Callable[[], bool]) -> int:
    """The most leases that were held at once."""
    redis, most = get_redis_connection("default"), 0
    while not over():
        most = max(most, len(redis.keys("pallet:flight:*")))
        time.sleep(0.25)  # to look costs Redis something; an upstream takes eight times as long
    return most


def measure(address: stage.Address, cached: list[bytes], missed: list[bytes]) -> dict[str, Any]:
    """Ask for all of it at once, the cached ones a little longer."""
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as processes:
        began = time.perf_counter()
        asked = list(itertools.islice(itertools.cycle(cached), int(CLIENTS / PAUSE * LONGEST)))
        gently: Future[Result] = processes.submit(
            drive, address, asked, clients=CLIENTS, seconds=GENTLE_SECONDS, pause=PAUSE
        )
        time.sleep(CALM_SECONDS)
        beside: Future[Result] = processes.submit(
            drive, address, missed, clients=len(missed), seconds=LONGEST, patience=LONGEST
        )
        most = in_flight_until(lambda: beside.done() and gently.done())
        return {"began": began, "most": most, "cached": gently.result(), "missed": beside.result()}


def latencies(name: str, result: Result) -> dict[str, Any]:
    """One row."""
    return {
        "what": name,
        "answers": len(result.answers),
        "p50 ms": result.percentile(0.5),
        "p95 ms": result.percentile(0.95),
        "p99 ms": result.percentile(0.99),
        "longest ms": result.percentile(1),
    }


def main() -> None:
    """The command line; measures, proves, prints."""
    parser = argparse.ArgumentParser(prog="python -m bench.misses", description=__doc__)
    parser.add_argument("--profile", action="store_true", help="also print where the web server's time goes")
    config = "bench/profiled.py" if parser.parse_args().profile else "config/gunicorn.py"
    forget_profiles()
    stage.prepare_database()
    callers = stage.callers(100)
    asins = list(itertools.islice(new_asins(), MISSES))
    missed = [stage.lookup_request(asin, callers[place % 100]) for place, asin in enumerate(asins)]
    cached = [stage.lookup_request(stage.ASIN, one) for one in callers[:10]]
    latency = str(round(1000 * UPSTREAM_SECONDS))
    with stage.web_server(config=config, SAMPLE_LATENCY_MS=latency, **UNLIMITED) as (server, address):
        stage.warm(address, cached)
        before, cpu_before = stage.ledger_totals(), stage.cpu_seconds(server)
        seen = measure(address, cached, missed)
        cpu_after, after = stage.cpu_seconds(server), stage.ledger_totals()
    calm, busy = seen["began"] + 0.5, seen["began"] + CALM_SECONDS
    over = max(answer[0] for answer in seen["missed"].answers)
    rows = [
        latencies("cached, alone", seen["cached"].between(calm, busy)),
        latencies("cached, beside the misses", seen["cached"].between(busy, over)),
        latencies("misses", seen["missed"]),
    ]
    cpu = ", ".join(f"{name} {cpu_after[name] - cpu_before[name]:.1f} s" for name in cpu_after)
    stage.show(f"{MISSES} misses of {UPSTREAM_SECONDS:g} s, {seen['most']} in flight at once", rows)
    statuses = seen["missed"].statuses + seen["cached"].statuses
    answers, charged = statuses[200], seen["missed"].charged + seen["cached"].charged
    entries = after[0] - before[0]
    print(f"{dict(statuses)} answers, {entries} charges; CPU: {cpu}; {stage.check_ledger()}")
    if config == "bench/profiled.py":
        print_profile(60)
    if set(statuses) != {200} or not entries == after[1] - before[1] == answers == charged:
        raise SystemExit("not everybody was answered, or the money does not add up")


if __name__ == "__main__":
    main()
