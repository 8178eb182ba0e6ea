"""Cut a file into lines of text, whatever its encoding, holding no more than a piece of it. Pure."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple, Protocol, runtime_checkable

from providers.encodings import opened

CHUNK = 64 * 1024  # bytes read at once
MAX_LINE = 64 * 1024  # bytes; a row of a report has a few hundred


class Line(NamedTuple):
    """A line without its end, counted from 1; `text` is None when it is longer than MAX_LINE."""

    number: int
    text: str | None


@runtime_checkable
class BinaryFile(Protocol):
    """What can be read in pieces: an open file, an upload, a response."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes, none at the end."""
        ...


Source = BinaryFile | Iterable[bytes] | Iterable[str]


class Lines(Iterator[Line]):
    """The lines of a file, of its bytes in any pieces, or of lines of text.

    A byte order mark says more than `charset`, what was declared; without either it is UTF-8, and a line
    that is not is taken for Windows-1252. NUL bytes are dropped: no database keeps them. The beginning is
    read at once. `encoding` is what the lines read so far are written in.
    """

    def __init__(self, source: Source, *, charset: str | None = None) -> None:
        head, rest, self._codec, self.encoding = opened(_pieces(source), charset=charset)
        end = b"\r" if b"\r" in head and b"\n" not in head else b"\n"
        self._raw = enumerate(_cut(chain([head], rest), end), start=1)

    def __next__(self) -> Line:
        number, raw = next(self._raw)
        return Line(number, None if raw is None else self._text(raw.rstrip(b"\r")).replace("\0", ""))

    def _text(self, raw: bytes) -> str:
        if self._codec:
            return raw.decode(self._codec, errors="replace")
        try:
            return raw.decode()
        except UnicodeDecodeError:
            self.encoding = "cp1252"
            return raw.decode("cp1252", errors="replace")


def _pieces(source: Source) -> Iterator[bytes]:
    if isinstance(source, BinaryFile):
        while piece := source.read(CHUNK):
            yield piece
        return
    for part in source:
        yield part if isinstance(part, bytes) else _line(part)


def _line(text: str) -> bytes:
    return (text.rstrip("\r\n") + "\n").encode(errors="replace")


def _cut(pieces: Iterator[bytes], end: bytes) -> Iterator[bytes | None]:
    """Yield the lines; None for one that is too long, of which no more than MAX_LINE is ever kept."""
    held, is_long = b"", False
    for piece in pieces:
        *whole, rest = piece.split(end)
        for part in whole:
            yield None if is_long or len(held) + len(part) > MAX_LINE else held + part
            held, is_long = b"", False
        held += rest
        if len(held) > MAX_LINE:
            held, is_long = b"", True
    if held or is_long:
        yield None if is_long else held
