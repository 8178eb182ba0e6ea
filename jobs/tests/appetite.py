"""Read one of the files that should not be, and print how much memory that took in KB, and what was said.

Started as a process of its own, as what was once taken counts to the end of a process. The files are made
piece by piece, so that making them takes none.
"""

import resource
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED

from jobs.parsing import InputRefused, read
from jobs.tests.files import MAIN, MOST, SHEET, Content, pack, parts

MB = 1024 * 1024
STATUS = Path("/proc/self/status")
BEGIN, END = f"<worksheet {MAIN}><sheetData>".encode(), b"</sheetData></worksheet>"


class Stream:
    """A file that nobody has to keep: its pieces are made as they are read."""

    def __init__(self, make: Callable[[], Iterator[bytes]]) -> None:
        self._make = make
        self.seek(0)

    def seek(self, place: int) -> int:
        """Go back to the beginning."""
        self._pieces, self._held = self._make(), b""
        return place

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        while len(self._held) < size and (piece := next(self._pieces, b"")):
            self._held += piece
        piece, self._held = self._held[:size], self._held[size:]
        return piece


def streamed(first: bytes, piece: bytes, size: int) -> IO[bytes]:
    """Return a file of so many bytes: the first, and then always the same."""
    return cast(IO[bytes], Stream(lambda: chain([first], repeat(piece, size // len(piece)))))


def archive(parts: Mapping[str, Content], method: int = ZIP_STORED) -> IO[bytes]:
    """Return an archive, on disk."""
    file = TemporaryFile()  # noqa: SIM115 - it lasts as long as the process
    pack(file, parts, method)
    file.seek(0)
    return file


def full(piece: bytes, size: int, first: bytes = b"", last: bytes = b"") -> Iterator[bytes]:
    """Yield the pieces of a sheet that is full of the same."""
    return chain([BEGIN, first], repeat(piece * 1000, size // len(piece) // 1000), [last, END])


def honest() -> IO[bytes]:
    """Return a workbook with as many rows as are taken, of five columns, all texts shared and different."""
    cells = "".join(f'<c r="{letter}%d" t="s"><v>%d</v></c>' for letter in "ABCD")
    row = f'<row r="%d">{cells}<c r="E%d"><v>9.5</v></c></row>'
    rows = (
        (row % (n, n, 4 * n - 4, n, 4 * n - 3, n, 4 * n - 2, n, 4 * n - 1, n)).encode()
        for n in range(1, MOST + 1)
    )
    text = "<si><t>SKU-%d</t></si><si><t>X00%07d</t></si><si><t>Title of %d</t></si><si><t>Shelf %d</t></si>"
    texts = ((text % (n, n, n, n)).encode() for n in range(MOST))
    strings = chain([f"<sst {MAIN}>".encode()], texts, [b"</sst>"])
    return archive(parts(chain([BEGIN], rows, [END]), strings), ZIP_DEFLATED)


def lying() -> IO[bytes]:
    """Return a workbook whose sheet has 100 MB, and says that it has 10,000 bytes."""
    file = archive(parts(full(b"<row/>", 100 * MB)), ZIP_DEFLATED)
    content = file.read()
    name = content.rindex(SHEET.encode())  # in the list of the parts; the size stands before it
    file.seek(name - 22)
    file.write((10_000).to_bytes(4, "little"))
    file.seek(0)
    return file


def zeros(size: int) -> Iterator[bytes]:
    """Yield so many megabytes of nothing."""
    return repeat(b"\0" * MB, size)


def strings(piece: bytes, size: int) -> IO[bytes]:
    """Return a workbook with that much of shared strings."""
    texts = chain([f"<sst {MAIN}>".encode()], repeat(piece * 1000, size // len(piece) // 1000), [b"</sst>"])
    return archive(parts([BEGIN, b'<row><c t="s"><v>0</v></c></row>', END], texts))


CASES: dict[str, Callable[[], IO[bytes]]] = {
    "200 MB of CSV": partial(streamed, b"fnsku,title\n", b"X0012ABCDE,A thing\n", 200 * MB),
    "200 MB of blank lines": partial(streamed, b"fnsku,title\n", b"\n" * 1024, 200 * MB),
    "200 MB on one line": partial(streamed, b"fnsku", b" X0012ABCDE", 200 * MB),
    "a million columns": partial(streamed, b"a", b",a", 2 * MB),
    "ten thousand columns": partial(streamed, b"a" + b",a" * 9_999, b"\n", 10),
    "a quotation mark without end": partial(streamed, b'fnsku,title\nX0012ABCDE,"', b"A thing\n", 200 * MB),
    "a workbook of 50,000 rows": honest,
    "a sheet packed a thousand times": lambda: archive(parts(full(b"<row/>", 140 * MB)), ZIP_DEFLATED),
    "packed parts of 300 MB": lambda: archive({f"{n}.zip": zeros(100) for n in range(3)}, ZIP_DEFLATED),
    "a part of 160 MB": lambda: archive(parts(zeros(160)), ZIP_DEFLATED),
    "a size that is a lie": lying,
    "a row of a million cells": lambda: archive(parts(full(b"<c/>", 4 * MB, b"<row>", b"</row>"))),
    "a million unknown elements": lambda: archive(parts(full(b"<x/>", 4 * MB))),
    "more than a million rows": lambda: archive(parts(full(b"<row/>", 8 * MB))),
    "a million elements within each other": lambda: archive(parts(full(b"<x>", 3 * MB))),
    "an attribute of 40 MB": lambda: archive(parts(full(b"A", 40 * MB, b'<row a="', b'"/>'))),
    "a cell of 40 MB": lambda: archive(parts(full(b"A", 40 * MB, b'<row><c t="str"><v>', b"</v></c></row>"))),
    "half a million shared strings": lambda: strings(b"<si><t>ab</t></si>", 9 * MB),
    "40 MB of shared strings": lambda: strings(b"<si><t>ab</t></si>", 40 * MB),
    "a shared string of 31 MB": lambda: strings(b"<si><t>" + b"A" * 10_000 + b"</t></si>", 31 * MB),
}


def peak() -> int:
    """Return the most memory this process has had, in KB; where that is told, without what its parent had."""
    if STATUS.exists():
        return int(STATUS.read_text().partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024  # where there is no such file: in bytes


def outcome(file: IO[bytes]) -> str:
    """Read a file, and say what became of it."""
    try:
        return f"{sum(1 for _ in read(file, most_rows=MOST).lines)} rows"
    except InputRefused as problem:
        return problem.detail


if __name__ == "__main__":
    source = CASES[sys.argv[1]]()
    before = peak()
    said = outcome(source)
    print(peak() - before, said)
