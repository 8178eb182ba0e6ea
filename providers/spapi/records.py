"""Read lines into the fields of a table, separated by tabs as Amazon writes them or as CSV. Pure."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from providers.spapi.lines import MAX_LINE, Line

MOST_LINES = 20  # in one record; a quotation mark that is never closed would take in the rest of the file

TOO_LONG = f"This line has more than {MAX_LINE:,} bytes, which no row of a report has."
UNCLOSED = (
    "The quotation marks in this row do not fit: a field that contains one has to stand in quotation marks, "
    "and the one inside has to be doubled."
)


class Record(NamedTuple):
    """The fields of one row, and the line it begins on; `problem` says why there are none."""

    line: int
    fields: Sequence[str]
    problem: str = ""


def records(lines: Iterable[Line], delimiter: str) -> Iterator[Record]:
    """Yield the rows; blank lines are none. After one that cannot be read, it goes on with the next line."""
    upcoming = _Returnable(iter(lines))
    for line in upcoming:
        if line.text is None:
            yield Record(line.number, (), TOO_LONG)
        elif '"' not in line.text:
            if line.text.strip():
                yield Record(line.number, line.text.split(delimiter))
        elif delimiter == "\t":  # there a quotation mark is an inch, unless a spreadsheet has put it there
            yield Record(line.number, [_unquoted(field) for field in line.text.split(delimiter)])
        else:
            yield _quoted(line, upcoming, delimiter)


class _Returnable(Iterator[Line]):
    """Lines that can be given back."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._returned: deque[Line] = deque()

    def __next__(self) -> Line:
        return self._returned.popleft() if self._returned else next(self._lines)

    def give_back(self, lines: Sequence[Line]) -> None:
        """Let these come next."""
        self._returned.extendleft(reversed(lines))


def _quoted(first: Line, upcoming: _Returnable, delimiter: str) -> Record:
    """Read the record that begins with this line and goes on while a quotation mark is open."""
    taken: list[Line] = []

    def texts() -> Iterator[str]:
        yield f"{first.text}\n"
        for line in islice(upcoming, MOST_LINES - 1):
            taken.append(line)
            if line.text is None:
                return
            yield f"{line.text}\n"

    try:
        return Record(first.number, next(csv.reader(texts(), delimiter=delimiter, strict=True)))
    except csv.Error:
        upcoming.give_back(taken)
        return Record(first.number, (), UNCLOSED)


def _unquoted(field: str) -> str:
    if '"' not in field:
        return field
    inner = field[1:-1].replace('""', "")
    is_quoted = len(field) > 1 and field[0] == field[-1] == '"' and '"' not in inner
    return field[1:-1].replace('""', '"') if is_quoted else field
