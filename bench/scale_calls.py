"""What the questions about calls take with ten million calls, beside the same with ten thousand.

    python -m config.engines exec -- python -m bench.scale_calls

The calls lie in a database of their own, made for the run and dropped after it: spread over 90 days and
1,000 users. Half are of one user, who asks; one has not called for 45 days. Sums go back two years. Each
question is asked through its view, and once more as EXPLAIN, which names the indexes that are read ("scan"
where a table is read whole). Prints a table, and the same as JSON on the last line. BENCH_ROWS sets how many
calls there are.
"""

import json
import os
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402
from rest_framework.test import APIRequestFactory, force_authenticate  # noqa: E402

from accounts.models import User  # noqa: E402
from api import calls  # noqa: E402
from api.analytics import Usage  # noqa: E402
from api.calls import Call  # noqa: E402
from api.ids import new_request_id, request_id_of  # noqa: E402
from api.models import APICall  # noqa: E402
from api.requests import Requests  # noqa: E402
from bench.stage import scratch_database  # noqa: E402

SMALL, LARGE = 10_000, int(os.environ.get("BENCH_ROWS", "10000000"))
AT_ONCE = 500_000  # rows of a statement that fills
TIMES = 15  # each question
HEAVY, GONE, SMALL_ONE = UUID(int=1), UUID(int=2), UUID(int=4)
KEY = UUID(int=1 << 64)
DAYS = 90
RARE = 100_000  # one call in so many failed
FILL = """
INSERT INTO api_apicall (id, at, user_id, key_id, operation, method, status, outcome, credits, duration_us,
  client_request_id)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || substr(md5(n::text), 1, 20))::uuid,
  at, lpad(to_hex(CASE WHEN n %% 2 = 0 THEN 1 WHEN n %% 5 = 0 AND n < %(rows)s / 2 THEN 2
    ELSE 3 + (n * 7919) %% 997 END), 32, '0')::uuid,
  lpad(to_hex(1 + n %% 5) || repeat('0', 16), 32, '0')::uuid,
  (ARRAY['product.lookup', 'product.lookup', 'products:history', 'credits:balance'])[1 + (n / 2) %% 4], 'GET',
  CASE WHEN failed THEN 500 ELSE 200 END, CASE WHEN failed THEN 'internal_error' ELSE 'ok' END,
  CASE WHEN failed THEN 0 ELSE 1 END, 1000 + n %% 9000, ''
FROM (
  SELECT n, %(now)s::timestamptz - (%(rows)s - n) * (interval '1 day' * %(days)s / %(rows)s) AS at,
    n %% %(rare)s = 0 AND n < %(rows)s / 2 AS failed
  FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
) AS call
"""
SUM_UP = """
INSERT INTO api_usageday (user_id, day, operation, key_id, outcome, status, calls, credits, duration_us)
SELECT user_id, (at AT TIME ZONE 'UTC')::date, operation, key_id, outcome, status, count(*), sum(credits),
  sum(duration_us)
FROM api_apicall GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 2
"""
GO_BACK = """
INSERT INTO api_usageday (user_id, day, operation, key_id, outcome, status, calls, credits, duration_us)
SELECT user_id, day - turn * 92, operation, key_id, outcome, status, calls, credits, duration_us
FROM api_usageday, generate_series(1, 7) AS turn
"""


