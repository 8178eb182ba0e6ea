"""Wait for what other processes do."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil


def eventually(condition: Callable[[], object], *, seconds: float = 30) -> None:
    """Return when the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in {seconds} s: {condition}"
        time.sleep(0.05)


def processes_below(folder: Path) -> list[psutil.Process]:
    """Every process that works in this folder or below it."""
    return [process for process in psutil.process_iter() if str(folder) in working_folder(process)]


def working_folder(process: psutil.Process) -> str:
    """Where a process works; nowhere when it may not be asked or is gone."""
    try:
        return str(process.cwd()) if process.status() != psutil.STATUS_ZOMBIE else ""
    except (psutil.Error, OSError):
        return ""


def descendants(process: psutil.Process) -> Iterator[psutil.Process]:
    """What a process started, and what that started."""
    return iter(process.children(recursive=True))
