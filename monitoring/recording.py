"""One UpstreamCall for every attempt to ask an upstream: noted at once, written off the caller's path."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from math import isfinite
from typing import Any, NamedTuple

from django.db import connection

from api.batches import BatchWriter, register
from api.calls import microseconds
from api.ids import new_number
from monitoring.models import MARKETPLACE_LENGTH, NAME_LENGTH, OPERATION_LENGTH
from providers.attempts import Attempt

# A batch whose commit was not heard of may be written again: rows that are there already stay as they are.
WRITE = """
INSERT INTO monitoring_upstreamcall (id, at, provider, credential, operation, marketplace, outcome, status,
  duration_us, cost, delivered)
SELECT * FROM unnest(%(id)s::uuid[], %(at)s::timestamptz[], %(provider)s::text[], %(credential)s::text[],
  %(operation)s::text[], %(marketplace)s::text[], %(outcome)s::text[], %(status)s::smallint[],
  %(us)s::integer[], %(cost)s::numeric[], %(delivered)s::integer[])
ON CONFLICT (id) DO NOTHING
"""
PRUNE = """
DELETE FROM monitoring_upstreamcall WHERE id IN (
  SELECT id FROM monitoring_upstreamcall WHERE at < %(before)s ORDER BY at LIMIT %(size)s
  FOR UPDATE SKIP LOCKED
)
"""
COSTLIEST = 10**8  # what a column takes; nobody's unit is that small


class Noted(NamedTuple):
    """An attempt, and the bits of the id that its row will have: 48 of time, 80 random ones."""

    number: int
    attempt: Attempt


def note(attempt: Attempt) -> None:
    """Remember an attempt; never waits and never fails. One of `providers.attempts.observers`."""
    writer.put(Noted(new_number(), attempt))


def write(batch: Sequence[Noted]) -> None:
    """Write attempts, in one statement however many they are."""
    if batch:
        with connection.cursor() as cursor:
            cursor.execute(WRITE, columns(batch))


def columns(batch: Sequence[Noted]) -> dict[str, list[Any]]:
    """Return the attempts as the arrays that the statement takes."""
    attempts = [noted.attempt for noted in batch]
    return {
        "id": [f"{noted.number:032x}" for noted in batch],
        "at": [attempt.at for attempt in attempts],
        "provider": [attempt.provider[:NAME_LENGTH] for attempt in attempts],
        "credential": [attempt.credential[:NAME_LENGTH] for attempt in attempts],
        "operation": [attempt.operation[:OPERATION_LENGTH] for attempt in attempts],
        "marketplace": [attempt.marketplace[:MARKETPLACE_LENGTH] for attempt in attempts],
        "outcome": [str(attempt.outcome)[:NAME_LENGTH] for attempt in attempts],
        "status": [attempt.status for attempt in attempts],
        "us": [microseconds(attempt.seconds) for attempt in attempts],
        "cost": [believed(attempt.cost) for attempt in attempts],
        "delivered": [attempt.delivered for attempt in attempts],
    }


def believed(cost: float | None) -> Decimal | None:
    """Return what an upstream says a call has cost, None where it says what cannot be."""
    if cost is None or not isfinite(cost) or abs(cost) >= COSTLIEST:
        return None
    return Decimal(str(cost))


def prune(before: datetime, *, size: int) -> int:
    """Delete at most `size` of the calls that ended before a moment, the oldest first; how many went."""
    with connection.cursor() as cursor:
        cursor.execute(PRUNE, {"before": before, "size": size})
        return int(cursor.rowcount)


def named(noted: Noted) -> dict[str, Any]:
    """Return what the log may say of an attempt."""
    return {"provider": noted.attempt.provider, "operation": noted.attempt.operation}


writer = register(BatchWriter("calls to upstreams", write, facts=named))
