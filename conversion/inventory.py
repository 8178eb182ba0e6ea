"""A seller's own stock: which of the account's codes are which ASINs, from a report or from Amazon itself.

What comes in takes the place of what was there, in one transaction: until it is committed everybody reads the
former rows, and of two that come at once the later one stays, whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

from django.db import connection, transaction

from accounts.audit import record
from accounts.client_address import Client
from accounts.models import User
from conversion import staging
from conversion.errors import ReportRefused, UnknownInventory
from conversion.models import Inventory
from conversion.staging import Paced, Tally
from providers.spapi import layouts
from providers.spapi.layouts import Refused, Report, Row

PREVIEWED = 20  # rows
CHUNK = 64 * 1024  # bytes sent to the database at once

# Two that would replace the same stock take turns.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
TABLE = """
CREATE TEMPORARY TABLE conversion_staged (
  line integer, code varchar(10), asin varchar(10), title text, condition varchar(40), is_archived boolean
) ON COMMIT DROP
"""
COPY = "COPY conversion_staged FROM STDIN"
# A pair that stands there twice is one; where one of its rows says that the stock is still there, it is.
MOVE = """
INSERT INTO conversion_mapping
  (code, asin, source, owner_id, inventory_id, marketplace, title, condition, is_archived, observed_at)
SELECT DISTINCT ON (code, asin) code, asin, CASE WHEN is_archived THEN 'archived' ELSE 'inventory' END,
  %(owner)s, %(inventory)s, %(marketplace)s, title, condition, is_archived, %(now)s
FROM conversion_staged ORDER BY code, asin, is_archived, line
"""
DROP = "DROP TABLE conversion_staged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of a report. `refused` rows name no pair; `reasons` are the first of them."""

    inventory: Inventory
    is_replacement: bool
    reasons: list[Refused]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a report would be read as. `columns` says what the columns are taken for, and their names."""

    layout: str
    columns: Mapping[str, str]
    encoding: str
    delimiter: str
    first: list[Row]
    tally: Tally


def import_inventory(
    *,
    user: User,
    source: IO[bytes],
    name: str = "",
    marketplace: str,
    charset: str | None = None,
    client: Client | None = None,
) -> Imported:
    """Read an FBA report, in place of the account's former one of the same layout and marketplace.

    Raises ReportRefused; then everything is as it was.
    """
    report, tally = _read(source, charset), Tally()
    with staging.staged(tally.good_of(report)) as rows:
        if not tally.good:
            raise ReportRefused(_why_nothing(tally), tally.reasons)
        with transaction.atomic():
            inventory = Inventory(owner=user, layout=report.layout, marketplace=marketplace, name=name)
            inventory.rows, inventory.refused = tally.good, tally.refused
            is_replacement = replace(inventory, rows)
            record(user, "inventory:import", inventory, client=client, rows=tally.good, layout=report.layout)
    return Imported(inventory=inventory, is_replacement=is_replacement, reasons=tally.reasons)


def preview(*, source: IO[bytes], charset: str | None = None) -> Preview:
    """Read an FBA report to its end and keep nothing. Raises ReportRefused."""
    report, tally = _read(source, charset), Tally()
    rows = tally.good_of(report)
    first = list(islice(rows, PREVIEWED))
    for _ in rows:
        pass
    found = report.columns
    return Preview(
        layout=report.layout,
        columns={what: found.names[place] for what, place in found.places.items()},
        encoding=report.encoding,
        delimiter=found.delimiter,
        first=first,
        tally=tally,
    )


def forget(*, user: User, inventory_id: int, client: Client | None = None) -> None:
    """Delete an inventory with its rows. Raises UnknownInventory, also for another account's."""
    with transaction.atomic():
        inventory = Inventory.objects.select_for_update().filter(owner=user, pk=inventory_id).first()
        if inventory is None:
            raise UnknownInventory
        record(user, "inventory:forget", inventory, client=client, layout=inventory.layout)
        inventory.delete()


def replace(inventory: Inventory, rows: IO[bytes]) -> bool:
    """Save a new inventory with its rows, in place of the former one, if there is one; whether there was.

    `rows` are as `conversion.staging` puts them aside. Only within a transaction.
    """
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.execute(TABLE)
        with cursor.copy(COPY) as copy:
            while piece := rows.read(CHUNK):
                copy.write(piece)
        cursor.execute(LOCK, [f"inventory:{inventory.owner_id}:{inventory.layout}:{inventory.marketplace}"])
        former = {"layout": inventory.layout, "marketplace": inventory.marketplace}
        count, _ = Inventory.objects.filter(owner=inventory.owner, **former).delete()
        inventory.save(force_insert=True)
        cursor.execute(MOVE, _facts(inventory))
        cursor.execute(DROP)
    return count > 0


def _facts(inventory: Inventory) -> dict[str, Any]:
    return {
        "owner": inventory.owner_id,
        "inventory": inventory.pk,
        "marketplace": inventory.marketplace,
        "now": inventory.created_at,
    }


def _read(source: IO[bytes], charset: str | None) -> Report:
    try:
        return layouts.read(Paced(source), charset=charset)
    except layouts.UnknownLayout as problem:
        raise ReportRefused(str(problem)) from None


def _why_nothing(tally: Tally) -> str:
    if tally.refused:
        first = tally.reasons[0]
        none = f"None of {tally.refused:,} rows says which FNSKU is which ASIN."
        return f"{none} Line {first.line}: {first.reason}"
    return "The report has no rows. What was sent before stays; to forget it, delete it."
