"""Results while they are being sent: in pieces, in little memory, and leaving nothing behind."""

import itertools
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.export import FORMATS, ResultRow, stream
from jobs.tests.results import HEAD, PRODUCT, many, result
from jobs.writing.pieces import PIECE

GROWTH = 2 * 1024  # KiB; the rows are 200 MB, and the smallest of the files is 5 MB
ROOT = Path(__file__).resolve().parents[2]


class UnreadableRow(Exception):
    """The database went away."""


def plenty(stopped: list[bool]) -> Iterator[ResultRow]:
    """Give more rows than a test asks for, no two alike; say when nobody wants more."""
    chance = random.Random(1)
    try:
        for row in range(1, 20_001):
            yield result({**PRODUCT, "title": chance.randbytes(500).hex()}, row=row)
    except GeneratorExit:
        stopped.append(True)


def some(count: int) -> Iterator[ResultRow]:
    """Give so many of these rows."""
    return itertools.islice(plenty([]), count)


def broken() -> Iterator[ResultRow]:
    """Give some rows, then fail."""
    yield from some(500)
    raise UnreadableRow


def handles() -> set[str]:
    """Return what this process holds open."""
    return {f"{name} {os.path.realpath(f'/proc/self/fd/{name}')}" for name in os.listdir("/proc/self/fd")}


def peak(format: str, rows: int) -> int:
    """Return the most memory, in KiB, that a process needs to export so many rows.

    Started by a shell, which is small: a process is told the peak of the one that it was forked from, too.
    """
    command = ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-m", "jobs.tests.peak", format, str(rows)]
    return int(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder into which temporary files go."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("format", FORMATS)
def test_memory_does_not_grow_with_the_rows(format: str) -> None:
    assert peak(format, 50_000) - peak(format, 1_000) < GROWTH


@pytest.mark.parametrize("format", FORMATS)
def test_pieces_are_large_and_not_much_larger(format: str) -> None:
    pieces = [len(piece) for piece in stream(format, some(1_000), head=HEAD)]
    assert [size for size in pieces[:-1] if not PIECE <= size < PIECE + 32 * 1024] == []


@pytest.mark.parametrize("format", FORMATS)
def test_there_are_few_pieces(format: str) -> None:
    assert 1 < len(list(stream(format, some(1_000), head=HEAD))) < 50


@pytest.mark.parametrize("format", FORMATS)
def test_stopping_early_lets_go_of_the_rows(format: str) -> None:
    stopped: list[bool] = []
    pieces = stream(format, plenty(stopped), head=HEAD)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]  # it is a generator, as Django expects
    assert stopped == [True]


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_is_on_disk_while_it_is_sent(format: str, temporary: Path) -> None:
    pieces = stream(format, plenty([]), head=HEAD)
    next(pieces)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("format", FORMATS)
def test_stopping_early_leaves_nothing_open(format: str, temporary: Path) -> None:
    before = handles()
    pieces = stream(format, plenty([]), head=HEAD)
    next(pieces)
    del pieces
    assert (handles() - before, list(temporary.iterdir())) == (set(), [])


@pytest.mark.parametrize("format", FORMATS)
def test_rows_that_cannot_be_read_are_not_passed_over(format: str, temporary: Path) -> None:
    with pytest.raises(UnreadableRow):
        list(stream(format, broken(), head=HEAD))


@pytest.mark.parametrize("format", FORMATS)
def test_rows_that_cannot_be_read_leave_nothing_open(format: str, temporary: Path) -> None:
    before = handles()
    with pytest.raises(UnreadableRow):
        list(stream(format, broken(), head=HEAD))
    assert (handles() - before, list(temporary.iterdir())) == (set(), [])


def test_a_format_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(KeyError):
        stream("pdf", many(1), head=HEAD)


def test_the_formats_say_what_they_are() -> None:
    assert {name: (one.media_type, one.extension) for name, one in FORMATS.items()} == {
        "json": ("application/json", "json"),
        "jsonl": ("application/x-ndjson", "jsonl"),
        "csv": ("text/csv", "csv"),
        "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    }
