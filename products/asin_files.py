"""Reading ASINs out of a file, however it is laid out and however long it is. Pure.

One ASIN, or address of a product's page, on each line; or columns with a separator, of which the one with the
ASINs is found by its name or by what is in it. No more than a sample of the file is held in memory.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple, TextIO

from providers.identifiers import InvalidASIN
from providers.identifiers import asin as read_asin

SAMPLE = 50  # lines that are looked at to find the column
SEPARATORS = ",;\t|"
NAMES = ("asin", "asin1", "parent asin", "product id", "product")  # of columns, the surest first
LONGEST = 100_000  # characters of a line; more is no line of a list


class Entry(NamedTuple):
    """One line: its number, and its ASIN or why it has none."""

    line: int
    asin: str = ""
    reason: str = ""


class Layout(NamedTuple):
    """Where the ASIN stands. No separator: in the whole line. `has_header`: the first line is none."""

    separator: str = ""
    column: int = 0
    has_header: bool = False


def entries(lines: Iterable[str]) -> Iterator[Entry]:
    """Yield what stands on each line that is not empty."""
    rest = iter(lines)
    sample = list(islice(rest, SAMPLE))
    layout = layout_of(sample)
    for number, text in cells(chain(sample, rest), layout):
        if text and not (number == 1 and layout.has_header):
            yield read(number, text)


def read(number: int, text: str) -> Entry:
    """Return the ASIN in a text, or why there is none."""
    try:
        return Entry(number, asin=read_asin(text))
    except InvalidASIN as error:
        return Entry(number, reason=str(error))


def cells(lines: Iterable[str], layout: Layout) -> Iterator[tuple[int, str]]:
    """Yield the number of each line, and the text that should be an ASIN; "" where there is none."""
    if layout.separator:
        for number, row in rows_of(lines, layout.separator):
            yield number, cell(row, layout.column)
    else:
        yield from ((number, line.strip()) for number, line in enumerate(lines, 1))


def rows_of(lines: Iterable[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of columns, each with the number of its last line."""
    rows = csv.reader(lines, delimiter=separator)
    while True:
        try:
            yield from ((rows.line_num, row) for row in rows)
            return
        except csv.Error as error:  # a quote that is never closed, for one; what follows may be sound
            yield rows.line_num, [f"({error})"]


def cell(row: Sequence[str], column: int) -> str:
    """Return one cell of a row; of a row that is too short, what there is, so that it is shown."""
    if column < len(row):
        return row[column].strip()
    return " ".join(row).strip()


def layout_of(sample: Sequence[str]) -> Layout:
    """Return where the ASINs stand, as far as the first lines tell: where the most of them can be read."""
    found = Layout()
    most = readable(text for _, text in cells(sample, found))
    for separator in SEPARATORS:
        rows = [row for _, row in rows_of(sample, separator) if any(row)]
        named = named_column(rows[0]) if rows and len(rows[0]) > 1 else None
        if named is not None:
            return Layout(separator, named, has_header=True)
        for column in range(max(map(len, rows), default=0)):
            count = readable(cell(row, column) for row in rows if len(row) > 1)
            if count > most:
                found, most = Layout(separator, column), count
    return found._replace(has_header=begins_with_header(sample, found))


def named_column(header: Sequence[str]) -> int | None:
    """Return the column that is named after what is in it."""
    names = [" ".join(name.lower().replace("_", " ").replace("-", " ").split()) for name in header]
    return next((names.index(name) for name in NAMES if name in names), None)


def begins_with_header(sample: Sequence[str], layout: Layout) -> bool:
    """Say whether the first line looks like a name for what follows: words without a digit."""
    first = next((text for _, text in cells(sample, layout)), "")
    return not any(map(str.isdigit, first)) and not is_readable(first)


def readable(texts: Iterable[str]) -> int:
    """Return how many of the texts are ASINs."""
    return sum(map(is_readable, texts))


def is_readable(text: str) -> bool:
    """Say whether a text is an ASIN or an address that holds one."""
    return bool(read(0, text).asin)


def lines_of(file: TextIO) -> Iterator[str]:
    """Yield the lines of a file; of one that is too long, the beginning."""
    while line := file.readline(LONGEST):
        whole = line
        while whole and not whole.endswith("\n"):
            whole = file.readline(LONGEST)
        yield line.removeprefix("\ufeff").replace("\0", "")
