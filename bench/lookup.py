"""What the cached billed lookup does: requests/s, latencies and CPU, with one wallet and with 1,000.

    make bench          (python -m config.engines exec -- python -m bench.lookup)

Load generator, two gunicorn workers, PostgreSQL (fsync on) and Redis share this machine. Each request is
authenticated, limited, validated, charged one credit with its ledger row, and answered after the commit.
After each run the ledger is proved: credits gone = entries written = answers counted by the client. CPU is
µs for one request, by process; `load` is the generator's own.

    --by jwt            access tokens instead of API keys
    --profile           instead of the table: where the web server's time goes
    BENCH_SECONDS, BENCH_ROUNDS, --clients 64, --wallets 1,1000 set the length
"""

import argparse
import itertools
import os
import statistics
from typing import Any

from bench import stage
from bench.load import drive, get_request
from bench.profiles import forget_profiles, print_profile

SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
LIMITS = ("LIMIT_PER_KEY", "LIMIT_PER_USER", "LIMIT_PER_ADDRESS")
UNLIMITED = dict.fromkeys(LIMITS, "100000000")  # counted, never refused


def numbers(text: str) -> list[int]:
    """1,16,64"""
    return [int(part) for part in text.split(",")]


def run(server: Any, address: stage.Address, asked: list[bytes], clients: int) -> dict[str, float]:
    """One run, and the proof that its money adds up."""
    before, cpu_before = stage.ledger_totals(), stage.cpu_seconds(server)
    result = drive(address, itertools.cycle(asked), clients=clients, seconds=SECONDS)
    cpu_after, after = stage.cpu_seconds(server), stage.ledger_totals()
    answers = result.statuses[200]
    entries, taken = after[0] - before[0], after[1] - before[1]
    if set(result.statuses) != {200} or not entries == taken == answers == result.charged:
        raise SystemExit(
            f"the money does not add up: {dict(result.statuses)} answers, {entries} entries, {taken} credits"
        )
    cpu = {f"{name} µs": 1e6 * (cpu_after[name] - cpu_before[name]) / answers for name in cpu_after}
    return {
        "requests/s": answers / result.seconds,
        "p50 ms": result.percentile(0.50),
        "p95 ms": result.percentile(0.95),
        "p99 ms": result.percentile(0.99),
        **cpu,
        "load µs": 1e6 * result.cpu_seconds / answers,
    }


def floor(server: Any, address: stage.Address) -> dict[str, float]:
    """What the cheapest answer costs that this server has: HTTP, Django's handler and nothing to do."""
    asked = itertools.cycle([get_request("localhost", "/health/live", {})])
    before = stage.cpu_seconds(server)
    result = drive(address, asked, clients=64, seconds=SECONDS)
    after, answers = stage.cpu_seconds(server), result.statuses[200]
    return {
        "requests/s": answers / result.seconds,
        "web µs": 1e6 * (after["web"] - before["web"]) / answers,
        "load µs": 1e6 * result.cpu_seconds / answers,
    }


def measure(options: argparse.Namespace, asked: list[bytes]) -> None:
    """All combinations, interleaved; medians printed."""
    runs: dict[tuple[int, int], list[dict[str, float]]] = {}
    with stage.web_server(**UNLIMITED) as (server, address):
        stage.warm(address, asked)
        run(server, address, asked[:1], 64)  # connections opened, statements prepared, not counted
        stage.show("the cheapest answer, GET /health/live, 64 clients", [floor(server, address)])
        for _ in range(ROUNDS):
            for wallets, clients in itertools.product(options.wallets, options.clients):
                figures = run(server, address, asked[:wallets], clients)
                runs.setdefault((wallets, clients), []).append(figures)
    rows = [
        {"wallets": wallets, "clients": clients}
        | {name: round(statistics.median(one[name] for one in many), 1) for name in many[0]}
        for (wallets, clients), many in runs.items()
    ]
    rounds = f"median of {ROUNDS} rounds of {SECONDS:g} s"
    stage.show(f"cached billed lookup by {options.by}, {rounds}, ledger exact", rows)


def profile(options: argparse.Namespace, asked: list[bytes]) -> None:
    """Where the web server's CPU goes while the last of the combinations runs."""
    forget_profiles()
    with stage.web_server(config="bench/profiled.py", **UNLIMITED) as (server, address):
        stage.warm(address, asked)
        figures = run(server, address, asked, options.clients[-1])
    stage.show(f"under the profiler, {options.clients[-1]} clients", [figures])
    print_profile(options.lines)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.lookup", description=__doc__)
    parser.add_argument("--by", choices=["key", "jwt"], default="key")
    parser.add_argument("--clients", type=numbers, default=None)
    parser.add_argument("--wallets", type=numbers, default=None)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--lines", type=int, default=45, help="of the profile")
    options = parser.parse_args()
    options.clients = options.clients or ([64] if options.profile else [1, 16, 64, 256])
    options.wallets = options.wallets or ([1] if options.profile else [1, 1000])
    stage.prepare_database()
    asked = [
        stage.lookup_request(stage.ASIN, one) for one in stage.callers(max(options.wallets), by=options.by)
    ]
    (profile if options.profile else measure)(options, asked)


if __name__ == "__main__":
    main()
