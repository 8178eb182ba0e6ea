"""The ledger added up by day, so that a year's figures are read from a few rows; kept exact by one watermark.

`fold()` adds every entry once. Ids are given before a commit, so an entry may appear below one that is there
already. Hence two steps: note the newest id and a transaction number that is higher than that of anyone who
can still write below it; fold up to that id once all of those have ended. Figures are the folded days and the
entries above the watermark, read by one statement: whatever commits meanwhile, nothing is missed or counted
twice.
"""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

CHUNK = 500_000  # ids in one transaction: a long ledger is folded for the first time in bearable pieces
# What an entry adds to the figures. A refund belongs to the key that was charged.
FACTS = """
SELECT entry.id, entry.wallet_id, (entry.created_at AT TIME ZONE 'UTC')::date AS day,
  entry.kind, entry.operation,
  left(coalesce(
    entry.metadata ->> 'key',
    (SELECT charge.metadata ->> 'key' FROM credits_ledgerentry AS charge WHERE charge.id = entry.charge_id),
    ''), 64) AS key,
  greatest(entry.amount, 0) AS received, greatest(-entry.amount, 0) AS spent
FROM credits_ledgerentry AS entry WHERE {which}
"""
SUMS = """
SELECT wallet_id, day, kind, operation, key,
  sum(received) AS received, sum(spent) AS spent, count(*) AS entries, min(id) AS first_id, max(id) AS last_id
FROM ({facts}) AS fact GROUP BY wallet_id, day, kind, operation, key
"""
FOLDED_TO = "coalesce((SELECT folded_to FROM credits_ledgerfold), 0)"
NEWEST = "SELECT coalesce(max(id), 0) FROM credits_ledgerentry"
# For the law that proves it; {mine} says whose.
FOLDED = SUMS.format(facts=FACTS.format(which=f"entry.id <= {FOLDED_TO} AND {{mine}}"))
BEGIN = "INSERT INTO credits_ledgerfold (id) VALUES (1) ON CONFLICT DO NOTHING"
LOCK = """
SELECT folded_to, next_to, next_transaction, pg_current_xact_id()::text::bigint,
  pg_snapshot_xmin(pg_current_snapshot())::text::bigint
FROM credits_ledgerfold FOR UPDATE SKIP LOCKED
"""
FOLD = """
INSERT INTO credits_ledgerday AS day (
  wallet_id, day, kind, operation, key, received, spent, entries, first_id, last_id)
{sums}
ON CONFLICT (wallet_id, day, kind, operation, key) DO UPDATE SET received = day.received + excluded.received,
  spent = day.spent + excluded.spent, entries = day.entries + excluded.entries,
  first_id = least(day.first_id, excluded.first_id), last_id = greatest(day.last_id, excluded.last_id)
"""
NEW = SUMS.format(facts=FACTS.format(which="entry.id > %(after)s AND entry.id <= %(upto)s"))
MOVE = """
UPDATE credits_ledgerfold
SET folded_to = %(upto)s, next_to = %(next_to)s, next_transaction = %(next_transaction)s
"""
# The days before the watermark, and one by one what came after it. `known` is a watermark of a moment ago: a
# number that the planner can judge by, so that it looks into the index (wallet, id) however long that is.
FIGURES = """
SELECT {group} AS name, day < %(begins)s AS is_previous, sum(spent), sum(received), sum(entries)
FROM (
  SELECT day, kind, operation, key, received, spent, entries FROM credits_ledgerday
  WHERE wallet_id = %(wallet)s
  UNION ALL
  SELECT day, kind, operation, key, received, spent, 1 FROM ({live}) AS fact
) AS movement
WHERE day BETWEEN %(previous)s AND %(ends)s GROUP BY 1, 2
"""
LIVE = f"entry.wallet_id = %(wallet)s AND entry.id > %(known)s AND entry.id > {FOLDED_TO}"
# The first and the last entry that can be of a period: nothing else has to be read to find those that are.
SPAN = """
SELECT
  least(live.first_id, (SELECT min(first_id) FROM credits_ledgerday
    WHERE wallet_id = %(wallet)s AND day >= (%(begins)s AT TIME ZONE 'UTC')::date)),
  greatest(live.last_id, (SELECT max(last_id) FROM credits_ledgerday
    WHERE wallet_id = %(wallet)s AND day <= (%(ends)s AT TIME ZONE 'UTC')::date))
FROM (
  SELECT min(id) FILTER (WHERE entry.created_at >= %(begins)s) AS first_id,
    max(id) FILTER (WHERE entry.created_at < %(ends)s) AS last_id
  FROM credits_ledgerentry AS entry WHERE {live}
) AS live
"""
GROUPS = {"day": "day::text", "operation": "operation", "key": "key", "kind": "kind"}


