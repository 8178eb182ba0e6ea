"""Find out what a file is written in, and give it a form whose lines can be told by their bytes. Pure."""

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

ENOUGH = 64 * 1024  # bytes of the beginning that are looked at

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


class Opened(NamedTuple):
    """A file whose encoding is known: `codec` is that of `head` and of the pieces after it, "" for unknown.

    `name` is what the file itself was written in, "utf-8" where nothing says otherwise. A byte order mark is
    gone, and two-byte encodings are UTF-8 by now: in what is left, a line ends where its bytes say so.
    """

    head: bytes
    rest: Iterator[bytes]
    codec: str
    name: str


def opened(pieces: Iterator[bytes], *, charset: str | None = None) -> Opened:
    """Read the beginning of a file and find its encoding.

    A byte order mark says more than `charset`, what was declared; a name that is not known says nothing.
    """
    head, name = _head(pieces), (charset or "").strip().strip("\"'").lower()
    wide = _wide(head, name)
    if wide:
        pieces = _narrowed(chain([head], pieces), wide)
        head, name = _head(pieces), "utf-8"
    if head.startswith(codecs.BOM_UTF8):
        head, name = head.removeprefix(codecs.BOM_UTF8), "utf-8"
    codec = CODECS.get(name, "")
    return Opened(head, pieces, codec, wide or codec or "utf-8")


def _head(pieces: Iterator[bytes]) -> bytes:
    """Return enough of the beginning to see what the file is like."""
    head = b""
    while len(head) < ENOUGH and (piece := next(pieces, b"")):
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


def _narrowed(pieces: Iterable[bytes], wide: str) -> Iterator[bytes]:
    """Yield the same text in UTF-8."""
    decoder = codecs.getincrementaldecoder(wide)(errors="replace")
    for piece in pieces:
        yield decoder.decode(piece).encode(errors="replace")
    yield decoder.decode(b"", final=True).encode(errors="replace")