def fill(rows: int) -> None:
    """Write so many calls and their sums, past the recorder and quickly."""
    facts: dict[str, Any] = {"rows": rows, "now": timezone.now(), "days": DAYS, "rare": min(RARE, rows // 20)}
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE api_apicall, api_usageday")
        for first in range(1, rows + 1, AT_ONCE):
            cursor.execute(FILL, {**facts, "first": first, "last": min(first + AT_ONCE - 1, rows)})
        cursor.execute(SUM_UP)
        cursor.execute(GO_BACK)
        for table in ("api_apicall", "api_usageday"):
            cursor.execute(f"VACUUM ANALYZE {table}")
        cursor.execute("CHECKPOINT")


def ask(view: Any, query: dict[str, str], user: UUID = HEAVY) -> Any:
    """Answer a question in this process, as the view would."""
    request = APIRequestFactory().get("/", query)
    request.id = new_request_id()  # type: ignore[attr-defined]
    force_authenticate(request, User(pk=user))
    answer = view.as_view()(request).render()
    if answer.status_code != 200:
        raise SystemExit(answer.content.decode())
    return json.loads(answer.content)


def questions() -> dict[str, tuple[Any, ...]]:
    """What is asked, by what it is called in the table."""
    middle = APICall.objects.filter(user_id=HEAVY).order_by("id")[5000 // 2].id
    today = timezone.now().date()
    old = (today - timedelta(days=80)).isoformat()
    year = (today - timedelta(days=365)).isoformat()
    everything = {"operation": "product.lookup", "outcome": "ok", "status": "200", "key": str(KEY)}
    return {
        "requests: first page": (Requests, {}),
        "requests: first page, 45 days old": (Requests, {}, GONE),
        "requests: one by its id": (Requests, {"request_id": request_id_of(middle)}),
        "requests: one day, 80 days ago": (Requests, {"from": old, "to": old}),
        "requests: operation": (Requests, {"operation": "credits:balance"}),
        "requests: outcome, rare": (Requests, {"outcome": "internal_error"}),
        "requests: outcome, never": (Requests, {"outcome": "not_found"}),
        "requests: status, rare": (Requests, {"status": "500"}),
        "requests: key, never": (Requests, {"key": str(UUID(int=9))}),
        "requests: four filters": (Requests, everything),
        "requests: four filters, 80 days ago": (Requests, {**everything, "to": old}),
        "requests: four filters, of a small user": (Requests, everything, SMALL_ONE),
        "usage: 30 days by day": (Usage, {}),
        "usage: 30 days by outcome": (Usage, {"group_by": "outcome"}),
        "usage: 366 days by day": (Usage, {"from": year}),
        "usage: 366 days by key": (Usage, {"from": year, "group_by": "key"}),
    }


def indexes(sql: str) -> set[str]:
    """The indexes that a statement reads, or `scan` and the table."""
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + sql.replace("%", "%%"), [])
        found = cursor.fetchone()[0]
    nodes = [(found if isinstance(found, list) else json.loads(found))[0]["Plan"]]
    named = set()
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if node["Node Type"] == "Seq Scan":
            named.add(f"scan {node['Relation Name']}")
        elif "Index Name" in node:
            named.add(node["Index Name"])
    return named


def measure(question: tuple[Any, ...]) -> dict[str, Any]:
    """How long a question takes, how many statements it takes, and what they read."""
    with CaptureQueriesContext(connection) as queries:
        ask(*question)
    statements = [query["sql"] for query in queries]
    read = set().union(*(indexes(sql) for sql in statements))
    milliseconds = quickest_ms(lambda: ask(*question))
    return {"ms": milliseconds, "statements": len(statements), "reads": sorted(read)}


def quickest_ms(act: Callable[[], object], times: int = TIMES) -> float:
    """The shortest duration of an act: what others do on this machine meanwhile is not measured."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append(1000 * (time.perf_counter() - began))
    return round(min(taken), 1)


def a_batch() -> list[Call]:
    """500 calls of as many users as there are."""
    return [
        Call(new_request_id(), UUID(int=1 + n), KEY, "product.lookup", "GET", 200, "ok", "1", 0.004, "")
        for n in range(500)
    ]


def run(rows: int) -> dict[str, Any]:
    """Fill the database and ask everything."""
    began = time.perf_counter()
    fill(rows)
    found: dict[str, Any] = {name: measure(question) for name, question in questions().items()}
    found["write 500 calls"] = {
        "ms": quickest_ms(lambda: calls.write(a_batch())),
        "statements": 1,
        "reads": [],
    }
    before = timezone.now() - timedelta(days=80)
    found["prune 500 calls"] = {
        "ms": quickest_ms(lambda: calls.prune(before, size=500), 1),
        "statements": 1,
        "reads": [],
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size('api_apicall'), pg_total_relation_size('api_usageday')")
        sizes = cursor.fetchone()
    print(f"{rows:,} calls: {sizes[0] / 1e6:,.0f} MB, sums {sizes[1] / 1e6:,.0f} MB", end="; ")
    print(f"filled and asked in {time.perf_counter() - began:.0f} s")
    return found


def main() -> None:
    """Measure and print."""
    with scratch_database("pallet_bench_calls"):
        small, large, again = run(SMALL), run(LARGE), run(SMALL)
    for name, told in small.items():  # before and after, so that both sizes meet the same machine
        told["ms"] = min(told["ms"], again[name]["ms"])
    print(f"\n{'':42}{SMALL:>12,}{LARGE:>12,}   statements, indexes read")
    for name, told in large.items():
        reads = ", ".join(told["reads"])
        print(f"{name:42}{small[name]['ms']:>9} ms{told['ms']:>9} ms   {told['statements']}: {reads}")
    print(json.dumps({str(SMALL): small, str(LARGE): large}))


if __name__ == "__main__":
    main()
