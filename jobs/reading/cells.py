"""The texts of a workbook's cells: strings kept for all of it, and numbers as the cell shows them. Pure."""

import math
import re
from array import array
from decimal import Decimal, InvalidOperation

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, WINDOWS_EPOCH, from_excel

from jobs.reading.given import MOST_GIVEN
from jobs.reading.markup import Attributes

EXACT = 2**53  # whole numbers below are what was typed; above, a workbook has rounded them
MOST_FORMATS = 100_000
_ZEROS = re.compile("0{2,30}")
_PLAIN = re.compile(r"-?[1-9][0-9]{0,14}|0")


class Strings:
    """The texts that the cells share. They are kept one after the other: each by itself needs more room."""

    def __init__(self) -> None:
        self._texts = bytearray()
        self._ends = array("Q", [0])
        self._parts: list[str] = []
        self._size = 0
        self._is_text = self._is_phonetic = False

    def __getitem__(self, place: int) -> str:
        if not 0 <= place < len(self._ends) - 1:
            raise IndexError(place)
        return self._texts[self._ends[place] : self._ends[place + 1]].decode()

    def start(self, name: str, attributes: Attributes) -> None:
        """Begin a text, or a part of one."""
        if name == "t":
            self._is_text = not self._is_phonetic
        elif name == "rPh":  # how it is spoken
            self._is_phonetic = True

    def end(self, name: str) -> None:
        """End a part of a text, or all of it."""
        if name == "t":
            self._is_text = False
        elif name == "rPh":
            self._is_phonetic = False
        elif name == "si":
            self._texts += "".join(self._parts)[:MOST_GIVEN].encode(errors="replace")
            self._ends.append(len(self._texts))
            self._parts.clear()
            self._size = 0

    def text(self, text: str) -> None:
        """Keep what belongs to a text, as much as is ever looked at."""
        if self._is_text and self._size < MOST_GIVEN:
            self._parts.append(text)
            self._size += len(text)


class Formats:
    """How the numbers are shown, by the numbers of the cells' styles."""

    def __init__(self) -> None:
        self.is_1904 = False  # dates are counted from there
        self._own: dict[str, str] = {}
        self._styles: list[str] = []  # the format of each style
        self._is_inside = False
        self._known: dict[int, tuple[bool, int]] = {}

    def start(self, name: str, attributes: Attributes) -> None:
        """Take notice of a format, or of a style that has one."""
        if name == "numFmt" and len(self._own) < MOST_FORMATS:
            self._own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")[:255]
        elif name == "cellXfs":
            self._is_inside = True
        elif name == "xf" and self._is_inside and len(self._styles) < MOST_FORMATS:
            self._styles.append(attributes.get("numFmtId", "0"))

    def end(self, name: str) -> None:
        """Take notice that there are no more styles."""
        if name == "cellXfs":
            self._is_inside = False

    def text(self, text: str) -> None:
        """Ignore it: formats have none."""

    def shown(self, number: str, style: str) -> str:
        """Return a number as its cell shows it: whole ones with all digits, dates as 2024-05-17."""
        is_date, zeros = self._kind(style)
        if is_date:
            return self._date(number)
        digits = number if _PLAIN.fullmatch(number) else digits_of(number)
        return digits.zfill(zeros) if zeros and digits.isdigit() else digits

    def _kind(self, style: str) -> tuple[bool, int]:
        """Return whether the style shows dates, and how many digits it shows at least."""
        place = _small(style)
        if place not in self._known:
            name = self._styles[place] if place < len(self._styles) else "0"
            code = self._own.get(name) or BUILTIN_FORMATS.get(_small(name), "")
            self._known[place] = (is_date_format(code), len(code) if _ZEROS.fullmatch(code) else 0)
        return self._known[place]

    def _date(self, number: str) -> str:
        try:
            found = from_excel(float(number), CALENDAR_MAC_1904 if self.is_1904 else WINDOWS_EPOCH)
        except (ValueError, OverflowError):
            return number
        return str(found).removesuffix(" 00:00:00")


def _small(text: str) -> int:
    """Return the number of a style or format, 0 for what is none."""
    return int(text) if len(text) < 6 and text.isascii() and text.isdigit() else 0


def digits_of(number: str) -> str:
    """Return a number without exponent where it is whole and exact, else with 15 digits."""
    try:
        value = Decimal(number.strip())
    except InvalidOperation:
        return number
    if not value.is_finite() or value.adjusted() > 20 or value.adjusted() < -20:
        return number
    if value == value.to_integral_value() and abs(value) < EXACT:
        return str(int(value))
    return format(float(value), ".15g").upper() if math.isfinite(float(value)) else number
