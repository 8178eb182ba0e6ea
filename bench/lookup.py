"""What the cached billed lookup does: requests/s, latencies and CPU, with one wallet and with 1,000.

    make bench          (python -m config.engines exec -- python -m bench.lookup)

Load generator, two gunicorn workers, PostgreSQL (fsync on) and Redis share this machine. Each request is
authenticated, validated, charged one credit with its ledger row, and answered after the commit. After each
run the ledger is proved: credits gone = entries written = answers counted by the client. Prints a table, and
the same as JSON on the last line. BENCH_SECONDS and BENCH_ROUNDS set the length.
"""

import asyncio
import json
import os
import socket
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import django
import psutil
import requests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["PROVIDERS"] = "sample"
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from accounts import sessions  # noqa: E402
from accounts.client_address import Client  # noqa: E402
from accounts.models import User  # noqa: E402
from bench.load import Result, drive, get_request  # noqa: E402
from credits.services import grant  # noqa: E402

ASIN = "B07ZPKCJ6X"
SECONDS = float(os.environ.get("BENCH_SECONDS", "4"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
CLIENTS = (1, 16, 64)
WALLETS = (1, 1000)
ENGINES = {"postgres", "redis-server", "valkey-server"}
FULL_WALLET = 10_000_000


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def web_server(port: int) -> Iterator[psutil.Popen]:
    """Pallet as `make run` serves it."""
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        "config/gunicorn.py",
        "-b",
        f"127.0.0.1:{port}",
        "config.wsgi",
    ]
    with (settings.DATA_DIR / "log" / "bench-web.log").open("wb") as log:
        server = psutil.Popen(command, stdout=log, stderr=log)
    try:
        await_ready(port)
        yield server
    finally:
        server.terminate()
        server.wait(30)


def await_ready(port: int) -> None:
    """Until the server answers, for a minute at most."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if requests.get(f"http://127.0.0.1:{port}/health/ready", timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise SystemExit("the web server did not come up within a minute")


def make_callers(count: int) -> list[str]:
    """Users with full wallets; their access tokens."""
    tokens = []
    for number in range(count):
        email = f"bench-{number}@example.com"
        user = User.objects.filter(email=email).first() or User.objects.create_user(email)
        grant(user, FULL_WALLET, operation="bench", key=f"bench:{user.pk}:{time.time_ns()}")
        tokens.append(sessions.begin(user, Client()).access_token)
    return tokens


def engines_below(ancestor: psutil.Process) -> list[psutil.Process]:
    """The database servers that this process started."""
    return [process for process in ancestor.children(recursive=True) if process.name() in ENGINES]


def cpu_seconds(server: psutil.Popen) -> dict[str, float]:
    """CPU spent so far by Python, PostgreSQL and Redis."""

    def spent(processes: Sequence[psutil.Process]) -> float:
        times = [process.cpu_times() for process in processes if process.is_running()]
        return float(sum(t.user + t.system + t.children_user + t.children_system for t in times))

    engines = next(filter(None, map(engines_below, psutil.Process().parents())), [])
    return {
        "python": spent([server, *server.children(recursive=True)]),
        "postgres": spent([process for process in engines if process.name() == "postgres"]),
        "redis": spent([process for process in engines if process.name() != "postgres"]),
    }


def ledger_totals() -> tuple[int, int]:
    """Charges written so far, and credits they took."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(-sum(amount), 0) FROM credits_ledgerentry WHERE kind = 'charge'"
        )
        count, taken = cursor.fetchone()
    connection.close()
    return int(count), int(taken)


def run(server: psutil.Popen, port: int, tokens: list[str], clients: int) -> dict[str, float]:
    """One run, and the proof that its money adds up."""
    path = f"/api/v1/products/{ASIN}"
    asked = [get_request("localhost", path, {"Authorization": f"Bearer {token}"}) for token in tokens]
    before, cpu_before = ledger_totals(), cpu_seconds(server)
    result: Result = asyncio.run(drive("127.0.0.1", port, asked, clients=clients, seconds=SECONDS))
    after, cpu_after = ledger_totals(), cpu_seconds(server)
    answers = result.statuses[200]
    entries, taken = after[0] - before[0], after[1] - before[1]
    if set(result.statuses) != {200} or not entries == taken == answers == result.charged:
        raise SystemExit(
            f"the money does not add up: {result.statuses} answers, {entries} entries, {taken} credits"
        )
    cpu = {f"cpu_us_{name}": 1e6 * (cpu_after[name] - cpu_before[name]) / answers for name in cpu_after}
    return {
        "requests_per_second": answers / result.seconds,
        "p50_ms": result.percentile(0.50),
        "p95_ms": result.percentile(0.95),
        "p99_ms": result.percentile(0.99),
        **cpu,
    }


def main() -> None:
    """All combinations, interleaved, medians printed."""
    call_command("migrate", verbosity=0)
    tokens = make_callers(max(WALLETS))
    connection.close()
    port = free_port()
    runs: dict[tuple[int, int], list[dict[str, float]]] = {}
    with web_server(port) as server:
        for token in tokens:  # every principal and the product are remembered before the clock starts
            headers = {"Authorization": f"Bearer {token}"}
            requests.get(f"http://127.0.0.1:{port}/api/v1/products/{ASIN}", headers=headers, timeout=10)
        for _ in range(ROUNDS):
            for wallets in WALLETS:
                for clients in CLIENTS:
                    figures = run(server, port, tokens[:wallets], clients)
                    runs.setdefault((wallets, clients), []).append(figures)
    report = [
        {
            "wallets": w,
            "clients": c,
            **{name: round(statistics.median(f[name] for f in many), 1) for name in many[0]},
        }
        for (w, c), many in runs.items()
    ]
    names = list(report[0])
    print("  ".join(f"{name:>12.12}" for name in names))
    for row in report:
        print("  ".join(f"{row[name]:>12}" for name in names))
    print(json.dumps({"bench": "cached billed lookup", "rounds": ROUNDS, "seconds": SECONDS, "runs": report}))


if __name__ == "__main__":
    main()
