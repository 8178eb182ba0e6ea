"""Calls into the database and out of it again, many at a time."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from api.ids import first_of, number_of
from api.models import CLIENT_ID_LENGTH, OPERATION_LENGTH, OUTCOME_LENGTH

# One statement, so rows and sums are written together or not at all. A batch whose commit was not heard of
# may be written again: rows that are there already stay as they are and are not summed twice. Sums are locked
# in one order, so processes that write at once wait for each other and never in a circle.
WRITE = """
WITH new AS (
  INSERT INTO api_apicall (id, at, user_id, key_id, operation, method, status, outcome, credits, duration_us,
    client_request_id)
  SELECT id, to_timestamp(ms / 1000.0), user_id, key_id, operation, method, status, outcome, credits,
    duration_us, client_request_id
  FROM unnest(%(id)s::uuid[], %(ms)s::bigint[], %(user)s::uuid[], %(key)s::uuid[], %(operation)s::text[],
    %(method)s::text[], %(status)s::smallint[], %(outcome)s::text[], %(credits)s::integer[],
    %(us)s::integer[], %(client)s::text[])
    AS call (id, ms, user_id, key_id, operation, method, status, outcome, credits, duration_us,
      client_request_id)
  ON CONFLICT (id) DO NOTHING
  RETURNING user_id, (at AT TIME ZONE 'UTC')::date AS day, operation, key_id, outcome, status, credits,
    duration_us
)
INSERT INTO api_usageday AS known
  (user_id, day, operation, key_id, outcome, status, calls, credits, duration_us)
SELECT user_id, day, operation, key_id, outcome, status, count(*), sum(credits), sum(duration_us) FROM new
GROUP BY user_id, day, operation, key_id, outcome, status
ORDER BY user_id, day, operation, key_id, outcome, status
ON CONFLICT (user_id, day, operation, key_id, outcome, status) DO UPDATE SET
  calls = known.calls + excluded.calls, credits = known.credits + excluded.credits,
  duration_us = known.duration_us + excluded.duration_us
"""
PRUNE = """
DELETE FROM api_apicall WHERE id IN (
  SELECT id FROM api_apicall WHERE id < %(first)s ORDER BY id LIMIT %(size)s FOR UPDATE SKIP LOCKED
)
"""
NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9._:-]+")
LONGEST_US = 2**31 - 1


class Call(NamedTuple):
    """What is noted of a call while it is answered; put into form when it is written."""

    request_id: str
    user_id: UUID | None
    key_id: UUID | None
    operation: str
    method: str
    status: int
    outcome: str
    credits: str
    seconds: float
    client_request_id: str


def microseconds(seconds: float) -> int:
    """Return how long something took, as far as a column can hold it."""
    return min(round(seconds * 1_000_000), LONGEST_US)


def write(calls: Sequence[Call]) -> None:
    """Write calls and add them to the sums of their days, in one statement however many they are."""
    if calls:
        with connection.cursor() as cursor:
            cursor.execute(WRITE, columns(calls))


def columns(calls: Sequence[Call]) -> dict[str, list[Any]]:
    """Return the calls as the arrays that the statement takes."""
    numbers = [number_of(call.request_id) for call in calls]
    return {
        "id": [f"{number:032x}" for number in numbers],
        "ms": [number >> 80 for number in numbers],
        "user": [call.user_id and call.user_id.hex for call in calls],
        "key": [call.key_id and call.key_id.hex for call in calls],
        "operation": [call.operation[:OPERATION_LENGTH] for call in calls],
        "method": [call.method[:10] for call in calls],
        "status": [call.status for call in calls],
        "outcome": [call.outcome[:OUTCOME_LENGTH] for call in calls],
        "credits": [int(call.credits) for call in calls],
        "us": [microseconds(call.seconds) for call in calls],
        "client": [harmless(call.client_request_id) for call in calls],
    }


def harmless(client_request_id: str) -> str:
    """Return the id that a caller gave the call, without what has no place in an id."""
    return NOT_IN_AN_ID.sub("", client_request_id)[:CLIENT_ID_LENGTH] if client_request_id else ""


def prune(before: datetime, *, size: int) -> int:
    """Delete at most `size` of the calls that came before a moment, the oldest first; how many went."""
    with connection.cursor() as cursor:
        cursor.execute(PRUNE, {"first": first_of(before), "size": size})
        return int(cursor.rowcount)
