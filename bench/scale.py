"""What the ledger's verbs and questions take with ten million entries, beside the same with ten thousand.

    python -m config.engines exec -- python -m bench.scale

The entries lie in a database of their own, made for the run and dropped after it: charges spread over two
years and 1,000 wallets, half of them of one user, who charges and asks. They are folded by the task that does
it, and the ledger is proved at the end. Each question is asked through its view, and once more as EXPLAIN,
which names the indexes that are read ("scan" where a table is read whole). Prints a table, and the same as
JSON on the last line. BENCH_ROWS sets how many entries there are.
"""

import json
import os
import time
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from bench.scale_calls import ask, indexes, quickest_ms  # noqa: E402
from bench.stage import scratch_database  # noqa: E402
from credits import rollup  # noqa: E402
from credits.analytics import Analytics  # noqa: E402
from credits.api import Balance, History  # noqa: E402
from credits.charging import charge_alone, charge_together  # noqa: E402
from credits.laws import breaches  # noqa: E402
from credits.movements import Charge  # noqa: E402
from credits.services import grant, payment, refund  # noqa: E402

SMALL, LARGE = 10_000, int(os.environ.get("BENCH_ROWS", "10000000"))
AT_ONCE = 500_000  # rows of a statement that fills
HEAVY = UUID(int=1)
WALLETS, DAYS, GROUP = 1000, 730, 64
FULL_WALLET = 10**9
# Every other entry is the heavy wallet's, the others take turns; each continues the one before it.
FILL = """
INSERT INTO credits_ledgerentry (wallet_id, amount, balance_after, kind, operation, reference, key, metadata,
  created_at)
SELECT lpad(to_hex(wallet), 32, '0')::uuid, -1, %(full)s - turn, 'charge',
  (ARRAY['product.lookup', 'conversion.fnsku'])[1 + (n %% 7 = 0)::int],
  'B' || lpad((n %% 50000)::text, 9, '0'), 'chg_01' || lpad(n::text, 24, '0'),
  jsonb_build_object('key', lpad(to_hex(1 + n %% 5), 32, '0')::uuid, 'rule',
    '[["product.lookup", 1]]'::jsonb, 'marketplace', 'US', 'freshness', 'cached'),
  %(now)s::timestamptz - (%(rows)s - n) * (interval '1 day' * %(days)s / %(rows)s)
FROM (
  SELECT n, CASE WHEN n %% 2 = 0 THEN 1 ELSE 2 + n / 2 %% (%(wallets)s - 1) END AS wallet,
    CASE WHEN n %% 2 = 0 THEN n / 2 ELSE 1 + n / 2 / (%(wallets)s - 1) END AS turn
  FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
) AS entry ORDER BY n
"""
BALANCES = """
UPDATE credits_wallet SET balance = (
  SELECT balance_after FROM credits_ledgerentry WHERE wallet_id = user_id ORDER BY id DESC LIMIT 1)
"""
INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE tablename = 'credits_ledgerentry' AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""
numbers = count()


def fill(rows: int) -> None:
    """Write so many charges, past the guards and quickly."""
    people = [User(pk=UUID(int=1 + n), email=f"{n}@example.com") for n in range(WALLETS)]
    facts: dict[str, Any] = {"rows": rows, "now": timezone.now(), "days": DAYS}
    facts |= {"wallets": WALLETS, "full": FULL_WALLET}
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("TRUNCATE credits_ledgerentry, credits_hold, credits_wallet, credits_ledgerday")
        cursor.execute("TRUNCATE credits_ledgerfold, credits_spendingcap, accounts_user CASCADE")
        cursor.execute("SET session_replication_role = origin")
        User.objects.bulk_create(people)
        for one in people:
            grant(one, FULL_WALLET, operation="pack", key=f"grant_{one.pk}")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(INDEXES)
        defined = dict(cursor.fetchall())  # made again at the end, which is quicker
        for name in defined:
            cursor.execute(f"DROP INDEX {name}")
        for first in range(1, rows + 1, AT_ONCE):
            cursor.execute(FILL, {**facts, "first": first, "last": min(first + AT_ONCE - 1, rows)})
        for definition in defined.values():
            cursor.execute(definition)
        cursor.execute(BALANCES)
        cursor.execute("SET session_replication_role = origin")
        for table in ("credits_ledgerentry", "credits_wallet"):
            cursor.execute(f"VACUUM ANALYZE {table}")
        cursor.execute("CHECKPOINT")


