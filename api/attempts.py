"""Who may carry out a call that may be repeated: one attempt at a time, each step a statement of its own.

An attempt claims the record, works without holding a connection, and then stores its answer. One whose
process died is taken over when its time is over. All attempts at one call have the id of the first, by which
the ledger knows what is charged already.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from api.errors import IdempotencyInProgress
from api.sealing import Seal

CLAIM = """
INSERT INTO api_idempotentrequest AS kept
  (name, fingerprint, request_id, attempt_id, locked_until, created_at)
VALUES (%(name)s, %(fingerprint)s, %(attempt_id)s, %(attempt_id)s,
  statement_timestamp() + make_interval(secs => %(lease)s), statement_timestamp())
ON CONFLICT (name) DO UPDATE SET
  request_id = CASE WHEN kept.created_at < statement_timestamp() - make_interval(hours => %(hours)s)
    THEN excluded.request_id ELSE kept.request_id END,
  created_at = CASE WHEN kept.created_at < statement_timestamp() - make_interval(hours => %(hours)s)
    THEN excluded.created_at ELSE kept.created_at END,
  fingerprint = excluded.fingerprint,
  attempt_id = excluded.attempt_id,
  locked_until = excluded.locked_until,
  answer = NULL
WHERE kept.created_at < statement_timestamp() - make_interval(hours => %(hours)s)
  OR (kept.answer IS NULL AND kept.locked_until <= statement_timestamp()
    AND kept.fingerprint = excluded.fingerprint)
RETURNING request_id
"""
READ = "SELECT fingerprint, answer FROM api_idempotentrequest WHERE name = %(name)s"
STORE = """
UPDATE api_idempotentrequest SET answer = %(answer)s WHERE name = %(name)s AND attempt_id = %(attempt_id)s
"""
FORGET = "DELETE FROM api_idempotentrequest WHERE name = %(name)s AND attempt_id = %(attempt_id)s"
LET_GO = """
UPDATE api_idempotentrequest SET locked_until = statement_timestamp()
WHERE name = %(name)s AND attempt_id = %(attempt_id)s
"""
FORGET_OLD = """
DELETE FROM api_idempotentrequest WHERE name IN (
  SELECT name FROM api_idempotentrequest
  WHERE created_at < statement_timestamp() - make_interval(hours => %(hours)s)
  LIMIT %(most)s FOR UPDATE SKIP LOCKED)
"""
BATCH = 1_000
READ_AGAIN = 3  # a record can vanish between claim and reading, when its attempt came to nothing


@dataclass(frozen=True, slots=True)
class Attempt:
    """The right to carry out a call. `first_id` is the request that tried it first."""

    seal: Seal
    request_id: str
    first_id: str

    @property
    def is_first(self) -> bool:
        """Whether nobody has tried this call before."""
        return self.first_id == self.request_id


@dataclass(frozen=True, slots=True)
class Kept:
    """What another attempt has left: its answer, sealed, or None while it is under way."""

    fingerprint: bytes
    answer: bytes | None


def claim(seal: Seal, request_id: str) -> Attempt | Kept:
    """Return the right to carry out the call, or what became of it. Raises IdempotencyInProgress."""
    terms: dict[str, Any] = {
        "name": seal.name,
        "fingerprint": seal.fingerprint,
        "attempt_id": request_id,
        "lease": settings.IDEMPOTENCY_LEASE_SECONDS,
        "hours": settings.IDEMPOTENCY_HOURS,
    }
    with connection.cursor() as cursor:
        for _ in range(READ_AGAIN):
            cursor.execute(CLAIM, terms)
            if claimed := cursor.fetchone():
                return Attempt(seal, request_id, first_id=claimed[0])
            cursor.execute(READ, terms)
            if kept := cursor.fetchone():
                return Kept(*kept)
    raise IdempotencyInProgress


def store(attempt: Attempt, answer: bytes) -> None:
    """Keep the answer for whoever repeats the call; not when another attempt has taken over meanwhile."""
    conclude(STORE, attempt, answer=attempt.seal.close(answer))


def forget(attempt: Attempt) -> None:
    """Leave no trace of a call that was not carried out: the key is free again."""
    conclude(FORGET, attempt)


def let_go(attempt: Attempt) -> None:
    """Allow the next attempt at once; it will be known to the ledger by the same id."""
    conclude(LET_GO, attempt)


def conclude(sql: str, attempt: Attempt, **more: bytes) -> None:
    """Run a statement about the record, as long as it is this attempt's."""
    terms: dict[str, Any] = {"name": attempt.seal.name, "attempt_id": attempt.request_id, **more}
    with connection.cursor() as cursor:
        cursor.execute(sql, terms)


def forget_old() -> int:
    """Remove records past their time, some at a time; how many. Running it twice does no harm."""
    forgotten: int = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(FORGET_OLD, {"hours": settings.IDEMPOTENCY_HOURS, "most": BATCH})
            forgotten += cursor.rowcount
            if cursor.rowcount < BATCH:
                return forgotten
