"""Redis and PostgreSQL taken away under load, hung and dead, and given back.

    make bench          (PALLET_DATA_DIR=.data/outages python -m bench.outages)

Starts engines of its own, in a data folder of its own, because it stops them: SIGSTOP for one that hangs,
SIGKILL for one that is dead and started anew. Each is away for BENCH_OUTAGE_SECONDS. Meanwhile forty callers
ask 2.5 times a second each for a cached product, now and then for one that nobody asked for before, and one
greedy caller asks far more often than the limit of its key allows. Printed for each stretch of time: answers
by status and how long they took, the greedy caller's beside them (429: the limit holds), and what was read
from PostgreSQL a second (`callers`: who is behind a credential; `products`; `upstream`: answers from there).
Then whether every paid answer is paid once, and what check_ledger says.
"""

import itertools
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from bench import stage
from bench.away import Outages
from bench.load import Result, drive
from bench.misses import new_asins
from config import postgres_server, redis_server
from config.folder import DataFolder
from config.processes import stop_on_signals

AWAY_SECONDS = float(os.environ.get("BENCH_OUTAGE_SECONDS", "5"))
BEFORE_SECONDS, AFTER_SECONDS = 3.0, 10.0
CALLERS, PAUSE = 40, 0.4
GREEDY = 8  # clients of one more caller
NEW_EVERY = 20  # so many requests for the cached product, then one for a new one
QUOTA = 200  # requests a minute for one key: a caller needs 150, the greedy one asks 9,600 times
LIMITS = {"LIMIT_PER_KEY": str(QUOTA), "LIMIT_PER_USER": str(QUOTA), "LIMIT_PER_ADDRESS": "1000000"}
READS = """
    SELECT (SELECT idx_scan + seq_scan FROM pg_stat_user_tables WHERE relname = 'accounts_apikey'),
        (SELECT idx_scan + seq_scan FROM pg_stat_user_tables WHERE relname = 'products_product'),
        (SELECT n_tup_ins + n_tup_upd FROM pg_stat_user_tables WHERE relname = 'products_product')
"""


@dataclass
class Run:
    """What happened in one outage. Times are time.perf_counter's."""

    load: Result = field(default_factory=Result)
    greedy: Result = field(default_factory=Result)
    away_at: float = 0.0
    back_at: float = 0.0
    reads: list[tuple[float, tuple[int, ...]]] = field(default_factory=list)


def watch_reads(run: Run, over: threading.Event) -> None:
    """Look four times a second at what was read from PostgreSQL, until it is taken away."""
    parameters = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}
    with suppress(psycopg.Error), psycopg.connect(**parameters, autocommit=True) as database:
        while not over.wait(0.25):
            row = database.execute(READS).fetchone()
            run.reads.append((time.perf_counter(), tuple(row or ())))


def suffer(outage: Callable[[], Any], address: stage.Address, asked: list[bytes], greedy: bytes) -> Run:
    """Load the server, take something away, give it back, and wait until the load has ended."""
    run, over = Run(), threading.Event()
    seconds = BEFORE_SECONDS + AWAY_SECONDS + AFTER_SECONDS
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as processes:
        load = processes.submit(drive, address, asked, clients=CALLERS, seconds=seconds, pause=PAUSE)
        many = [greedy] * 100_000
        pushing = processes.submit(drive, address, many, clients=GREEDY, seconds=seconds, pause=0.05)
        watch = threading.Thread(target=watch_reads, args=(run, over), daemon=True)
        watch.start()
        time.sleep(BEFORE_SECONDS)
        run.away_at = time.perf_counter()
        with outage():
            time.sleep(AWAY_SECONDS)
        run.back_at = time.perf_counter()
        run.load, run.greedy = load.result(), pushing.result()
        over.set()
    return run


def stretches(run: Run) -> list[dict[str, Any]]:
    """A row for each stretch of time."""
    away, back = run.away_at, run.back_at
    parts = {
        "before": (away - BEFORE_SECONDS + 0.5, away),
        "away, first 2 s": (away, min(away + 2, back)),
        "away, then": (away + 2, back),
        "back, first 2 s": (back, back + 2),
        "back, then": (back + 2, back + AFTER_SECONDS),
    }
    rows = []
    for name, (since, until) in parts.items():
        part, greedy = run.load.between(since, until), run.greedy.between(since, until)
        rows.append(
            {
                "stretch": name,
                "answers": tally(part),
                "p50 ms": part.percentile(0.5),
                "p95 ms": part.percentile(0.95),
                "longest ms": part.percentile(1),
                "greedy": tally(greedy),
                **reads_between(run, since, until),
            }
        )
    return rows


