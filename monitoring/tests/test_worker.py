"""Calls that tasks make, in a real worker: recorded while it runs, and none is lost when it stops."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from config.celery import app
from config.tests.waiting import eventually
from monitoring.models import UpstreamCall
from monitoring.tests import worker_tasks
from monitoring.tests.conftest import elsewhere
from providers.tests.loopback import Server

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[2]
CELERY = [sys.executable, "-m", "celery", "--app", "config.celery", "worker", "--concurrency", "2"]
CELERY += ["--without-gossip", "--without-mingle", "--loglevel", "INFO"]
POOLS = ["threads", "prefork"]
TASKS, SLOW_WRITERS = worker_tasks.__name__, "monitoring.tests.slow_writers"  # not for this process


@contextmanager
def working(pool: str, *modules: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a Celery worker on the tests' database and queue, with this pool and tasks."""
    included = ["--include", ",".join(modules)]
    with tempfile.TemporaryDirectory() as place, (Path(place) / "log").open("wb") as log:
        process = subprocess.Popen(
            [*CELERY, "--pool", pool, *included],
            cwd=ROOT,
            env={**elsewhere(), "TMPDIR": place},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def send(server: Server, count: int) -> None:
    """Queue so many tasks, each of which asks this upstream once."""
    with app.connection_for_write() as queue:
        for number in range(count):
            arguments = [server.url, f"B0{number:08}"]
            app.send_task(f"{TASKS}.ask_upstream", args=arguments, connection=queue)


@pytest.mark.parametrize("pool", POOLS)
def test_what_tasks_ask_is_recorded(pool: str, server: Server) -> None:
    with working(pool, TASKS):
        send(server, 10)
        recorded = UpstreamCall.objects.filter(provider="keepa", outcome="ok")
        eventually(lambda: recorded.count() == 10, seconds=60)


@pytest.mark.parametrize("pool", POOLS)
def test_a_worker_that_is_stopped_loses_no_call(pool: str, server: Server) -> None:
    with working(pool, TASKS, SLOW_WRITERS) as worker:
        send(server, 5)
        eventually(lambda: len(server.requests) == 5, seconds=60)
        assert UpstreamCall.objects.count() == 0
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
    assert UpstreamCall.objects.count() == 5
