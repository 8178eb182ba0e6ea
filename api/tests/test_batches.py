"""Writers of a process: registered, started and stopped together, begun again in the child of a fork."""

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import DataError, OperationalError

from api import batches
from api.batches import BatchWriter
from config.tests.waiting import eventually


class Page:
    """Where batches are written; refuses the entries it is told to, and all while it is closed."""

    def __init__(self) -> None:
        self.written: list[list[str]] = []
        self.refused: set[str] = set()
        self.is_closed = False
        self.opened = threading.Event()
        self.opened.set()

    def write(self, batch: Sequence[str]) -> None:
        self.opened.wait(60)
        if self.is_closed:
            raise OperationalError("closed")
        if self.refused & set(batch):
            raise DataError("refused")
        self.written.append(list(batch))


def writer_on(page: Page, **bounds: Any) -> BatchWriter[str]:
    return BatchWriter("words", page.write, facts=lambda word: {"length": len(word)}, **bounds)


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process without writers."""
    monkeypatch.setattr(batches, "writers", [])


def test_batches_have_their_size_and_their_order(page: Page) -> None:
    writer = writer_on(page, size=2)
    for word in "abcde":
        writer.put(word)
    writer.flush()
    assert page.written == [["a", "b"], ["c", "d"], ["e"]]


def test_what_could_not_be_written_waits_in_its_place(page: Page) -> None:
    writer = writer_on(page, size=2)
    for word in "abc":
        writer.put(word)
    page.is_closed = True
    with pytest.raises(OperationalError):
        writer.flush()
    assert list(writer.waiting) == ["a", "b", "c"]


def test_an_entry_that_is_refused_holds_up_no_other_and_is_logged_by_its_facts(
    page: Page, caplog: pytest.LogCaptureFixture
) -> None:
    writer = writer_on(page)
    page.refused = {"secret"}
    for word in ("a", "secret", "b"):
        writer.put(word)
    writer.flush()
    assert page.written == [["a"], ["b"]]
    told = caplog.text
    assert "one of the words could not be written" in told
    assert "'length': 6" in told
    assert "secret" not in told


def test_no_more_wait_than_are_allowed_and_the_rest_is_counted(page: Page) -> None:
    writer = writer_on(page, most_waiting=3)
    for word in "abcde":
        writer.put(word)
    assert (len(writer.waiting), writer.lost) == (3, 2)


def test_all_writers_of_a_process_start_and_stop_together(alone: None) -> None:
    pages = [Page(), Page()]
    writers = [batches.register(writer_on(page)) for page in pages]
    for writer in writers:
        writer.put("before")
    batches.start()
    batches.start()  # twice is once
    eventually(lambda: all(page.written == [["before"]] for page in pages))
    for writer in writers:
        writer.put("after")
    batches.stop()
    assert [page.written for page in pages] == [[["before"], ["after"]]] * 2
    assert [writer.thread for writer in writers] == [None, None]


def test_a_full_batch_is_written_at_once(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "EVERY_SECONDS", 3600.0)
    writer = writer_on(page, size=2)
    writer.start()
    for word in "abc":
        writer.put(word)
    eventually(lambda: page.written)
    writer.stop()
    assert [word for batch in page.written for word in batch] == ["a", "b", "c"]


def test_a_writer_that_hangs_keeps_no_process_from_ending(
    alone: None, page: Page, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(batches, "STOP_SECONDS", 0.05)
    page.opened.clear()
    hanging, quick = batches.register(writer_on(page)), Page()
    batches.register(writer_on(quick)).put("quick")
    hanging.put("taken")
    batches.start()
    thread = hanging.thread
    eventually(lambda: not hanging.waiting)
    hanging.put("left")
    batches.stop()
    assert quick.written == [["quick"]]
    assert "words were not written before the end" in caplog.text
    page.opened.set()
    assert thread
    thread.join(60)


def test_what_waits_without_a_thread_is_written_at_the_end(page: Page) -> None:
    writer = writer_on(page)
    writer.put("a")
    writer.stop()
    assert page.written == [["a"]]


def test_a_fork_goes_on_writing_and_an_exit_writes_what_is_left() -> None:
    program = """
import os, sys
import django
django.setup()
from api import batches
def write(batch):
    print(os.getpid() == parent, *batch, flush=True)
parent = os.getpid()
writer = batches.register(batches.BatchWriter("words", write, facts=lambda word: {}))
batches.EVERY_SECONDS = 3600.0
batches.start()
writer.put("noted before the fork")
child = os.fork()
writer.put("noted by the parent" if child else "noted by the child")
if not child:
    assert writer.thread.is_alive()
    batches.stop()
    os._exit(0)
os.waitpid(child, 0)
"""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=True, timeout=120, env=environment, capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "False noted by the child",
        "True noted before the fork noted by the parent",
    ]
