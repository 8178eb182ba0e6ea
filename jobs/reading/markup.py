"""Read XML piece by piece, without ever holding more of it than its reader keeps. Pure.

A document type is refused: the format of workbooks forbids it, and without it there are no entities, neither
from elsewhere nor such as grow. What expat itself has to hold, one tag and the open elements, is bounded.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol
from xml.parsers import expat

from jobs.reading.given import InputRefused
from jobs.reading.packages import damaged

DEEPEST = 64  # elements within each other
MOST_ELEMENTS = 10_000_000  # in all; a sheet has about three for a cell
MOST_PENDING = 1024 * 1024  # bytes without a tag that ends
FORBIDDEN = "This workbook holds a document type (DTD), which none does"

Attributes = dict[str, str]


class Reader(Protocol):
    """What takes notice of elements. Names come without their prefix, those of attributes with it."""

    def start(self, name: str, attributes: Attributes) -> None:
        """An element begins."""
        ...

    def end(self, name: str) -> None:
        """An element ends."""
        ...

    def text(self, text: str) -> None:
        """Text, or a part of it."""
        ...


def fed(pieces: Iterable[bytes], reader: Reader) -> Iterator[None]:
    """Let the reader take notice of one piece after the other. Raises InputRefused for what is no XML."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    opened = _Opened(reader)
    parser.StartElementHandler, parser.EndElementHandler = opened.start, opened.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    count = 0
    try:
        for piece in pieces:
            parser.Parse(piece, False)
            count += len(piece)
            if count - parser.CurrentByteIndex > MOST_PENDING:
                raise damaged()
            yield
        parser.Parse(b"", True)
    except (expat.ExpatError, LookupError, ValueError):
        raise damaged() from None
    yield


class _Opened:
    """Counts the open elements, and takes the prefix off their names."""

    def __init__(self, reader: Reader) -> None:
        self._start, self._end = reader.start, reader.end
        self._depth = self._count = 0

    def start(self, name: str, attributes: Attributes) -> None:
        self._depth += 1
        self._count += 1
        if self._depth > DEEPEST or self._count > MOST_ELEMENTS:
            raise damaged() if self._depth > DEEPEST else _too_full()
        self._start(name.rpartition(":")[2] if ":" in name else name, attributes)

    def end(self, name: str) -> None:
        self._depth -= 1
        self._end(name.rpartition(":")[2] if ":" in name else name)


def _too_full() -> InputRefused:
    why = "A sheet of this workbook has too many cells"
    return InputRefused("file", f"{why}: send only the column with the codes, or CSV.")


def _refuse(*_: object) -> None:
    raise InputRefused("file", f"{FORBIDDEN}: open it in a spreadsheet, save it as .xlsx, and send that.")
