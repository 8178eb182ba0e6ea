"""The SQL that moves credits, prepared on the server where the connection allows it.

Prepared statements need `OPTIONS["prepare_threshold"]` on the database; without it these run unprepared.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from django.db import IntegrityError, connection

from credits.movements import Charge

# One statement takes credits: what can be spent is looked at under the row lock that takes it.
TAKE = """
WITH taken AS (
  UPDATE credits_wallet SET balance = balance - %(amount)s
  WHERE user_id = %(wallet)s AND balance - held >= %(amount)s
  RETURNING user_id, balance, balance - held AS available
)
INSERT INTO credits_ledgerentry (wallet_id, amount, balance_after, kind, operation, reference, key, metadata)
SELECT user_id, -%(amount)s, balance,
  'charge', %(operation)s, %(reference)s, %(key)s, %(metadata)s::jsonb FROM taken
RETURNING balance_after, (SELECT available FROM taken)
"""
SET_ASIDE = """
WITH set_aside AS (
  UPDATE credits_wallet SET held = held + %(amount)s
  WHERE user_id = %(wallet)s AND balance - held >= %(amount)s
  RETURNING user_id, balance - held AS available
)
INSERT INTO credits_hold (id, wallet_id, amount, operation, reference, key, cap, cap_window, expires_at)
SELECT %(id)s, user_id, %(amount)s, %(operation)s, %(reference)s, %(key)s,
  %(cap)s::uuid, %(cap_window)s::timestamptz, %(expires_at)s::timestamptz FROM set_aside
RETURNING (SELECT available FROM set_aside)
"""
# Takes from a hold what is due, its wallet being locked first: whoever ends a hold has that lock, so how far
# the hold has come is looked at again behind it. A wallet that owes, and a cap that is to get something back,
# need more than this.
CAPTURE = """
WITH locked AS (
  SELECT user_id FROM credits_wallet
  WHERE user_id = (SELECT wallet_id FROM credits_hold WHERE id = %(hold)s) AND receivable = 0
  FOR NO KEY UPDATE
), captured AS (
  UPDATE credits_hold AS hold SET captured = captured + %(amount)s,
    released = CASE WHEN %(is_last)s THEN amount - captured - %(amount)s ELSE 0 END,
    status = CASE WHEN amount = captured + %(amount)s THEN 'captured' WHEN %(is_last)s THEN 'released'
      ELSE 'open' END,
    ended_at = CASE WHEN %(is_last)s OR amount = captured + %(amount)s THEN clock_timestamp() END
  FROM locked
  WHERE hold.id = %(hold)s AND hold.wallet_id = locked.user_id AND status = 'open'
    AND amount >= captured + %(amount)s
    AND (cap IS NULL OR amount = captured + %(amount)s OR NOT %(is_last)s)
  RETURNING hold.*
), taken AS (
  UPDATE credits_wallet SET balance = balance - %(amount)s, held = held - %(amount)s - captured.released
  FROM captured WHERE user_id = captured.wallet_id
  RETURNING balance, balance - held AS available
)
INSERT INTO credits_ledgerentry (
  wallet_id, amount, balance_after, kind, operation, reference, key, hold_id, cap, cap_window, metadata)
SELECT wallet_id, -%(amount)s, balance,
  'charge', operation, reference, %(key)s, id, cap, cap_window, %(metadata)s::jsonb FROM captured, taken
RETURNING balance_after, (SELECT available FROM taken)
"""
STANDING = """
SELECT (SELECT balance - held FROM credits_wallet WHERE user_id = %(wallet)s),
  EXISTS (SELECT FROM credits_ledgerentry WHERE key = %(entry_key)s),
  EXISTS (SELECT FROM credits_hold WHERE key = %(hold_key)s)
"""
OPEN_WALLET = "INSERT INTO credits_wallet (user_id) VALUES (%(wallet)s) ON CONFLICT DO NOTHING"
LOCK_WALLETS = """
SELECT user_id, balance, held, receivable FROM credits_wallet
WHERE user_id = ANY (%(wallets)s::uuid[]) ORDER BY user_id FOR NO KEY UPDATE
"""
LOCK_CAPS = """
SELECT subject, "limit", period, spent, excess, window_started_at FROM credits_spendingcap
WHERE subject = ANY (%(caps)s::uuid[]) ORDER BY subject FOR NO KEY UPDATE
"""
# One look into the index for each key: LIMIT keeps the planner from reading the whole ledger instead, which a
# session would then do for ever if it planned this while the ledger was nearly empty.
USED_KEYS = """
SELECT asked.key FROM unnest(%(keys)s::text[]) AS asked (key) CROSS JOIN LATERAL (
  SELECT FROM credits_ledgerentry AS entry WHERE entry.key = asked.key LIMIT 1
) AS found
"""
# New figures for locked wallets, and the entries that say why in the order they were decided, both in one
# statement: the laws are checked at its end.
WRITE = """
WITH figures AS (
  UPDATE credits_wallet AS wallet SET balance = new.balance, held = new.held, receivable = new.receivable
  FROM unnest(%(wallets)s::uuid[], %(balances)s::bigint[], %(helds)s::bigint[], %(receivables)s::bigint[])
    AS new (user_id, balance, held, receivable)
  WHERE wallet.user_id = new.user_id
)
INSERT INTO credits_ledgerentry (
  wallet_id, amount, balance_after, kind, operation, key, reference, receivable,
  charge_id, hold_id, cap, cap_window, metadata)