def key() -> str:
    """A new one."""
    return f"bench_{next(numbers)}_{uuid4().hex}"


def a_charge() -> Charge:
    """One credit of the heavy wallet's."""
    return Charge(HEAVY, 1, "product.lookup", key())


def pay() -> None:
    """A hold and its capture."""
    with payment(User(pk=HEAVY), 2, operation="product.lookup", key=key()) as due:
        due.authorise()
        due.amount = 1


def give_back() -> None:
    """A refund of a charge made a moment ago."""
    name = charge_alone(a_charge()).key
    refund(name, key=f"ref_{name}")


def verbs() -> dict[str, dict[str, Any]]:
    """What moving credits takes."""
    group = quickest_ms(lambda: charge_together([a_charge() for _ in range(GROUP)]), 50)
    return {
        "a charge": {"ms": quickest_ms(lambda: charge_alone(a_charge()), 200)},
        f"{GROUP} charges in a group": {"ms": group},
        "hold and capture": {"ms": quickest_ms(pay, 50)},
        "charge and refund": {"ms": quickest_ms(give_back, 50)},
    }


def questions() -> dict[str, tuple[Any, dict[str, str]]]:
    """What is asked, by what it is called in the table."""
    today = timezone.now().date()
    old, year = str(today - timedelta(days=600)), str(today - timedelta(days=365))
    return {
        "balance": (Balance, {}),
        "history: first page": (History, {}),
        "history: page of 200": (History, {"limit": "200"}),
        "history: one day, 600 days ago": (History, {"from": old, "to": old}),
        "history: the first days": (History, {"to": old}),
        "history: grants": (History, {"kind": "grant"}),
        "history: an operation": (History, {"operation": "conversion.fnsku"}),
        "history: a rare operation": (History, {"operation": "pack"}),
        "history: a reference": (History, {"reference": "B000000002"}),
        "history: an unknown reference": (History, {"reference": "nothing"}),
        "analytics: 30 days by day": (Analytics, {}),
        "analytics: 366 days by day": (Analytics, {"from": year}),
        "analytics: 366 days by key": (Analytics, {"from": year, "group_by": "key"}),
    }


def measure(view: Any, query: dict[str, str]) -> dict[str, Any]:
    """How long a question takes at its quickest; how many statements it takes, and what they read."""
    with CaptureQueriesContext(connection) as queries:
        ask(view, query, HEAVY)
    read = set().union(*(indexes(one["sql"]) for one in queries))
    return {
        "ms": quickest_ms(lambda: ask(view, query, HEAVY), 7),
        "statements": len(queries),
        "reads": sorted(read),
    }


def seconds(act: Any) -> float:
    """How long it takes, once."""
    began = time.perf_counter()
    act()
    return round(time.perf_counter() - began, 2)


def prove() -> None:
    """No law is broken."""
    if wrong := list(breaches()):
        raise SystemExit(str(wrong[:10]))


def run(rows: int) -> dict[str, Any]:
    """Fill the database, charge and ask."""
    print(f"{rows:,} entries: filled in {seconds(lambda: fill(rows)):.0f} s", flush=True)
    found: dict[str, Any] = {"fold all of it": {"ms": 1000 * seconds(rollup.fold)}}
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE credits_ledgerday")
        cursor.execute("SELECT pg_total_relation_size('credits_ledgerentry')")
        print(f"{cursor.fetchone()[0] / 1e6:,.0f} MB")
    found |= verbs()
    found |= {name: measure(*question) for name, question in questions().items()}
    found["check_ledger"] = {"ms": 1000 * seconds(prove)}
    return found


def main() -> None:
    """Measure and print."""
    with scratch_database("pallet_bench_scale"):
        small, large = run(SMALL), run(LARGE)
    print(f"\n{'':38}{SMALL:>12,}{LARGE:>12,}   statements, indexes read")
    for name, told in large.items():
        reads = f"{told['statements']}: {', '.join(told['reads'])}" if "reads" in told else ""
        print(f"{name:38}{small[name]['ms']:>9} ms{told['ms']:>9} ms   {reads}")
    print(json.dumps({str(SMALL): small, str(LARGE): large}))


if __name__ == "__main__":
    main()
