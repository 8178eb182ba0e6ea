"""Every attempt to ask an upstream leaves one row, and costs its caller nothing."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from monitoring import recording
from monitoring.models import UpstreamCall
from monitoring.tests.conftest import KEY
from monitoring.tests.factories import an_attempt, failed, written
from providers.attempts import announce
from providers.base import Part
from providers.errors import ProviderError
from providers.http import Patience, credential_name
from providers.keepa.provider import KeepaProvider
from providers.tests.loopback import Server, says

CORE = frozenset({Part.CORE})
QUICK = Patience(connect=1, read=5, total=5, attempts=1)

pytestmark = pytest.mark.django_db


def only() -> UpstreamCall:
    """The one call there was."""
    recording.writer.flush()
    return UpstreamCall.objects.get()


def test_a_call_that_was_answered_leaves_one_row(server: Server) -> None:
    keepa = KeepaProvider(api_key=KEY, base_url=server.url, patience=QUICK)
    keepa.products(["B0PALLET01", "B0PALLET02"], marketplace="DE", parts=CORE)
    call = only()
    assert (call.provider, call.credential) == ("keepa", credential_name(KEY))
    assert (call.operation, call.marketplace, call.outcome, call.status) == ("products", "DE", "ok", 200)
    assert (call.cost, call.delivered) == (Decimal(2), 2)
    assert call.duration_us > 0


def test_a_call_that_failed_leaves_one_too(server: Server) -> None:
    server.usually = says({}, status=503)
    keepa = KeepaProvider(api_key=KEY, base_url=server.url, patience=QUICK)
    with pytest.raises(ProviderError):
        keepa.products(["B0PALLET01"], marketplace="US", parts=CORE)
    call = only()
    assert (call.outcome, call.status, call.cost, call.delivered) == ("upstream_down", 503, None, 0)


def test_no_row_has_the_key(server: Server) -> None:
    KeepaProvider(api_key=KEY, base_url=server.url, patience=QUICK).products(
        ["B0PALLET01"], marketplace="US", parts=CORE
    )
    assert KEY not in str(vars(only()))


def test_to_note_a_call_asks_no_database() -> None:
    with CaptureQueriesContext(connection) as queries:
        announce(an_attempt())
    assert queries.captured_queries == []
    assert len(recording.writer.waiting) == 1


def test_many_calls_are_written_in_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(recording.writer.size):
        announce(an_attempt())
    with django_assert_num_queries(1):
        recording.writer.flush()
    assert UpstreamCall.objects.count() == recording.writer.size


def test_a_batch_that_is_written_twice_counts_once() -> None:
    announce(an_attempt())
    batch = list(recording.writer.waiting)
    for _ in range(2):
        recording.write(batch)
    assert UpstreamCall.objects.count() == 1


@pytest.mark.parametrize(
    ("cost", "kept"),
    [
        (1.25, Decimal("1.25")),
        (0, Decimal(0)),
        (None, None),
        (float("nan"), None),
        (float("inf"), None),
        (1e300, None),
    ],
)
def test_what_a_call_cannot_have_cost_is_not_kept(cost: Any, kept: Decimal | None) -> None:
    written(an_attempt(cost=cost))
    assert UpstreamCall.objects.get().cost == kept


def test_an_answer_that_was_taken_back_counts_below_nothing() -> None:
    written(failed("invalid_answer", operation="check", seconds=0, delivered=-1))
    assert UpstreamCall.objects.get().delivered == -1


@pytest.mark.django_db(transaction=True)
def test_an_attempt_that_no_database_takes_does_not_hold_up_the_others() -> None:
    written(an_attempt(), an_attempt(status=10**6), an_attempt(marketplace="a\0b"), an_attempt())
    assert UpstreamCall.objects.count() == 2


def test_names_that_are_too_long_are_cut() -> None:
    written(an_attempt(operation="o" * 100, credential="c" * 100, marketplace="m" * 100))
    call = UpstreamCall.objects.get()
    assert (len(call.operation), len(call.credential), len(call.marketplace)) == (64, 32, 8)
