"""Read lines into the rows of a table, quoted as RFC 4180 says or not at all. Pure."""

import csv
from collections.abc import Iterator
from itertools import islice

from jobs.reading.given import MOST_COLUMNS, MOST_ROWS, InputRefused, Row
from jobs.reading.texts import MOST_LINE, lines_of, too_long
from providers.recognition import recognise

NONE = "\x1f"  # the delimiter of a table with a single column, which has none: a character that nobody types
LENIENT = ("\t", NONE)  # what is written between these is not quoted as a rule
MOST_LINES = 200  # in one record; a quotation mark that is never closed would take in the rest of the file


class Table(Iterator[Row]):
    """The rows of a table that are not blank, each with the line on which it begins.

    A row whose quotation marks do not fit, or would make another row part of a cell, is read as it stands, so
    that it takes no other along: `misquoted` counts them, of which `first_misquoted` was the first. Between
    LENIENT delimiters, a quotation mark may be an inch that is never closed. Raises InputRefused, with the
    line, for a quotation mark that is never closed, and for a row that is too long or has too many columns.
    """

    def __init__(self, lines: Iterator[str], delimiter: str) -> None:
        self.first_misquoted = self.misquoted = 0
        self._count = 0  # of the rows, with those that are blank
        self._delimiter = delimiter
        self._feed = _Feed(lines)
        self._reader = csv.reader(self._feed, delimiter=delimiter, strict=True)

    def __next__(self) -> Row:
        while True:
            number = self._feed.begin()
            cells = self._cells()
            self._count += 1
            if self._count > MOST_ROWS:
                raise too_tall()
            if len(cells) > MOST_COLUMNS:
                raise too_wide(number, len(cells))
            if any(map(str.strip, cells)):
                return number, cells

    def _cells(self) -> list[str]:
        """Return the cells of the record that begins here."""
        try:
            cells = next(self._reader)
            if not self._feed.is_long or not any(self._has_swallowed(cell) for cell in cells):
                return cells
        except csv.Error:
            if self._feed.is_at_end and self._delimiter not in LENIENT:
                raise _unclosed(self._feed.first) from None
        except _Unclosed:
            if self._delimiter not in LENIENT:
                raise _unclosed(self._feed.first) from None
        self.misquoted += 1
        self.first_misquoted = self.first_misquoted or self._feed.first
        return [_unquoted(cell) for cell in self._feed.go_back().strip("\r\n").split(self._delimiter)]

    def _has_swallowed(self, cell: str) -> bool:
        """Say whether a cell of several lines holds a row, as it does between two odd quotation marks."""
        rows = (line.rstrip("\r\n").split(self._delimiter) for line in islice(lines_of(cell), 1, None))
        return any(recognise(part).is_usable for row in rows if len(row) > 1 for part in row)


class _Unclosed(Exception):
    """A record is longer than any can be."""


class _Feed(Iterator[str]):
    """Lines for the reader of one record after the other, which can be given back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.first = 0  # the number of the record's first line
        self.is_at_end = False
        self._lines = lines
        self._returned: list[str] = []  # the next one last
        self._taken: list[str] = []  # of the record

    @property
    def is_long(self) -> bool:
        """Whether the record has several lines."""
        return len(self._taken) > 1

    def begin(self) -> int:
        """Begin a record, and return the number of its first line."""
        self.first = self.first + len(self._taken) if self.first else 1
        self._taken.clear()
        self.is_at_end = False
        return self.first

    def __next__(self) -> str:
        try:
            line = self._returned.pop() if self._returned else next(self._lines)
        except StopIteration:
            self.is_at_end = True
            raise
        self._taken.append(line)
        if len(line) > MOST_LINE:
            raise too_long(self.first + len(self._taken) - 1)
        if len(self._taken) > 1 and (len(self._taken) > MOST_LINES or sum(map(len, self._taken)) > MOST_LINE):
            raise _Unclosed
        return line

    def go_back(self) -> str:
        """Return the first line of the record, and let the others come again."""
        self._returned.extend(reversed(self._taken[1:]))
        del self._taken[1:]
        return self._taken[0]


def too_wide(number: int, width: int) -> InputRefused:
    """Return the refusal of a row with more columns than any table has."""
    why = f"Row {number:,} has {width:,} columns, more than the {MOST_COLUMNS:,} that are read"
    return InputRefused("file", f"{why}: send a table with one code in each row, one below the other.")


def too_tall() -> InputRefused:
    """Return the refusal of a table that is full of blank rows."""
    return InputRefused("file", f"This has more than {MOST_ROWS:,} rows: delete those that are blank.")


def _unclosed(number: int) -> InputRefused:
    why = f"A quotation mark in the row that begins on line {number:,} is never closed"
    how = 'close it, or write a quotation mark that belongs to the text twice ("24"" monitor")'
    return InputRefused("file", f"{why}: {how}.")


def _unquoted(cell: str) -> str:
    if len(cell) < 2 or not cell[0] == cell[-1] == '"':
        return cell
    inner = cell[1:-1].replace('""', "")
    return cell if '"' in inner else cell[1:-1].replace('""', '"')