def tally(result: Result) -> str:
    """Such as 200: 512, 503: 3."""
    return ", ".join(f"{status}: {count}" for status, count in sorted(result.statuses.items())) or "none"


def reads_between(run: Run, since: float, until: float) -> dict[str, float | None]:
    """What was read a second."""
    seen = [(at, counts) for at, counts in run.reads if since <= at < until]
    names = ("callers/s", "products/s", "upstream/s")
    if len(seen) < 2:
        return dict.fromkeys(names)
    seconds = seen[-1][0] - seen[0][0]
    return {
        name: (last - first) / seconds
        for name, first, last in zip(names, seen[0][1], seen[-1][1], strict=True)
    }


def normal_after(run: Run) -> float:
    """Seconds from the return until every answer was a 200 as quick as before, give or take."""
    usual = run.load.between(run.away_at - BEFORE_SECONDS, run.away_at).percentile(1) / 1000
    odd = [
        at - run.back_at
        for at, seconds, status, _ in run.load.answers
        if at > run.back_at and (status != 200 or seconds > max(0.5, 2 * usual))
    ]
    return max(odd, default=0.0)


def tell(name: str, run: Run, before: tuple[int, int]) -> bool:
    """Print what happened; whether every paid answer was paid once and nobody else paid."""
    connection.close_pool()  # type: ignore[attr-defined]  # our own may be from before
    after = stage.ledger_totals()
    stage.show(f"{name} for {run.back_at - run.away_at:.0f} s", stretches(run))
    answers = run.load.answers + run.greedy.answers
    paid = sum(1 for answer in answers if answer[3])
    charged, entries = sum(answer[3] for answer in answers), after[0] - before[0]
    refused = [seconds for _, seconds, status, _ in answers if status == 503]
    print(
        f"normal again after {normal_after(run):.1f} s; slowest 503: {max(refused, default=0):.1f} s; "
        f"{paid} paid answers, {entries} charges of {after[1] - before[1]} credits "
        f"({entries - paid} charged without an answer); {stage.check_ledger()}"
    )
    # What PostgreSQL was committing when it stopped may stand, though nobody could be told.
    untold = GREEDY + CALLERS if name.startswith(postgres_server.NAME) else 0
    return charged == paid and 0 <= entries - paid <= untold and entries == after[1] - before[1]


def requests_of(callers: list[stage.Headers]) -> list[bytes]:
    """What the load asks for, in turn."""
    new = new_asins()
    turns = itertools.islice(itertools.cycle(callers), int(CALLERS / PAUSE * (AWAY_SECONDS + 60)))
    return [
        stage.lookup_request(stage.ASIN if place % NEW_EVERY else next(new), caller)
        for place, caller in enumerate(turns)
    ]


def main() -> None:
    """All four outages, one after the other."""
    stop_on_signals()
    if not (settings.EMBEDDED_POSTGRES and settings.EMBEDDED_REDIS):
        raise SystemExit("Outages are measured with the embedded engines: unset DATABASE_URL and REDIS_URL.")
    data = DataFolder(settings.DATA_DIR)
    exact = []
    with data.claimed():
        outages = Outages(data)
        try:
            outages.engines.start()
            stage.prepare_database()
            callers = stage.callers(CALLERS + 1)
            greedy = stage.lookup_request(stage.ASIN, callers.pop())
            with stage.web_server(**LIMITS) as (_, address):
                stage.warm(address, [stage.lookup_request(stage.ASIN, one) for one in callers])
                for engine, how in itertools.product(
                    (redis_server.NAME, postgres_server.NAME), (outages.hung, outages.dead)
                ):
                    before = stage.ledger_totals()
                    run = suffer(lambda: how(engine), address, requests_of(callers), greedy)  # noqa: B023
                    exact.append(tell(f"{engine} {how.__name__}", run, before))
                    connection.close_pool()  # type: ignore[attr-defined]
        finally:
            outages.engines.stop()
    if not all(exact):
        raise SystemExit("the money does not add up")


if __name__ == "__main__":
    main()
