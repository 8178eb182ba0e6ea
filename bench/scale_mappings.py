"""What finding an account's own claims takes with a million of them, beside a thousand.

    python -m config.engines exec -- python -m bench.scale_mappings

The claims lie in a database of their own, made for the run and dropped after it: spread over 100 accounts,
half of them of one, who asks; one claim in a hundred is everybody's, and one code is claimed by all. Each
question is asked as conversion asks it, and once more as EXPLAIN, which names the indexes that are read
("scan" where a table is read whole). Then a report of 200,000 rows is imported twice, the second time in
place of the first. Prints a table, and the same as JSON on the last line. BENCH_ROWS sets how many claims
there are.
"""

import json
import os
import threading
import time
from tempfile import TemporaryFile
from typing import Any
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import psutil  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from accounts.models import User  # noqa: E402
from bench.scale_calls import indexes, quickest_ms  # noqa: E402
from bench.stage import scratch_database  # noqa: E402
from conversion.inventory import import_inventory  # noqa: E402
from conversion.models import Mapping  # noqa: E402

SMALL, LARGE = 1_000, int(os.environ.get("BENCH_ROWS", "1000000"))
ACCOUNTS = 100
HEAVY, OTHER = UUID(int=1), UUID(int=ACCOUNTS)
TIMES = 200  # each question
FILL = """
INSERT INTO conversion_mapping
  (code, asin, source, owner_id, inventory_id, marketplace, title, condition, is_archived, observed_at)
SELECT 'X00' || lpad((n)::text, 7, '0'), 'B0' || lpad(n::text, 8, '0'), 'inventory',
  CASE WHEN n %% 100 = 50 THEN NULL ELSE
    lpad(to_hex(CASE WHEN n %% 2 = 0 THEN 1 ELSE 2 + n / 2 %% (%(accounts)s - 1) END), 32, '0')::uuid END,
  NULL, 'US', 'Ratchet strap, four of them, with hooks', 'new', false, now()
FROM generate_series(1, %(rows)s::bigint) AS n
"""
SHARED = """
INSERT INTO conversion_mapping
  (code, asin, source, owner_id, inventory_id, marketplace, title, condition, is_archived, observed_at)
SELECT 'X00SHARED1', 'B0SHARED01', 'inventory', lpad(to_hex(n), 32, '0')::uuid, NULL, 'US', '', '', false,
  now()
FROM generate_series(1, %(accounts)s::bigint) AS n
"""


def fill(rows: int) -> None:
    """Write so many claims."""
    facts = {"rows": rows, "accounts": ACCOUNTS}
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE conversion_mapping, conversion_inventory")
        User.objects.bulk_create(
            User(pk=UUID(int=1 + number), email=f"{number}@example.com", mailbox=f"{number}@example.com")
            for number in range(0 if User.objects.exists() else ACCOUNTS)
        )
        cursor.execute(FILL, facts)
        cursor.execute(SHARED, facts)
        cursor.execute("VACUUM ANALYZE conversion_mapping")
        cursor.execute("CHECKPOINT")


def claims(code: str, account: UUID) -> list[Mapping]:
    """What may answer an account about a code."""
    return list(Mapping.objects.about(code).for_user(User(pk=account)))


def measure(code: str, account: UUID, found: int) -> dict[str, Any]:
    """How long a question takes at its quickest, how many statements, and what they read."""
    with CaptureQueriesContext(connection) as queries:
        if len(claims(code, account)) != found:
            raise SystemExit(f"{code}: {len(claims(code, account))} claims instead of {found}")
    read = set().union(*(indexes(query["sql"]) for query in queries))
    return {
        "ms": quickest_ms(lambda: claims(code, account), TIMES),
        "statements": len(queries),
        "reads": sorted(read),
    }


def run(rows: int) -> dict[str, Any]:
    """Fill the database and ask."""
    began = time.perf_counter()
    fill(rows)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size('conversion_mapping')")
        size = cursor.fetchone()[0] / 1e6
    print(f"{rows:,} claims: {size:,.0f} MB, filled in {time.perf_counter() - began:.0f} s", flush=True)
    middle = rows // 2 // 100 * 100
    return {
        "one's own": measure(f"X00{middle:07}", HEAVY, 1),
        "everybody's": measure(f"X00{middle + 50:07}", OTHER, 1),
        "another's": measure(f"X00{middle:07}", OTHER, 0),
        "nobody's": measure("X00NOTHING", HEAVY, 0),
        "one that all claim": measure("X00SHARED1", HEAVY, 1),
    }


def imports() -> dict[str, Any]:
    """How long a full report takes, the first time and in place of another, and how many MB of memory."""
    found: dict[str, Any] = {}
    rows = settings.INVENTORY_MAX_ROWS
    with TemporaryFile() as report:
        report.write(b"sku\tfnsku\tasin\tproduct-name\tafn-total-quantity\n")
        for n in range(rows):
            report.write(
                b"STRAP-%d\tX01%07d\tB0%08d\tRatchet strap, four of them, with hooks\t7\n" % (n, n, n)
            )
        for name in ("first", "in place of it"):
            report.seek(0)
            began = time.perf_counter()
            with Peak() as peak:
                import_inventory(user=User(pk=OTHER), source=report, marketplace="US")
            took = round(1000 * (time.perf_counter() - began))
            found[f"import {rows:,} rows, {name}"] = {"ms": took, "mb": peak.grown}
    return found


class Peak:
    """By how many megabytes the process grows during the block."""

    def __enter__(self) -> "Peak":
        self.process, self.is_over = psutil.Process(), threading.Event()
        self.before = self.most = self.process.memory_info().rss
        self.watcher = threading.Thread(target=self.watch)
        self.watcher.start()
        return self

    def watch(self) -> None:
        """Look at it a hundred times a second."""
        while not self.is_over.wait(0.01):
            self.most = max(self.most, self.process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        self.watcher.join()
        self.grown = round((self.most - self.before) / 1e6)


def main() -> None:
    """Measure and print."""
    with scratch_database("pallet_bench_mappings"):
        small, large = run(SMALL), run(LARGE)
        taken = imports()
    print(f"\n{'':24}{SMALL:>12,}{LARGE:>12,}   statements, indexes read")
    for name, told in large.items():
        reads = ", ".join(told["reads"])
        print(f"{name:24}{small[name]['ms']:>9} ms{told['ms']:>9} ms   {told['statements']}: {reads}")
    for name, told in taken.items():
        print(f"{name:40}{told['ms']:>9,} ms, {told['mb']} MB")
    print(json.dumps({str(SMALL): small, str(LARGE): large, "imports": taken}))


if __name__ == "__main__":
    main()
