"""Read what a customer gives for a job: a file, a list, or pasted text, into lines. Pure.

What can be read comes out row by row, each with its code as it was given, whatever that is: what is wrong
with a code, `recognise` says. What cannot be read is refused in words for the person whose file it is. Memory
holds a piece of a file at a time, whatever its size and whatever is in it.
"""

from collections.abc import Iterator
from itertools import chain, islice
from typing import IO, NamedTuple

from jobs.reading import lists, signatures
from jobs.reading.choice import Chosen, choose
from jobs.reading.delimiters import LINES, delimiter_of
from jobs.reading.given import MOST_GIVEN, MOST_REF, InputRefused, Line, Parsed, Row, about, bounded, cleaned
from jobs.reading.lists import read_list
from jobs.reading.tables import NONE, Table
from jobs.reading.texts import TextLines, lines_of, pieces
from jobs.reading.workbook import Workbook
from providers.encodings import opened

__all__ = ["MOST_GIVEN", "InputRefused", "Line", "Parsed", "read", "read_list", "read_text"]

SAMPLE = 200  # rows that are looked at to find the columns
SAMPLE_SIZE = 1_000_000  # characters of these, at most, and a row


class Wanted(NamedTuple):
    """What the caller asked for; `field` is what a refusal is about."""

    field: str
    column: str
    ref_column: str
    most_rows: int


def read(
    source: IO[bytes],
    *,
    media_type: str = "",
    name: str = "",
    charset: str = "",
    column: str = "",
    ref_column: str = "",
    most_rows: int,
) -> Parsed:
    """Read a file that is at its beginning: CSV and its like, or an Excel workbook, whichever it is.

    Its bytes say what it is; `media_type` and `name` only decide between equals. Raises InputRefused here, or
    while the lines are iterated: for the rows beyond `most_rows`, and for what is damaged further on. It
    has to be seekable, and stays open until then.
    """
    wanted = Wanted("file", column, ref_column, most_rows)
    head = source.read(signatures.LOOKED_AT)
    source.seek(0)
    if not head:
        raise InputRefused("file", "The file is empty: send one with a code in each row.")
    signatures.check(head)
    if signatures.is_zip(head):
        return _in_workbook(source, wanted)
    file = opened(pieces(source), charset=charset)
    signatures.check_text(file.head)
    lines = TextLines(file)
    parsed = _in_text(lines, wanted, _hint(media_type, name))
    parsed.encoding = lines.encoding
    parsed.lines = _encoded(parsed, parsed.lines, lines)
    return parsed


def read_text(text: str, *, most_rows: int, column: str = "", ref_column: str = "") -> Parsed:
    """Read pasted text: codes one per line, several on one line, or rows copied out of a spreadsheet.

    Raises InputRefused here, or while the lines are iterated.
    """
    return _in_text(lines_of(text), Wanted("text", column, ref_column, most_rows), "\t")


def _in_workbook(source: IO[bytes], wanted: Wanted) -> Parsed:
    book = Workbook(source)
    parsed = Parsed(iter(()), "xlsx", warnings=book.warnings)
    return _with_lines(parsed, iter(book), wanted)


def _in_text(lines: Iterator[str], wanted: Wanted, hint: str) -> Parsed:
    sample = list(_beginning(lines))
    filled = [line for line in sample if line.strip()]
    if not filled:
        raise InputRefused(wanted.field, "There is nothing in it: send one code in each row.")
    after = list(islice(lines, 1))
    is_alone = len(filled) == 1 and not after and not wanted.column
    codes = lists.on_one_line(filled[0]) if is_alone else []
    if codes:
        return Parsed(bounded(lists.lines_of(codes), wanted.most_rows, wanted.field), "text")
    delimiter = delimiter_of(filled, hint)
    table = Table(chain(sample, after, lines), delimiter)
    parsed = Parsed(iter(()), _format(delimiter, hint), delimiter=delimiter.strip(NONE))
    with about(wanted.field):
        parsed = _with_lines(parsed, table, wanted)
    parsed.lines = _remarked(parsed, parsed.lines, table, wanted.field)
    return parsed


def _hint(media_type: str, name: str) -> str:
    """Return what a file says of its delimiter before it is opened."""
    kind, ending = media_type.lower(), name.lower().rpartition(".")[2]
    if kind == "text/tab-separated-values" or ending in ("tsv", "tab"):
        return "\t"
    return "," if kind == "text/csv" or ending == "csv" else ""


def _format(delimiter: str, hint: str) -> str:
    if delimiter == "\t":
        return "tsv"
    return "text" if delimiter == NONE and hint != "," else "csv"


def _beginning(lines: Iterator[str]) -> Iterator[str]:
    """Yield enough lines to see what separates the columns: blank ones tell nothing."""
    filled = size = 0
    for line in lines:
        yield line
        filled, size = filled + bool(line.strip()), size + len(line)
        if filled >= LINES or size > SAMPLE_SIZE:
            return


def _with_lines(parsed: Parsed, rows: Iterator[Row], wanted: Wanted) -> Parsed:
    """Find the columns, and let the lines be read out of them."""
    sample = list(_sample(rows))
    if not sample:
        raise InputRefused(wanted.field, "There are no rows in it: send one code in each row.")
    chosen = choose([cells for _, cells in sample], column=wanted.column, ref_column=wanted.ref_column)
    del sample[: chosen.has_header]
    first = sample[:1] or list(islice(rows, 1))
    if not first:
        raise InputRefused(wanted.field, "There is a header and no row below it: send one code in each row.")
    is_list = parsed.format != "xlsx" and not parsed.delimiter and not chosen.has_header
    parsed.column = "" if is_list else chosen.column
    parsed.ref_column = chosen.ref_column
    parsed.warnings.extend(chosen.warnings)
    below = chain(first, sample[1:], rows)
    parsed.lines = bounded(_lines(below, chosen), wanted.most_rows, wanted.field)
    return parsed


def _sample(rows: Iterator[Row]) -> Iterator[Row]:
    size = 0
    for row in islice(rows, SAMPLE):
        yield row
        size += sum(map(len, row[1]))
        if size > SAMPLE_SIZE:
            return


def _lines(rows: Iterator[Row], chosen: Chosen) -> Iterator[Line]:
    code, ref = chosen.code, chosen.ref
    for number, cells in rows:
        given = cells[code] if code < len(cells) else ""
        told = cells[ref] if ref is not None and ref < len(cells) else ""
        yield Line(number, cleaned(given), cleaned(told.strip(), MOST_REF))


def _remarked(parsed: Parsed, found: Iterator[Line], table: Table, field: str) -> Iterator[Line]:
    """Pass on the lines, and say in the end what was mended."""
    with about(field):
        yield from found
    if table.misquoted:
        rows = "1 row" if table.misquoted == 1 else f"{table.misquoted:,} rows"
        why = f"The quotation marks do not fit in {rows}, first on line {table.first_misquoted:,}"
        parsed.warnings.append(f"{why}: read as they stand.")


def _encoded(parsed: Parsed, found: Iterator[Line], lines: TextLines) -> Iterator[Line]:
    """Pass on the lines, and say in the end what they were written in."""
    yield from found
    parsed.encoding = lines.encoding
    if lines.strays:
        count = "1 line" if lines.strays == 1 else f"{lines.strays:,} lines"
        why = f"{count} could not be read as UTF-8, first line {lines.first_stray:,}"
        parsed.warnings.append(f"{why}: taken for Windows-1252.")
