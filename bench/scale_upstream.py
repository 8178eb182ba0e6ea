"""What the scoreboard of the upstreams takes with a million calls, beside the same with ten thousand.

    python -m config.engines exec -- python -m bench.scale_upstream

The calls lie in a database of their own, made for the run and dropped after it: spread over 30 days, six
upstreams of three operations each, one call in twenty failed. Each question is asked through its view, and
once more as EXPLAIN, which names the indexes that are read ("scan" where a table is read whole). Prints a
table, and the same as JSON on the last line. BENCH_UPSTREAM_ROWS sets how many calls there are.
"""

import json
import os
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402
from rest_framework.test import APIRequestFactory, force_authenticate  # noqa: E402

from accounts.models import User  # noqa: E402
from api.ids import new_number, new_request_id  # noqa: E402
from bench.scale_calls import indexes, quickest_ms  # noqa: E402
from bench.stage import scratch_database  # noqa: E402
from monitoring import recording  # noqa: E402
from monitoring.api import Performance  # noqa: E402
from monitoring.recording import Noted  # noqa: E402
from providers.attempts import Attempt  # noqa: E402

SMALL, LARGE = 10_000, int(os.environ.get("BENCH_UPSTREAM_ROWS", "1000000"))
DAYS = 30
TIMES = 5  # each question
FILL = """
INSERT INTO monitoring_upstreamcall (id, at, provider, credential, operation, marketplace, outcome, status,
  duration_us, cost, delivered)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || substr(md5(n::text), 1, 20))::uuid,
  at, (ARRAY['spapi', 'keepa', 'rainforest', 'creators', 'asindata', 'fnskutoasin'])[1 + n %% 6],
  substr(md5((n %% 12)::text), 1, 8), (ARRAY['products', 'offers', 'identifiers'])[1 + (n / 6) %% 3], 'US',
  CASE WHEN n %% 20 > 0 THEN 'ok' ELSE (ARRAY['timeout', 'rate_limited', 'upstream_down'])[1 + n %% 3] END,
  CASE WHEN n %% 20 > 0 THEN 200 ELSE 503 END, (exp(10 + 4 * random()))::integer, 1 + n %% 3,
  CASE WHEN n %% 20 > 0 THEN 1 + n %% 20 ELSE 0 END
FROM (
  SELECT n, %(now)s::timestamptz - (%(rows)s - n) * (interval '1 day' * %(days)s / %(rows)s) AS at
  FROM generate_series(1, %(rows)s::bigint) AS n
) AS call
"""
QUESTIONS: dict[str, tuple[int, dict[str, str]]] = {
    "the last 24 hours": (1, {}),
    "the last 24 hours, by operation": (1, {"by": "operation"}),
    "a week": (7, {}),
    "all 30 days": (DAYS, {}),
    "all 30 days, by operation": (DAYS, {"by": "operation"}),
}


def fill(rows: int) -> None:
    """Write so many calls, past the recorder and quickly."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE monitoring_upstreamcall")
        cursor.execute(FILL, {"rows": rows, "now": timezone.now(), "days": DAYS})
        cursor.execute("VACUUM ANALYZE monitoring_upstreamcall")
        cursor.execute("CHECKPOINT")


def ask(days: int, query: dict[str, str]) -> Any:
    """Answer a question in this process, as the view would."""
    since = (timezone.now() - timedelta(days=days)).isoformat()
    request = APIRequestFactory().get("/", {"from": since, **query})
    request.id = new_request_id()  # type: ignore[attr-defined]
    force_authenticate(request, User(is_staff=True))
    answer = Performance.as_view()(request)
    if answer.status_code != 200:
        raise SystemExit(answer.content.decode())
    return answer.data


def measure(days: int, query: dict[str, str]) -> dict[str, Any]:
    """How long a question takes, how many statements it takes, and what they read."""
    with CaptureQueriesContext(connection) as queries:
        ask(days, query)
    statements = [captured["sql"] for captured in queries]
    read = set().union(*(indexes(sql) for sql in statements))
    milliseconds = quickest_ms(lambda: ask(days, query), TIMES)
    return {"ms": milliseconds, "statements": len(statements), "reads": sorted(read)}


def a_batch() -> list[Noted]:
    """500 attempts."""
    facts: dict[str, Any] = {"provider": "keepa", "credential": "1a2b3c4d", "operation": "products"}
    attempt = Attempt(**facts, marketplace="US", outcome="ok", seconds=0.4, status=200, cost=1, delivered=1)
    return [Noted(new_number(), attempt) for _ in range(500)]


def run(rows: int) -> dict[str, Any]:
    """Fill the database and ask everything."""
    fill(rows)
    found = {name: measure(*question) for name, question in QUESTIONS.items()}
    before = timezone.now() - timedelta(days=DAYS - 1)
    written = quickest_ms(lambda: recording.write(a_batch()))
    pruned = quickest_ms(lambda: recording.prune(before, size=5_000), 1)
    found["write 500 calls"] = {"ms": written, "statements": 1, "reads": []}
    found["prune up to 5,000 calls"] = {"ms": pruned, "statements": 1, "reads": []}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_table_size('monitoring_upstreamcall'), pg_indexes_size('monitoring_upstreamcall')"
        )
        table, of_indexes = cursor.fetchone()
    print(f"{rows:,} calls: {table / 1e6:,.0f} MB, indexes {of_indexes / 1e6:,.0f} MB")
    return found


def main() -> None:
    """Measure and print."""
    with scratch_database("pallet_bench_upstream"):
        small, large = run(SMALL), run(LARGE)
    print(f"\n{'':42}{SMALL:>12,}{LARGE:>12,}   statements, indexes read")
    for name, told in large.items():
        reads = ", ".join(told["reads"])
        print(f"{name:42}{small[name]['ms']:>9} ms{told['ms']:>9} ms   {told['statements']}: {reads}")
    print(json.dumps({str(SMALL): small, str(LARGE): large}))


if __name__ == "__main__":
    main()
