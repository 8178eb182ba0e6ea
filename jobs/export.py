"""The results of a job as a file: JSON, JSON Lines, CSV or XLSX, written while they are read.

Nothing is kept but the row in hand and the piece being filled, and nothing is put on disk: whoever stops
reading leaves nothing behind.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import orjson

from api.renderers import dumps
from jobs.writing.cells import safe
from jobs.writing.columns import NAMES, ResultRow, Value, encoded, values
from jobs.writing.pieces import gathered
from jobs.writing.sheets import workbook

__all__ = ["FORMATS", "Format", "ResultRow", "stream"]

BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # by which Excel knows UTF-8

Write = Callable[[Iterable[ResultRow], Mapping[str, Any]], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file. `write` gives the parts of one, as they come."""

    media_type: str
    extension: str
    write: Write


def stream(format: str, rows: Iterable[ResultRow], *, head: Mapping[str, Any]) -> Iterator[bytes]:
    """Return a file of the results in pieces of about 64 KB. `head` is told in JSON only, before the rows.

    Raises KeyError for a format that is none of FORMATS, at once.
    """
    return gathered(FORMATS[format].write(rows, head))


def json_parts(rows: Iterable[ResultRow], head: Mapping[str, Any]) -> Iterator[bytes]:
    """Give one JSON document: the head's members, and the rows as `data`."""
    yield dumps({"status": "success", **head})[:-1] + b',"data":['
    separator = b""
    for row in rows:
        yield separator + as_json(row)
        separator = b","
    yield b"]}"


def line_parts(rows: Iterable[ResultRow], head: Mapping[str, Any]) -> Iterator[bytes]:
    """Give JSON Lines: each row an object on a line of its own."""
    for row in rows:
        yield as_json(row) + b"\n"


def as_json(row: ResultRow) -> bytes:
    """Return a row as JSON, its answer spliced in as it is; null where there is none."""
    data = orjson.Fragment(encoded(row["data"])) if row["data"] else None
    whole: dict[str, Any] = {**row, "data": data}
    try:
        return dumps(whole)
    except orjson.JSONEncodeError:  # half a surrogate pair, of which there is no UTF-8
        return dumps({name: mended(value) for name, value in whole.items()})


def mended(value: Any) -> Any:
    """Return a text that can be written as UTF-8; all else as it is."""
    return encoded(value).decode() if isinstance(value, str) else value


def csv_parts(rows: Iterable[ResultRow], head: Mapping[str, Any]) -> Iterator[bytes]:
    """Give CSV as RFC 4180 has it, in UTF-8 with a byte order mark, formulas defused."""
    writer = csv.writer(Echo())
    yield BYTE_ORDER_MARK + writer.writerow(NAMES)
    for row in rows:
        yield writer.writerow([csv_cell(value) for value in values(row)])


class Echo:
    """What a csv.writer writes to: it hands each record back to whoever has it written."""

    def write(self, record: str) -> bytes:
        """Return the record as UTF-8."""
        return record.encode()


def csv_cell(value: Value) -> Value:
    """Return a text defused; a number, which cannot be a formula, as it is."""
    return safe(value) if isinstance(value, str) else value


def xlsx_parts(rows: Iterable[ResultRow], head: Mapping[str, Any]) -> Iterator[bytes]:
    """Give a workbook of one sheet."""
    return workbook(values(row) for row in rows)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "json": Format("application/json", "json", json_parts),
        "jsonl": Format("application/x-ndjson", "jsonl", line_parts),
        "csv": Format("text/csv", "csv", csv_parts),
        "xlsx": Format(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", xlsx_parts
        ),
    }
)
