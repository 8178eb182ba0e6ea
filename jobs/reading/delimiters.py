"""Find out what separates the columns of a table. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from jobs.reading.given import InputRefused
from jobs.reading.tables import NONE, Table
from providers.recognition import recognise

LINES = 100  # of the beginning that are looked at
CELLS = 2000  # of these, at most, whether they are codes
DELIMITERS = ("\t", ",", ";", "|")
_A_LIST = 0.7  # how regular a table has to be, to be one rather than a list


def delimiter_of(lines: Sequence[str], hint: str = "") -> str:
    """Return what separates the columns, NONE for a list; `hint` decides between equals.

    That is what leaves the most codes whole, then what gives the most rows the same number of columns.
    """
    return max((*DELIMITERS, NONE), key=lambda delimiter: _score(lines, delimiter, hint))


def _score(lines: Sequence[str], delimiter: str, hint: str) -> tuple[float, float, bool, int]:
    rows = list(_rows(lines, delimiter)) or [lines[0].split(delimiter)]  # refused when it is read
    widths = Counter(map(len, rows))
    width, seen = widths.most_common(1)[0]
    if delimiter != NONE and width < 2:
        return (0, 0, False, 0)
    below = rows[1:] or rows  # the header has no codes
    regular = _A_LIST if delimiter == NONE else seen / len(rows)
    whole = sum(map(_has_code, below)) / len(below)
    return (whole, regular, delimiter == hint, width)


def _rows(lines: Sequence[str], delimiter: str) -> Iterator[list[str]]:
    """Yield the rows, up to one that cannot be read or is not there to its end."""
    try:
        yield from (cells for _, cells in Table(iter(lines), delimiter))
    except InputRefused:
        return


def _has_code(cells: Sequence[str]) -> bool:
    return any(recognise(cell).is_usable for cell in islice(cells, CELLS // LINES))