SELECT
  wallet_id, amount, balance_after, kind, operation, key, reference, receivable,
  charge_id, hold_id, cap, cap_window, coalesce(metadata::jsonb, '{}')
FROM unnest(
  %(wallet_id)s::uuid[], %(amount)s::bigint[], %(balance_after)s::bigint[], %(kind)s::text[],
  %(operation)s::text[], %(key)s::text[], %(reference)s::text[], %(receivable)s::bigint[],
  %(charge_id)s::bigint[], %(hold_id)s::uuid[], %(cap)s::uuid[], %(cap_window)s::timestamptz[],
  %(metadata)s::text[]
) WITH ORDINALITY AS new (
  wallet_id, amount, balance_after, kind, operation, key, reference, receivable,
  charge_id, hold_id, cap, cap_window, metadata, place)
ORDER BY place
"""
WRITE_CAPS = """
UPDATE credits_spendingcap AS cap
SET spent = new.spent, excess = new.excess, window_started_at = new.started_at
FROM unnest(%(caps)s::uuid[], %(spent)s::bigint[], %(excess)s::bigint[], %(started_at)s::timestamptz[])
  AS new (subject, spent, excess, started_at)
WHERE cap.subject = new.subject
"""
WRITE_HOLDS = """
UPDATE credits_hold AS hold SET captured = new.captured, released = new.released, status = new.status,
  ended_at = CASE WHEN new.status = 'open' THEN NULL ELSE clock_timestamp() END
FROM unnest(%(holds)s::uuid[], %(captured)s::bigint[], %(released)s::bigint[], %(status)s::text[])
  AS new (id, captured, released, status)
WHERE hold.id = new.id
"""
FORGET_HOLDS = "DELETE FROM credits_hold WHERE status <> 'open' AND captured = 0 AND ended_at < %(before)s"
KEYS_ONCE = {"credits_ledgerentry_key_once", "credits_hold_key_once"}


class Line(NamedTuple):
    """An entry to be written."""

    wallet_id: UUID
    amount: int
    balance_after: int
    kind: str
    operation: str
    key: str
    reference: str = ""
    receivable: int = 0
    charge_id: int | None = None
    hold_id: UUID | None = None
    cap: UUID | None = None
    cap_window: datetime | None = None
    metadata: str | None = None


def run(sql: str, parameters: Mapping[str, Any]) -> None:
    """Run a statement that gives no rows."""
    with connection.prepared_cursor() as waiting:  # type: ignore[attr-defined]  # of our backend
        waiting.execute(sql, parameters)


def rows(sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows."""
    with connection.prepared_cursor() as waiting:  # type: ignore[attr-defined]  # of our backend
        waiting.execute(sql, parameters)
        found: list[tuple[Any, ...]] = waiting.fetchall()
    return found


def take(charge: Charge) -> tuple[int, int] | None:
    """Take a charge; (balance, available), or None when the wallet cannot pay. Raises IntegrityError."""
    parameters = {
        "wallet": charge.wallet,
        "amount": charge.amount,
        "operation": charge.operation,
        "reference": charge.reference,
        "key": charge.key,
        "metadata": as_json(charge.metadata) or "{}",
    }
    taken = rows(TAKE, parameters)
    return (taken[0][0], taken[0][1]) if taken else None


def set_aside(hold: Mapping[str, Any]) -> int | None:
    """Make a hold; what is left to spend, or None when there is too little. Raises IntegrityError."""
    made = rows(SET_ASIDE, hold)
    return made[0][0] if made else None


def capture(
    hold: UUID, amount: int, *, key: str, is_last: bool, metadata: str | None
) -> tuple[int, int] | None:
    """Take from an open hold; (balance, available), or None when that takes more. Raises IntegrityError."""
    parameters = {
        "hold": hold,
        "amount": amount,
        "key": key,
        "is_last": is_last,
        "metadata": metadata or "{}",
    }
    taken = rows(CAPTURE, parameters)
    return (taken[0][0], taken[0][1]) if taken else None


def standing(wallet: UUID, *, entry_key: str = "", hold_key: str = "") -> tuple[int, bool]:
    """Why nothing was taken: what can be spent (0 without a wallet); whether the key is used."""
    available, entered, held = rows(
        STANDING, {"wallet": wallet, "entry_key": entry_key, "hold_key": hold_key}
    )[0]
    return available or 0, entered or held


def open_wallet(wallet: UUID) -> None:
    """Give a user a wallet, empty, unless there is one."""
    run(OPEN_WALLET, {"wallet": wallet})


def write_entries(wallets: Mapping[str, Sequence[Any]], lines: Iterable[Line]) -> None:
    """Give locked wallets their new figures and insert the entries that say why. Raises IntegrityError."""
    columns = [list(column) for column in zip(*lines, strict=True)] or [[] for _ in Line._fields]
    run(WRITE, {**wallets, **dict(zip(Line._fields, columns, strict=True))})


def as_json(metadata: Mapping[str, Any] | None) -> str | None:
    """Metadata as the text that PostgreSQL reads; None for nothing."""
    return json.dumps(metadata) if metadata else None


def is_duplicate(error: IntegrityError) -> bool:
    """Whether a key was used for the second time, and not another law broken."""
    cause = error.__cause__
    return isinstance(cause, psycopg.errors.UniqueViolation) and cause.diag.constraint_name in KEYS_ONCE
