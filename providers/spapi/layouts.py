"""Read the FBA reports that say which FNSKU is which ASIN, as Amazon makes them or as people have saved them.

Columns are found by name: their order, and what else there is, differs between accounts and countries. Rows
are read one at a time, so the size of a file does not matter. What is wrong is said in sentences for the
person whose file it is. Pure.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from providers import identifiers
from providers.spapi import codes
from providers.spapi.header import NEEDED, REPORTS, Columns, Layout, UnknownLayout, columns
from providers.spapi.lines import Lines, Source
from providers.spapi.records import Record, records
from providers.spapi.wording import condition, printable, title

__all__ = ["REPORTS", "Layout", "Refused", "Report", "Row", "Source", "UnknownLayout", "read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A pair the report names, and what it says of the article; `line` is where it stands in the file.

    `fnsku` is the ASIN itself for stock sold by the manufacturer's barcode. `is_archived`: the listing is
    gone and so is the stock; None where the report does not tell.
    """

    line: int
    sku: str | None
    fnsku: str
    asin: str
    title: str | None = None
    condition: str | None = None  # "new", "used_good" and the like
    country: str | None = None
    is_archived: bool | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that names no pair, and why, in a sentence for the person whose file it is."""

    line: int
    reason: str


class Report(Iterator[Row | Refused]):
    """The rows of a report, one at a time; `columns` says which report it is and where it has what."""

    def __init__(self, columns: Columns, upcoming: Lines) -> None:
        self.columns = columns
        self._lines = upcoming
        self._rows = _rows(records(upcoming, columns.delimiter), columns)

    @property
    def layout(self) -> Layout:
        """Which report it is."""
        return self.columns.layout

    @property
    def encoding(self) -> str:
        """The encoding of what has been read so far, by Python's name."""
        return self._lines.encoding

    def __next__(self) -> Row | Refused:
        return next(self._rows)


def read(source: Source, *, charset: str | None = None) -> Report:
    """Read a report from a binary file, pieces of one, or lines of text; `charset` is what was declared.

    Raises UnknownLayout at once, and while it is read only what `source` itself raises.
    """
    upcoming = Lines(source, charset=charset)
    found = columns(next((line for line in upcoming if line.text is None or line.text.strip()), None))
    return Report(found, upcoming)


def _rows(found: Iterator[Record], columns: Columns) -> Iterator[Row | Refused]:
    for record in found:
        if record.problem:
            yield Refused(record.line, record.problem)
        elif any(map(str.strip, record.fields)):
            try:
                yield _row(record, columns)
            except _Bad as problem:
                yield Refused(record.line, str(problem))


class _Bad(ValueError):
    """Why a row names no pair."""


def _row(record: Record, columns: Columns) -> Row:
    _check_length(record.fields, columns)
    fields = {what: _field(record.fields, place) for what, place in columns.places.items()}
    asin = _asin(fields["asin"], columns)
    return Row(
        line=record.line,
        sku=printable(fields["sku"]),
        fnsku=_fnsku(fields["fnsku"], asin, columns),
        asin=asin,
        title=title(fields.get("title")),
        condition=condition(fields.get("condition")),
        country=printable(fields.get("country")),
        is_archived=_is_archived(fields.get("listed", ""), fields.get("stock", "")),
    )


def _field(fields: Sequence[str], place: int) -> str:
    return fields[place].strip() if place < len(fields) else ""


def _check_length(fields: Sequence[str], columns: Columns) -> None:
    missing = [columns.name(what) for what in NEEDED if columns.places[what] >= len(fields)]
    if missing:
        raise _Bad(f"This row has too few columns ({len(fields)}): it ends before {missing[0]}.")
    if any(map(str.strip, fields[len(columns.names) :])):
        raise _Bad(
            f"This row has more columns ({len(fields)}) than the first line ({len(columns.names)}): a field "
            "that contains the separator has to stand in quotation marks."
        )


def _asin(text: str, columns: Columns) -> str:
    if not text:
        raise _Bad(f"There is no ASIN in this row: {columns.name('asin')} is empty.")
    known = codes.asin(text)
    if known is None:
        raise _Bad(f"There is no ASIN in {columns.name('asin')}: {_why_not(identifiers.asin, text)}")
    return known


def _fnsku(text: str, asin: str, columns: Columns) -> str:
    """Return the FNSKU, or the ASIN where it stands in its place."""
    if not text:
        raise _Bad(f"There is no FNSKU in this row: {columns.name('fnsku')} is empty.")
    known = codes.fnsku(text, asin)
    if known is None:
        other = codes.asin(text)
        if other:
            raise _Bad(f"{other} in {columns.name('fnsku')} is an ASIN, but not the one of this row, {asin}.")
        raise _Bad(f"There is no FNSKU in {columns.name('fnsku')}: {_why_not(identifiers.fnsku, text)}")
    return known


def _why_not(check: Callable[[str], str], text: str) -> str:
    try:
        return check(text)
    except identifiers.InvalidIdentifier as problem:
        return str(problem)


def _is_archived(listed: str, stock: str) -> bool | None:
    if listed.casefold() not in ("yes", "no") or not re.fullmatch("[0-9]+", stock):
        return None
    return listed.casefold() == "no" and not stock.strip("0")