class Sum(NamedTuple):
    """Credits that went out and that came in, in so many entries."""

    spent: int = 0
    received: int = 0
    entries: int = 0


class Mark(NamedTuple):
    """How far the entries are folded, up to where they can be next, and when."""

    folded_to: int
    next_to: int | None
    next_transaction: int | None
    transaction: int  # ours
    oldest: int  # still under way

    @property
    def is_settled(self) -> bool:
        """Whether no one can write below `next_to` any more."""
        return self.next_transaction is not None and self.next_transaction <= self.oldest

    @property
    def is_foreign(self) -> bool:
        """Whether it was made in another cluster, whose transactions had other numbers."""
        return self.next_transaction is not None and self.next_transaction > self.transaction


def fold() -> int:
    """Fold what can be folded, and return how many ids that was. Safe to run at any time, also at once."""
    folded = 0
    while True:
        newest = one(NEWEST)[0]  # before we have a transaction number: who can write below it has a lower one
        with transaction.atomic(durable=True):
            run(BEGIN)
            found = one(LOCK)
            if found is None:
                return folded  # someone else is at it
            mark = Mark(*found)
            if mark.next_to is None or mark.is_foreign:
                next_to = max(newest, mark.folded_to)  # someone may have folded more since we looked
                move(mark.folded_to, next_to, mark.transaction)
                continue
            if not mark.is_settled:
                return folded
            upto = min(mark.next_to, mark.folded_to + CHUNK)
            run(FOLD.format(sums=NEW), {"after": mark.folded_to, "upto": upto})
            folded += upto - mark.folded_to
            if upto == mark.next_to:
                move(upto, None, None)
                return folded
            move(upto, mark.next_to, mark.next_transaction)


def move(upto: int, next_to: int | None, next_transaction: int | None) -> None:
    """Set the watermark."""
    run(MOVE, {"upto": upto, "next_to": next_to, "next_transaction": next_transaction})


def figures(wallet: UUID, group: str, **days: Any) -> list[tuple[str, bool, Sum]]:
    """A wallet's sums by `group`: its name, whether in the previous period, and the sum.

    `days` says when the period `begins` and `ends`, and when the `previous` one begins.
    """
    known = one(f"SELECT {FOLDED_TO}")[0]
    with connection.cursor() as cursor:
        cursor.execute(
            FIGURES.format(group=GROUPS[group], live=FACTS.format(which=LIVE)),
            {"wallet": wallet, "known": known, **days},
        )
        return [(name, is_previous, Sum(*map(int, sums))) for name, is_previous, *sums in cursor.fetchall()]


def span(wallet: Any, begins: datetime, ends: datetime) -> tuple[int, int]:
    """Ids between which all of a wallet's entries of a period lie, both included; (0, -1) for none."""
    known = one(f"SELECT {FOLDED_TO}")[0]
    with connection.cursor() as cursor:
        cursor.execute(
            SPAN.format(live=LIVE), {"wallet": wallet, "known": known, "begins": begins, "ends": ends}
        )
        first, last = cursor.fetchone()
    return (0, -1) if first is None or last is None else (first, last)


def run(sql: str, parameters: Any = None) -> None:
    """Run a statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def one(sql: str) -> Any:
    """The only row, or None."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()
