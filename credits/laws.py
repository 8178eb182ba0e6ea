"""The laws of the ledger as questions to the database: each finds what breaks it.

Each is one statement, so it sees one moment, whatever is charged meanwhile. Triggers and constraints keep
these laws; asking again proves it, also after a restore or a repair by hand.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from credits.rollup import FOLDED

CHUNK = 2000
ALL, SOME = "true", "wallet_id = ANY (%(wallets)s::uuid[])"
WALLETS = "(SELECT user_id AS wallet_id, balance, held, receivable FROM credits_wallet) AS wallet"


class Law(NamedTuple):
    """`question` gives a row (subject, what is wrong) for each breach; {mine} narrows it to some wallets."""

    name: str
    question: str

    def sql(self, mine: str) -> str:
        """The question about ALL wallets, or about SOME."""
        return self.question.format(mine=mine, wallets=WALLETS, folded=FOLDED.format(mine=mine))


LAWS = (
    Law(
        "an entry continues the one before it",
        """
        SELECT 'entry ' || id, format('%%s credits after %%s and %%s', balance_after, before, amount)
        FROM (
          SELECT id, amount, balance_after,
            lag(balance_after, 1, 0::bigint) OVER (PARTITION BY wallet_id ORDER BY id) AS before
          FROM credits_ledgerentry WHERE {mine}
        ) AS entry
        WHERE balance_after <> before + amount
        """,
    ),
    Law(
        "a balance is the sum of its entries",
        """
        SELECT 'wallet ' || wallet_id, format('balance %%s, entries %%s', balance, coalesce(total, 0))
        FROM {wallets} LEFT JOIN (
          SELECT wallet_id, sum(amount) AS total FROM credits_ledgerentry WHERE {mine} GROUP BY wallet_id
        ) AS entries USING (wallet_id)
        WHERE {mine} AND balance <> coalesce(total, 0)
        """,
    ),
    Law(
        "what is held is the sum of the open holds",
        """
        SELECT 'wallet ' || wallet_id, format('held %%s, open holds %%s', held, coalesce(total, 0))
        FROM {wallets} LEFT JOIN (
          SELECT wallet_id, sum(amount - captured) AS total FROM credits_hold
          WHERE status = 'open' AND {mine} GROUP BY wallet_id
        ) AS holds USING (wallet_id)
        WHERE {mine} AND held <> coalesce(total, 0)
        """,
    ),
    Law(
        "a receivable is the sum of what entries added and paid off",
        """
        SELECT 'wallet ' || wallet_id, format('receivable %%s, entries %%s', receivable, coalesce(total, 0))
        FROM {wallets} LEFT JOIN (
          SELECT wallet_id, sum(receivable) AS total FROM credits_ledgerentry
          WHERE NOT receivable = 0 AND {mine} GROUP BY wallet_id
        ) AS entries USING (wallet_id)
        WHERE {mine} AND receivable <> coalesce(total, 0)
        """,
    ),
    Law(
        "0 <= held <= balance, and who owes has nothing to spend",
        """
        SELECT 'wallet ' || wallet_id,
          format('balance %%s, held %%s, receivable %%s', balance, held, receivable)
        FROM {wallets}
        WHERE {mine}
          AND NOT (0 <= held AND held <= balance AND receivable >= 0 AND (receivable = 0 OR held = balance))
        """,
    ),
    Law(
        "an entry has the sign of its kind",
        """
        SELECT 'entry ' || id, format('%%s of %%s', kind, amount) FROM credits_ledgerentry
        WHERE {mine} AND NOT CASE kind
          WHEN 'grant' THEN amount > 0 WHEN 'refund' THEN amount > 0 WHEN 'adjustment' THEN amount <> 0
          WHEN 'charge' THEN amount < 0 WHEN 'expiry' THEN amount < 0 WHEN 'reversal' THEN amount <= 0
          ELSE false END
        """,
    ),
    Law(
        "a key is used once",
        """
        SELECT 'key ' || key, format('used %%s times', count(*)) FROM credits_ledgerentry
        WHERE {mine} GROUP BY key HAVING count(*) > 1
        """,
    ),
    Law(
        "refunds are no more than their charge took",
        """
        SELECT 'entry ' || charge.id, format('charged %%s, refunded %%s', -charge.amount, sum(refund.amount))
        FROM (SELECT * FROM credits_ledgerentry WHERE charge_id IS NOT NULL AND {mine}) AS refund
          JOIN credits_ledgerentry AS charge ON charge.id = refund.charge_id
        GROUP BY charge.id
        HAVING charge.kind <> 'charge' OR sum(refund.amount) > -charge.amount
          OR bool_or(refund.wallet_id <> charge.wallet_id)
        """,
    ),
    Law(
        "a hold ends once, in full, and its captures are entries",
        """
        SELECT 'hold ' || id, format('%%s: amount %%s, captured %%s, released %%s, entries %%s',
          status, amount, captured, released, coalesce(total, 0))
        FROM (SELECT * FROM credits_hold WHERE {mine}) AS hold LEFT JOIN (
          SELECT hold_id, -sum(amount) AS total FROM credits_ledgerentry
          WHERE hold_id IS NOT NULL AND {mine} GROUP BY hold_id
        ) AS captures ON hold_id = hold.id
        WHERE captured <> coalesce(total, 0) OR captured < 0 OR (status = 'open') <> (ended_at IS NULL)
          OR NOT CASE status
            WHEN 'open' THEN released = 0 AND captured < amount
            WHEN 'captured' THEN released = 0 AND captured = amount
            ELSE released > 0 AND captured + released = amount END
        """,
    ),
    Law(
        "a cap counts the charges and open holds of its window, up to its limit",
        """
        SELECT 'cap ' || subject, format('limit %%s, spent %%s, excess %%s, counted %%s',
          "limit", spent, excess, coalesce(entries.total, 0) + coalesce(holds.total, 0))
        FROM credits_spendingcap LEFT JOIN (
          SELECT cap, cap_window, -sum(amount) AS total FROM credits_ledgerentry
          WHERE cap IS NOT NULL GROUP BY cap, cap_window
        ) AS entries ON entries.cap = subject AND entries.cap_window = window_started_at
        LEFT JOIN (
          SELECT cap, cap_window, sum(amount - captured) AS total FROM credits_hold
          WHERE cap IS NOT NULL AND status = 'open' GROUP BY cap, cap_window
        ) AS holds ON holds.cap = subject AND holds.cap_window = window_started_at
        WHERE spent + excess <> coalesce(entries.total, 0) + coalesce(holds.total, 0)
          OR spent < 0 OR spent > "limit"
        """,
    ),
    Law(
        "the sums by day are those of the entries that were folded",
        """
        SELECT concat_ws(' ', 'wallet', wallet_id, day, kind, operation, key), format(
          'spent %%s of %%s, received %%s of %%s, entries %%s of %%s, ids %%s to %%s of %%s to %%s',
          day.spent, entry.spent, day.received, entry.received, day.entries, entry.entries,
          day.first_id, day.last_id, entry.first_id, entry.last_id)
        FROM (SELECT * FROM credits_ledgerday WHERE {mine}) AS day
          FULL JOIN ({folded}) AS entry USING (wallet_id, day, kind, operation, key)
        WHERE (day.spent, day.received, day.entries, day.first_id, day.last_id)
          IS DISTINCT FROM (entry.spent, entry.received, entry.entries, entry.first_id, entry.last_id)
        """,
    ),
)

# Not among them: credits_ledgerentry_no_truncate, which a test database that is emptied after each test needs
# off. A ledger that was truncated shows in the sums.
GUARDS = (
    "credits_hold_adds_up",
    "credits_hold_ends_once",
    "credits_hold_is_kept",
    "credits_ledgerentry_continues",
    "credits_ledgerentry_no_change",
    "credits_wallet_held_adds_up",
    "credits_wallet_moves_with_entry",
    "credits_wallet_starts_empty",
)
GUARDED = Law(
    "every guard is in place",
    """
    SELECT 'trigger ' || name, 'is missing or switched off' FROM unnest(%(guards)s::text[]) AS name
    WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = name AND tgenabled IN ('O', 'A'))
    """,
)


def breaches(wallets: Sequence[UUID] = ()) -> Iterator[tuple[str, str, str]]:
    """Each breach as (law, subject, what is wrong), as found; `wallets` narrows the search to these."""
    parameters: Any = {"wallets": list(wallets), "guards": list(GUARDS)}
    for law in (*LAWS, GUARDED):
        with connection.chunked_cursor() as cursor:
            cursor.execute(law.sql(SOME if wallets else ALL), parameters)
            while rows := cursor.fetchmany(CHUNK):
                for subject, wrong in rows:
                    yield law.name, subject, wrong
