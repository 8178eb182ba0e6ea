"""Open the archive that a workbook is, having looked at what it declares before anything is unpacked. Pure.

What is read of a part ends where its declared size ends, so that a header that lies gains nothing.
"""

import posixpath
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from jobs.reading.given import InputRefused

CHUNK = 64 * 1024  # bytes read at once
MB = 1024 * 1024
MOST_PARTS = 2000
MOST_DIRECTORY = 1 * MB  # the list of the parts, which is read at once
MOST_TOTAL = 200 * MB  # of all parts, unpacked
MOST_OF_ONE = 150 * MB
MOST_RATIO = 400  # unpacked to packed; sheets full of the same come to a hundred
SMALL = 1 * MB  # a part that may be packed however well
ODD = (BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, zlib.error, OSError)
SAVE = "open it in a spreadsheet, save it as .xlsx or as CSV, and send that"


class Package:
    """The parts of a workbook. Raises InputRefused for what is none, is damaged, or unpacks to too much."""

    def __init__(self, source: IO[bytes]) -> None:
        with _readable():
            self._zip = ZipFile(cast(IO[bytes], _Pieces(source)))
        infos = self._zip.infolist()
        _check(infos)
        self._parts = {info.filename: info for info in infos}

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    def pieces(self, name: str, most: int = MOST_OF_ONE) -> Iterator[bytes]:
        """Yield a part piece by piece, letting others have their turn; `most` is in bytes."""
        info = self._parts.get(name)
        if info is None:
            raise damaged()
        if info.file_size > most:
            raise too_large(f"{posixpath.basename(name)} in it has {_size(info.file_size)}", most)
        with _readable(), self._zip.open(info) as part:
            while piece := part.read(CHUNK):
                time.sleep(0)
                yield piece


class _Pieces:
    """A file of which nobody reads much at once: the list of the parts is read whole, however long it is."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        """Return at most so many bytes. Raises InputRefused where that is more than any part needs."""
        if size > MOST_DIRECTORY:
            raise InputRefused("file", f"This archive has too many parts for a workbook: {SAVE}.")
        return self._file.read(size if size >= 0 else MOST_DIRECTORY)

    def seekable(self) -> bool:
        """Say that it is read from anywhere."""
        return True


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except ODD:
        raise damaged() from None


def damaged() -> InputRefused:
    """Return the refusal of a workbook that is broken."""
    return InputRefused("file", f"This workbook is damaged, or is none: {SAVE}.")


def too_large(what: str, most: int) -> InputRefused:
    """Return the refusal of a workbook that is too large when unpacked."""
    why = f"This workbook is too large when unpacked: {what}, at most {_size(most)} are read"
    return InputRefused("file", f"{why}. Send only the column with the codes, or CSV.")


def _check(infos: list[ZipInfo]) -> None:
    """Refuse an archive by what it declares."""
    if len(infos) > MOST_PARTS or len({info.filename for info in infos}) < len(infos):
        raise InputRefused("file", f"This archive has too many parts for a workbook: {SAVE}.")
    if any(info.flag_bits & 1 for info in infos):
        raise InputRefused("file", "This workbook has a password: save it without one, and send that.")
    if any(map(_leads_out, infos)):
        raise InputRefused(
            "file", f"This archive holds names that lead out of it, as no workbook does: {SAVE}."
        )
    if any(info.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for info in infos):
        raise damaged()
    largest = max((info.file_size for info in infos), default=0)
    total = sum(info.file_size for info in infos)
    if largest > MOST_OF_ONE:
        raise too_large(f"a part of it has {_size(largest)}", MOST_OF_ONE)
    if total > MOST_TOTAL:
        raise too_large(f"its parts have {_size(total)}", MOST_TOTAL)
    if any(info.file_size > max(SMALL, info.compress_size * MOST_RATIO) for info in infos):
        why = f"A part of this workbook unpacks to more than {MOST_RATIO} times its size, as no sheet does"
        raise InputRefused("file", f"{why}. Send only the column with the codes, or CSV.")


def _leads_out(info: ZipInfo) -> bool:
    name = info.orig_filename
    return name.startswith("/") or any(char in name for char in "\\:\0") or ".." in name.split("/")


def _size(count: int) -> str:
    return f"{-(-count // MB):,} MB"
