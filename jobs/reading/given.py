"""What a customer has given: the lines of it, and why it is refused where it cannot be read. Pure."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

MOST_GIVEN = 500  # characters of a cell that are kept
MOST_REF = 200  # characters of the customer's own reference
MOST_COLUMNS = 1000  # of a table; the widest listing templates have some hundreds
MOST_ROWS = 1_048_576  # of a table with its blank ones, as many as a sheet has
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")  # no database keeps them

# A row as it was sent: its number, counted from 1 as a person counts, and the texts of its cells.
Row = tuple[int, list[str]]


class InputRefused(Exception):
    """What was given cannot be read. `field` is file, column, items or text; `detail` says what to do."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field
        self.detail = detail


class Line(NamedTuple):
    """One row: its number as a person counts it, the code as given, the customer's reference, "" for none.

    `number` is the row of the spreadsheet, the line of the file where the record begins, or the place in the
    list, from 1.
    """

    number: int
    given: str
    ref: str


@dataclass
class Parsed:
    """What was read. `lines` can be iterated once and raises InputRefused; then `warnings` are complete.

    `format` is csv, tsv, xlsx, text or json. `column` is the header above the codes, "column 3" where there
    is no header, "" for a list; `ref_column` likewise, "" where there is none.
    """

    lines: Iterator[Line]
    format: str
    encoding: str = ""
    delimiter: str = ""
    column: str = ""
    ref_column: str = ""
    warnings: list[str] = field(default_factory=list)


def cleaned(text: str, most: int = MOST_GIVEN) -> str:
    """Return a text as it can be kept: so many characters of it, NUL and unpaired surrogates replaced."""
    return _UNKEEPABLE.sub("\ufffd", text[:most])


def bounded(lines: Iterator[Line], most_rows: int, field: str) -> Iterator[Line]:
    """Pass on so many lines. Raises InputRefused when there are more."""
    for count, line in enumerate(lines, start=1):
        if count > most_rows:
            raise too_many(field, most_rows)
        yield line


def too_many(field: str, most_rows: int) -> InputRefused:
    """Return the refusal of what has too many rows."""
    rows = "1 row" if most_rows == 1 else f"{most_rows:,} rows"
    return InputRefused(
        field, f"This has more than {rows}, the most of one job: split it, and send the parts."
    )


@contextmanager
def about(field: str) -> Iterator[None]:
    """Let what is refused as a file in this block be refused as this field, where no file was given."""
    try:
        yield
    except InputRefused as problem:
        if problem.field == "file":
            problem.field = field
        raise
