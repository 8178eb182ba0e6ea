"""The figures of a wallet, added up entry by entry: what the quick answer has to agree with."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection

from credits import rollup
from credits.models import LedgerEntry, LedgerFold
from credits.tests.factories import until

BEGINS, ENDS = date(2000, 1, 1), date(9999, 12, 31)


def plain(user: Any, group: str) -> dict[str, tuple[int, int, int]]:
    """Spent, received and number of entries by group, the slow way."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for entry in LedgerEntry.objects.for_user(user).select_related("charge"):
        key = entry.metadata.get("key") or (entry.charge and entry.charge.metadata.get("key")) or ""
        names = {
            "day": str(entry.created_at.astimezone(UTC).date()),
            "kind": entry.kind,
            "operation": entry.operation,
            "key": key,
        }
        found = sums[names[group]]
        found[0] += max(-entry.amount, 0)
        found[1] += max(entry.amount, 0)
        found[2] += 1
    return {name: (spent, received, entries) for name, (spent, received, entries) in sums.items()}


def quick(user: Any, group: str) -> dict[str, tuple[int, int, int]]:
    """The same from the days and what came after them."""
    found = rollup.figures(user.pk, group, begins=BEGINS, ends=ENDS, previous=BEGINS - timedelta(days=1))
    return {name: tuple(figure) for name, _, figure in found}  # type: ignore[misc]


def assert_figures_are_exact(user: Any, group: str = "kind") -> None:
    """Both ways lead to the same."""
    assert quick(user, group) == plain(user, group)


def folded_to() -> int:
    """The watermark."""
    mark: LedgerFold | None = LedgerFold.objects.first()
    return mark.folded_to if mark else 0


def fold_everything() -> None:
    """Fold until all entries that there are now are folded; others' transactions may have to end first."""
    with connection.cursor() as cursor:
        cursor.execute(rollup.NEWEST)
        newest: int = cursor.fetchone()[0]

    def is_folded() -> bool:
        rollup.fold()
        return folded_to() >= newest

    until(is_folded)


def moved(key: str, days: int) -> None:
    """Let an entry be so many days old; only who can switch the guards off is able to."""
    changed(key, "created_at - %s * interval '1 day'", days)


def dated(key: str, at: datetime) -> None:
    """Let an entry be of this moment."""
    changed(key, "%s", at)


def changed(key: str, moment: str, value: int | datetime) -> None:
    """Let an entry have been written at a moment, given in SQL with one value."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE credits_ledgerentry DISABLE TRIGGER USER")
        cursor.execute(
            f"UPDATE credits_ledgerentry SET created_at = {moment} WHERE key = %s",  # noqa: S608  # nosec B608
            [value, key],
        )
        cursor.execute("ALTER TABLE credits_ledgerentry ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE credits_ledgerentry DISABLE TRIGGER credits_ledgerentry_no_truncate")
