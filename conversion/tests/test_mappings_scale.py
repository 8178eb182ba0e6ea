"""Finding an account's claims among many takes one question to one index."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.factories import a_user
from conversion.models import Mapping
from conversion.tests.reports import code

FILL = """
INSERT INTO conversion_mapping
  (code, asin, source, owner_id, marketplace, title, condition, is_archived, observed_at)
SELECT 'X00' || lpad(n::text, 7, '0'), 'B0' || lpad(n::text, 8, '0'), 'inventory',
  CASE WHEN n %% 10 = 0 THEN NULL ELSE (%(owners)s::uuid[])[1 + n %% 5] END, 'US', '', 'new', false, now()
FROM generate_series(0, 19999) AS n
"""


@pytest.fixture
def owners(db: None) -> list[User]:
    """Five accounts, to which 18,000 claims belong; 2,000 are everybody's."""
    people = [a_user() for _ in range(5)]
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"owners": [one.pk for one in people]})
        cursor.execute("ANALYZE conversion_mapping")
    return people


def plan(sql: str) -> list[dict[str, Any]]:
    """The steps in which PostgreSQL would answer."""
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + sql)
        found = cursor.fetchone()[0]
    steps, todo = [], [(found if isinstance(found, list) else json.loads(found))[0]["Plan"]]
    while todo:
        step = todo.pop()
        steps.append(step)
        todo += step.get("Plans", [])
    return steps


def test_an_account_finds_its_own_and_everybodys_claims_by_one_index(owners: list[User]) -> None:
    for number, account, expected in ((11, owners[1], 1), (11, owners[2], 0), (20, owners[2], 1)):
        with CaptureQueriesContext(connection) as queries:
            found = list(Mapping.objects.about(code(number)).for_user(account))
        assert len(found) == expected
        assert len(queries) == 1
        steps = plan(queries[0]["sql"])
        assert not [step for step in steps if step["Node Type"] == "Seq Scan"], steps
        conditions = [step["Index Cond"] for step in steps if "Index Cond" in step]
        assert conditions, steps
        assert all("code" in condition for condition in conditions)
