"""Calls that tasks make, in a real worker: recorded while it runs, and none is lost when it stops."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
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
OPTIONS = ["--include", worker_tasks.__name__, "--without-gossip", "--without-mingle", "--loglevel", "INFO"]


@pytest.fixture(params=["threads", "prefork"])
def worker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A Celery worker on the tests' database and queue, with this pool."""
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*CELERY, "--pool", request.param, *OPTIONS],
            cwd=ROOT,
            env={**elsewhere(), "TMPDIR": str(tmp_path)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def send(server: Server, count: int) -> None:
    """Queue so many tasks, each of which asks this upstream once."""
    with app.connection_for_write() as queue:
        for number in range(count):
            arguments = [server.url, f"B0{number:08}"]
            app.send_task(f"{worker_tasks.__name__}.ask_upstream", args=arguments, connection=queue)


def test_what_tasks_ask_is_recorded(worker: "subprocess.Popen[bytes]", server: Server) -> None:
    send(server, 10)
    eventually(lambda: UpstreamCall.objects.filter(provider="keepa", outcome="ok").count() == 10, seconds=60)
    send(server, 5)
    eventually(lambda: len(server.requests) == 15)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    assert UpstreamCall.objects.count() == 15
