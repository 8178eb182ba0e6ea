"""What the calls to upstreams add up to."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from monitoring.scoreboard import GROUPS, Score, last_day, scoreboard
from monitoring.tests.factories import an_attempt, failed, written

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def scores(by: str = "provider") -> list[Score]:
    """The scores of the hour that begins at noon."""
    return scoreboard(NOON, NOON + HOUR, by=by)


def only() -> Score:
    """The one score there is."""
    (score,) = scores()
    return score


def test_nothing_asked_is_no_score() -> None:
    assert scores() == []


def test_what_one_upstream_did() -> None:
    attempts = [an_attempt(seconds=number / 10, cost=2, delivered=5) for number in range(1, 10)]
    written(*attempts, failed("timeout", seconds=20), at=NOON)
    score = only()
    assert (score.provider, score.operation, score.credential) == ("keepa", None, None)
    assert (score.calls, score.succeeded, score.success_share) == (10, 9, 0.9)
    assert (score.cost, score.delivered, score.cost_per_answer) == (Decimal(18), 45, 0.4)
    assert score.failures == {"timeout": 1}


def test_times_are_interpolated_and_those_of_failures_count() -> None:
    written(
        *(an_attempt(seconds=seconds) for seconds in (0.1, 0.2, 0.3)), failed("timeout", seconds=20), at=NOON
    )
    score = only()
    assert score.p50_ms == 250
    assert score.p95_ms == pytest.approx(300 + 0.85 * 19_700)


def test_a_period_has_its_beginning_and_not_its_end() -> None:
    for at in (NOON - timedelta(microseconds=1), NOON, NOON + HOUR - timedelta(microseconds=1), NOON + HOUR):
        written(an_attempt(), at=at)
    assert only().calls == 2


def test_failures_are_counted_by_reason_the_most_frequent_first() -> None:
    written(failed("timeout"), failed("rate_limited"), failed("rate_limited"), at=NOON)
    score = only()
    assert list(score.failures.items()) == [("rate_limited", 2), ("timeout", 1)]
    assert (score.success_share, score.cost, score.cost_per_answer) == (0.0, None, None)


def test_an_answer_that_was_not_believed_is_no_call_and_is_taken_back() -> None:
    check = failed("invalid_answer", operation="check", seconds=0, status=None, delivered=-1)
    written(an_attempt(seconds=0.4, cost=10, delivered=10), check, at=NOON)
    score = only()
    assert (score.calls, score.succeeded, score.p50_ms) == (1, 1, 400)
    assert (score.delivered, score.failures) == (9, {"invalid_answer": 1})
    by_operation = {score.operation: score for score in scores("operation")}
    assert by_operation["check"].calls == 0
    assert (by_operation["check"].success_share, by_operation["check"].p50_ms) == (None, None)


def test_what_costs_nobody_knows_how_much_is_unknown_and_what_is_free_is_free() -> None:
    written(an_attempt(provider="first", cost=None), an_attempt(provider="second", cost=0), at=NOON)
    assert [(score.provider, score.cost, score.cost_per_answer) for score in scores()] == [
        ("first", None, None),
        ("second", Decimal(0), 0.0),
    ]


def test_groups_those_asked_most_first() -> None:
    few, many = an_attempt(provider="few"), an_attempt(provider="many", credential="one", operation="offers")
    written(few, many, many, an_attempt(provider="many", credential="two"), at=NOON)
    assert [(score.provider, score.calls) for score in scores()] == [("many", 3), ("few", 1)]
    assert [(score.provider, score.operation, score.calls) for score in scores("operation")] == [
        ("many", "offers", 2),
        ("few", "products", 1),
        ("many", "products", 1),
    ]
    assert [(score.provider, score.credential) for score in scores("credential")] == [
        ("many", "one"),
        ("few", "1a2b3c4d"),
        ("many", "two"),
    ]


def test_the_last_day_ends_now() -> None:
    written(an_attempt())
    written(an_attempt(), at=datetime.now(UTC) - timedelta(days=1, seconds=1))
    assert [score.calls for score in last_day()] == [1]


@pytest.mark.parametrize("by", GROUPS)
def test_it_is_one_statement(by: str, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    written(an_attempt(), failed("timeout"), at=NOON)
    with django_assert_num_queries(1):
        assert scores(by)


@pytest.mark.django_db(transaction=True)
def test_it_reads_an_index_alone() -> None:
    for day in range(30):
        written(*(an_attempt() for _ in range(100)), at=NOON - timedelta(days=day))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE monitoring_upstreamcall")
        with CaptureQueriesContext(connection) as queries:
            assert only().calls == 100
        cursor.execute("EXPLAIN " + queries[0]["sql"].replace("%", "%%"), [])
        plan = [line for (line,) in cursor.fetchall()]
    assert any("Index Only Scan using monitoring_upstream_by_time" in line for line in plan), plan
