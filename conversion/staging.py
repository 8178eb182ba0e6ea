"""The rows of a report on their way into the database: read, counted and put aside, before any transaction.

So a connection is held for no longer than the database needs, a file that is refused never reaches it, and
memory holds a row at a time.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import IO, Protocol, cast

from django.conf import settings

from conversion.errors import TooManyRows
from providers.spapi.inventory import InventoryRow
from providers.spapi.layouts import Refused, Row

MOST_REASONS = 100  # told of one file
LINES_PER_ROW = 5  # in the mean; rows may go over several lines, and blank ones stand between
HELD = 256 * 1024  # bytes kept in memory before a file is used
TITLE_LENGTH = 500  # characters; Amazon's own limit
ESCAPED = str.maketrans({"\\": r"\\", "\t": " ", "\n": " ", "\r": " "})


class Readable(Protocol):
    """What can be read in pieces."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes, none at the end."""
        ...


class Paced:
    """A file whose reading lets others have their turn, and ends where it has too many lines for a report."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._lines = 0

    def read(self, size: int, /) -> bytes:
        """Return the next piece. Raises TooManyRows."""
        time.sleep(0)
        piece = self._source.read(size)
        self._lines += piece.count(b"\n") or piece.count(b"\r")
        if self._lines > settings.INVENTORY_MAX_ROWS * LINES_PER_ROW:
            raise TooManyRows(settings.INVENTORY_MAX_ROWS)
        return piece


@dataclass(slots=True)
class Tally:
    """How many rows name a pair, how many do not, and why not (the first of them)."""

    good: int = 0
    refused: int = 0
    reasons: list[Refused] = field(default_factory=list)

    def good_of(self, found: Iterable[Row | Refused]) -> Iterator[Row]:
        """Count rows, and pass on those that name a pair. Raises TooManyRows."""
        for number, row in enumerate(found, start=1):
            if number > settings.INVENTORY_MAX_ROWS:
                raise TooManyRows(settings.INVENTORY_MAX_ROWS)
            if isinstance(row, Row):
                self.good += 1
                yield row
            else:
                self.refused += 1
                if len(self.reasons) < MOST_REASONS:
                    self.reasons.append(row)


@contextmanager
def staged(rows: Iterable[Row | InventoryRow]) -> Iterator[IO[bytes]]:
    """Give the pairs in the form that COPY reads, on disk and at its beginning.

    A code that is the ASIN itself needs nobody to say so, and is left out.
    """
    with cast(IO[bytes], SpooledTemporaryFile(max_size=HELD)) as file:
        for number, row in enumerate(rows, start=1):
            if row.fnsku != row.asin:
                file.write(line(number, row))
        file.seek(0)
        yield file


def line(number: int, row: Row | InventoryRow) -> bytes:
    """Return a row as a line for COPY: number, code, ASIN, title, condition, whether it is archived."""
    title = (row.title or "")[:TITLE_LENGTH].translate(ESCAPED)
    is_archived = "t" if isinstance(row, Row) and row.is_archived else "f"
    fields = (str(number), row.fnsku, row.asin, title, row.condition or "", is_archived)
    return ("\t".join(fields) + "\n").encode(errors="replace")
