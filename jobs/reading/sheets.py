"""Read the rows of a sheet of a workbook, one piece of it after the other. Pure."""

from collections.abc import Iterator
from itertools import islice

from jobs.reading.cells import Formats, Strings
from jobs.reading.given import MOST_COLUMNS, MOST_GIVEN, MOST_ROWS, Row
from jobs.reading.markup import Attributes, fed
from jobs.reading.packages import damaged
from jobs.reading.tables import too_tall, too_wide

WIDEST = 16_384  # columns of a sheet, whether anything is in them or not
KEPT = ("v", "t", "f")  # the elements within a cell whose text counts
TRUTH = {"0": "FALSE", "1": "TRUE"}


class Sheet:
    """Takes notice of the rows of a sheet, and gives those that are not blank.

    `uncalculated` counts the cells with a formula and no value, which are given as the formula; the first of
    them is in the row `first_uncalculated`.
    """

    def __init__(self, strings: Strings, formats: Formats) -> None:
        self.uncalculated = self.first_uncalculated = 0
        self._strings, self._formats = strings, formats
        self._rows: list[Row] = []
        self._number = 0
        self._cells: list[str] = []  # of the row, up to the last that is filled
        self._column = 0  # of the cell, from 1
        self._type = self._style = self._value = self._formula = ""
        self._kept = ""  # the element whose text is being read
        self._is_row = self._is_phonetic = False

    def rows(self, pieces: Iterator[bytes]) -> Iterator[Row]:
        """Yield the rows with the numbers they have in the sheet."""
        for _ in fed(pieces, self):
            yield from self._rows
            self._rows.clear()

    def start(self, name: str, attributes: Attributes) -> None:
        """Begin a row, a cell, or a part of one."""
        if name == "c" and self._is_row:
            self._begin_cell(attributes)
        elif name in KEPT:
            self._kept = "" if self._is_phonetic else name
        elif name == "row":
            self._number = _number(attributes.get("r"), self._number + 1)
            self._is_row, self._column, self._cells = True, 0, []
        elif name == "rPh":
            self._is_phonetic = True

    def end(self, name: str) -> None:
        """End a row, a cell, or a part of one."""
        if name == "c" and self._is_row:
            self._end_cell()
        elif name in KEPT:
            self._kept = ""
        elif name == "row":
            self._is_row = False
            if any(map(str.strip, self._cells)):
                self._rows.append((self._number, self._cells))
        elif name == "rPh":
            self._is_phonetic = False

    def text(self, text: str) -> None:
        """Keep what belongs to the value of a cell, or to its formula, as much as is ever looked at."""
        if self._kept == "f":
            self._formula = (self._formula + text)[:MOST_GIVEN]
        elif self._kept and len(self._value) < MOST_GIVEN:
            self._value += text

    def _begin_cell(self, attributes: Attributes) -> None:
        self._column = _column(attributes["r"]) if "r" in attributes else self._column + 1
        if self._column > WIDEST:
            raise too_wide(self._number, self._column)
        self._type, self._style = attributes.get("t", "n"), attributes.get("s", "0")
        self._value = self._formula = ""

    def _end_cell(self) -> None:
        shown = self._shown()
        if not shown:
            return
        if self._column > MOST_COLUMNS:
            raise too_wide(self._number, self._column)
        missing = self._column - len(self._cells)
        self._cells.extend([""] * missing)
        self._cells[self._column - 1] = shown[:MOST_GIVEN]

    def _shown(self) -> str:
        """Return what the cell shows."""
        value = self._value
        if self._formula and not value:
            self.uncalculated += 1
            self.first_uncalculated = self.first_uncalculated or self._number
            return f"={self._formula}"
        if self._type == "s" and value:
            return self._shared(value)
        if self._type == "n" and value:
            return self._formats.shown(value, self._style)
        return TRUTH.get(value, value) if self._type == "b" else value

    def _shared(self, value: str) -> str:
        try:
            return self._strings[int(value)]
        except (IndexError, ValueError):
            raise damaged() from None


def _number(text: str | None, default: int) -> int:
    """Return the number of a row; a sheet that counts backwards or beyond its end is damaged."""
    number = default if text is None else int(text) if text.isascii() and text.isdigit() else 0
    if number > MOST_ROWS:
        raise too_tall()
    if number < default:
        raise damaged()
    return number


def _column(reference: str) -> int:
    """Return the number of the column of a cell such as BC12, from 1."""
    column = 0
    for char in islice(reference, 4):
        if not "A" <= char <= "Z":
            break
        column = column * 26 + ord(char) - 64
    if not column:
        raise damaged()
    return column
