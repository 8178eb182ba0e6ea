"""Lookups while the first of two upstreams fails altogether, and after it has recovered.

    make bench          (python -m config.engines exec -- python -m bench.failover)

Two upstreams on this machine speak Keepa's format; the second takes BENCH_SECOND_MS. Pallet knows them as two
accounts of one upstream. Every lookup is for a product nobody has asked for before. Printed: how long answers
take with a sound first upstream, with one that refuses everything and with one that hangs, how often it was
asked meanwhile, how soon it answers again, and that every answer is paid once.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from bench import stage
from bench.load import Result, drive
from bench.lookup import UNLIMITED
from bench.misses import new_asins
from providers.keepa.tests.upstream import knows_all
from providers.tests import loopback
from providers.tests.loopback import Behaviour, Handler, Query, Server, says

SECOND_MS = int(os.environ.get("BENCH_SECOND_MS", "200"))
SECONDS, CLIENTS = 10.0, 16
HANGS_SECONDS = 3.0


def after(seconds: float, then: Behaviour) -> Behaviour:
    """Take so long, then do that."""

    def behaviour(handler: Handler, query: Query) -> None:
        time.sleep(seconds)
        then(handler, query)

    return behaviour


def ask(address: stage.Address, requests: Iterator[bytes], seconds: float) -> Result:
    """Ask for one new product after another."""
    return drive(address, requests, clients=CLIENTS, seconds=seconds)


def recovery(address: stage.Address, requests: Iterator[bytes], first: Server) -> Iterator[Result]:
    """Ask until the first upstream answers again, half a second at a time."""
    end, asked = time.monotonic() + 150, len(first.requests)
    while len(first.requests) < asked + CLIENTS:
        yield ask(address, requests, 0.5)
        if time.monotonic() > end:
            raise SystemExit("the first upstream was not asked again")


def row(what: str, result: Result, first: int) -> dict[str, Any]:
    """One row of the table."""
    percentiles = {f"p{share:.0%}"[:-1] + " ms": result.percentile(share) for share in (0.5, 0.95)}
    return {"first upstream": what, "answers": len(result.answers), **percentiles, "asked the first": first}


def main() -> None:
    """Measure, prove, print."""
    stage.prepare_database()
    [caller] = stage.callers(1)
    requests = (stage.lookup_request(asin, caller) for asin in new_asins())
    slow = after(SECOND_MS / 1000, knows_all)
    behaviours = {
        "sound": slow,
        "refuses (500)": says({}, status=500),
        "hangs": after(HANGS_SECONDS, says({}, status=500)),
    }
    with loopback.serving(slow) as first, loopback.serving(slow) as second:
        accounts = {"KEEPA_API_KEY": "one", "KEEPA_URL": first.url}
        accounts |= {"KEEPA_API_KEY_2": "two", "KEEPA_URL_2": second.url, "PROVIDERS": "keepa"}
        with stage.web_server(**accounts, **UNLIMITED) as (_, address):
            before, rows, results = stage.ledger_totals(), [], []
            for what, behaviour in behaviours.items():
                first.usually, asked = behaviour, len(first.requests)
                result = ask(address, requests, SECONDS)
                rows.append(row(what, result, len(first.requests) - asked))
                results.append(result)
            first.usually, began = knows_all, time.monotonic()
            results += recovery(address, requests, first)
            seconds, totals = time.monotonic() - began, stage.ledger_totals()
    stage.show(f"the first of two upstreams fails; the second takes {SECOND_MS} ms", rows)
    statuses = sum((result.statuses for result in results), Counter[int]())
    charges, credits = totals[0] - before[0], totals[1] - before[1]
    told = f"asked again {seconds:.1f} s after it was sound; {dict(statuses)} answers, {charges} charges"
    print(f"{told}; {stage.check_ledger()}")
    if set(statuses) != {200} or not charges == credits == statuses[200]:
        raise SystemExit("not everybody was answered, or the money does not add up")


if __name__ == "__main__":
    main()
