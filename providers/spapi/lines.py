"""Cut a file into lines of text, whatever its encoding, holding no more than a piece of it. Pure."""

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple, Protocol, runtime_checkable

CHUNK = 64 * 1024  # bytes read at once
MAX_LINE = 64 * 1024  # bytes; a row of a report has a few hundred

# What Java and browsers call them; Microsoft's code pages contain the standards they are mistaken for.
CODECS = {
    **dict.fromkeys(("utf-8", "utf8"), "utf-8"),
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "latin1", "windows-1252", "cp1252"), "cp1252"),
    **dict.fromkeys(("iso-8859-15", "iso8859-15"), "iso8859-15"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "windows-31j", "ms932", "cp932"), "cp932"),
    **dict.fromkeys(("euc-jp", "euc_jp"), "euc_jp"),
    **dict.fromkeys(("gb2312", "gbk", "gb18030"), "gb18030"),
}
WIDE_CODECS = {"utf-16": "utf-16-le", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be"}


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
        pieces = _pieces(source)
        head, name = _head(pieces), (charset or "").strip().strip("\"'").lower()
        wide = _wide(head, name)
        if wide:
            pieces = _narrowed(chain([head], pieces), wide)
            head, name = _head(pieces), "utf-8"
        if head.startswith(codecs.BOM_UTF8):
            head, name = head.removeprefix(codecs.BOM_UTF8), "utf-8"
        end = b"\r" if b"\r" in head and b"\n" not in head else b"\n"
        self._codec = CODECS.get(name, "")
        self._raw = enumerate(_cut(chain([head], pieces), end), start=1)
        self.encoding = wide or self._codec or "utf-8"

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


def _head(pieces: Iterator[bytes]) -> bytes:
    """Return enough of the beginning to see what the file is like."""
    head = b""
    while len(head) < CHUNK and (piece := next(pieces, b"")):
        head += piece
    return head


def _wide(head: bytes, name: str) -> str:
    """Return the name of the two-byte encoding that this is the beginning of, or ""."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if len(head) >= 4 and not head[1:64:2].strip(b"\0"):  # Latin letters, each with a NUL behind it
        return "utf-16-le"
    if len(head) >= 4 and not head[0:64:2].strip(b"\0"):
        return "utf-16-be"
    return WIDE_CODECS.get(name, "")


def _narrowed(pieces: Iterator[bytes], wide: str) -> Iterator[bytes]:
    """Yield the same text in UTF-8, whose lines can be told by their bytes."""
    decoder = codecs.getincrementaldecoder(wide)(errors="replace")
    for piece in pieces:
        yield decoder.decode(piece).encode(errors="replace")
    yield decoder.decode(b"", final=True).encode(errors="replace")


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
