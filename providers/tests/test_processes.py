"""Single flight between real processes: one upstream call for all, and an heir when the leader is killed."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings

from providers.keepa.tests.upstream import knows_all
from providers.tests import loopback
from providers.tests.loopback import Handler, Query, Server, waits_for

ROOT = Path(__file__).parents[2]
THREADS, GREENLETS = ("-m",), ("-m", "gevent.monkey", "--module")
ANSWERED = "upstream Ratchet Strap Set, 4 Pack & Bag"


class Asker:
    """One process of askers; see providers/tests/asker.py."""

    def __init__(self, url: str, threads: int, lease: float, under: Sequence[str] = THREADS) -> None:
        location = settings.CACHES["default"]["LOCATION"]
        self.process = subprocess.Popen(
            [sys.executable, *under, "providers.tests.asker", url, str(threads), str(lease)],
            cwd=ROOT,
            env=os.environ | {"REDIS_URL": str(location)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def start(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def told(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


Start = Callable[..., Asker]


@pytest.fixture
def server() -> Iterator[Server]:
    with loopback.serving(knows_all) as running:
        yield running


@pytest.fixture
def asker(server: Server) -> Iterator[Start]:
    """Start a process of so many askers, whose leases last so many seconds."""
    with ExitStack() as running:

        def start(threads: int, lease: float, under: Sequence[str] = THREADS) -> Asker:
            started = Asker(server.url, threads, lease, under)
            running.callback(started.end)
            assert started.told() == "ready"
            return started

        yield start


@pytest.mark.parametrize("under", [THREADS, GREENLETS])
def test_a_hundred_misses_in_two_processes_make_one_upstream_call(
    server: Server, asker: Start, under: Sequence[str]
) -> None:
    all_wait = threading.Event()
    server.usually = waits_for(all_wait, knows_all)
    askers = [asker(50, 10, under), asker(50, 10, under)]
    for one in askers:
        one.start()
    assert [one.told() for one in askers] == ["waiting", "waiting"]
    all_wait.set()
    assert [json.loads(one.told()) for one in askers] == [[ANSWERED] * 50] * 2
    assert len(server.requests) == 1


def test_when_the_leading_process_is_killed_another_takes_over(server: Server, asker: Start) -> None:
    asked, never = threading.Event(), threading.Event()

    def hangs(handler: Handler, query: Query) -> None:
        asked.set()
        waits_for(never, knows_all)(handler, query)

    server.script = [hangs]
    leader, heir = asker(1, 2), asker(5, 2)
    leader.start()
    assert asked.wait(30)
    heir.start()
    assert heir.told() == "waiting"
    leader.process.kill()
    assert json.loads(heir.told()) == [ANSWERED] * 5
    assert len(server.requests) == 2
    never.set()
