"""Cut bytes or text into lines with their ends, holding no more than a piece at a time. Pure."""

import time
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import chain
from typing import IO

from jobs.reading.given import InputRefused
from providers.encodings import Opened

CHUNK = 64 * 1024  # bytes read at once
MOST_LINE = 64 * 1024  # characters, or bytes, of one line


def pieces(source: IO[bytes]) -> Iterator[bytes]:
    """Yield a file piece by piece, letting others have their turn in between."""
    while piece := source.read(CHUNK):
        time.sleep(0)
        yield piece


def lines_of(text: str) -> Iterator[str]:
    """Yield the lines of a text, which end in a line feed, a carriage return, or both."""
    return iter(StringIO(text, newline=""))


class TextLines(Iterator[str]):
    """The lines of a file. `encoding` is what those read so far are written in.

    Where nothing says otherwise it is UTF-8, and a line that is not is taken for Windows-1252: `strays`
    counts those lines, of which `first_stray` was the first. Raises InputRefused for a line that is too long.
    """

    def __init__(self, file: Opened) -> None:
        self.encoding = file.name
        self.first_stray = self.strays = 0
        self._codec = "" if file.codec == "utf-8" else file.codec
        self._number = 0  # of the lines before the block that is read
        self._lines = chain.from_iterable(map(self._decoded, self._blocks(chain([file.head], file.rest))))

    def __next__(self) -> str:
        return next(self._lines)

    def _blocks(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield whole lines, many at once."""
        held = b""
        for piece in pieces:
            part = held + piece
            # a carriage return at the very end may have its line feed in the next piece
            end = max(part.rfind(b"\n"), part.rfind(b"\r", 0, -1)) + 1
            if end:
                yield part[:end]
            held = part[end:]
            if len(held) > MOST_LINE:
                raise too_long(self._number + 1)
        if held:
            yield held

    def _decoded(self, block: bytes) -> Iterator[str]:
        """Return the lines of a block, which are counted here."""
        try:
            text = block.decode(self._codec or "utf-8", errors="replace" if self._codec else "strict")
            found = list(lines_of(text))
        except UnicodeDecodeError:
            found = [
                self._line(number, raw)
                for number, raw in enumerate(block.splitlines(keepends=True), self._number + 1)
            ]
        self._number += len(found)
        return iter(found)

    def _line(self, number: int, raw: bytes) -> str:
        try:
            return raw.decode()
        except UnicodeDecodeError:
            self.encoding = "cp1252"
            self.strays += 1
            self.first_stray = self.first_stray or number
            return raw.decode("cp1252", errors="replace")


def too_long(number: int) -> InputRefused:
    """Return the refusal of a line that no table has."""
    why = f"Line {number:,} has more than {MOST_LINE // 1024} KB, which no row of a table has"
    return InputRefused("file", f"{why}: send a table with one code in each row, in at most 1,000 columns.")
