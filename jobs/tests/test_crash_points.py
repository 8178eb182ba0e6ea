"""A worker that is killed at a named point: what it had not settled is done anew, and nothing twice."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from signal import SIGKILL

import pytest
from django.conf import settings
from django.db import connection, connections
from rest_framework.test import APIClient

from accounts.models import User
from credits.models import Kind, LedgerEntry
from credits.tests.factories import assert_sound, figures
from jobs.models import JobChunk
from jobs.tasks import run_chunk
from jobs.tests.factories import ASINS, a_job, forget_lease, now, outcomes, work_all

pytestmark = pytest.mark.django_db(transaction=True)
OPERATION = "product.lookup"
# A worker that takes one message and stops where it would call the function that is named.
WORK_AND_HANG = """
import sys
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from importlib import import_module
from jobs.tasks import run_chunk
def hang(*_, **__):
    print("here", flush=True)
    sys.stdin.read()
module, _, name = sys.argv[2].rpartition(".")
setattr(import_module(module), name, hang)
run_chunk("product.lookup")
"""
BEFORE_THE_COMMIT = {
    "the chunk is claimed": "jobs.work.find",
    "the answers are found": "jobs.work.settle",
    "the rows are written": "jobs.work.capture",
    "the credits are taken": "jobs.work._turn_over",
    "all is written but not committed": "jobs.work.finish_if_over",
}
AFTER_THE_COMMIT = "jobs.tasks.send"


@contextmanager
def killed_at(point: str) -> Iterator[None]:
    """A process that works on one chunk, and is killed after the block, at this point; no handler runs."""
    connections.close_all()
    with subprocess.Popen(
        [sys.executable, "-c", WORK_AND_HANG, connection.settings_dict["NAME"], point],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "PROVIDERS": "sample"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert "here\n" in iter(process.stdout.readline, "")
        yield
        process.send_signal(SIGKILL)
        assert process.wait(20) == -SIGKILL


def charges(user: User) -> list[int]:
    """What was taken, each time."""
    return [-one.amount for one in LedgerEntry.objects.for_user(user).of_kind(Kind.CHARGE)]


@pytest.mark.parametrize("point", BEFORE_THE_COMMIT.values(), ids=BEFORE_THE_COMMIT.keys())
def test_a_worker_killed_before_it_committed_leaves_its_rows_to_the_next(
    as_alice: APIClient, alice: User, point: str
) -> None:
    job = a_job(as_alice, ASINS[:50])
    with killed_at(point):
        assert (set(outcomes(job)), charges(alice)) == ({""}, [])
        assert figures(alice) == (1_000, 50, 0)
    assert work_all() == 0
    forget_lease()
    assert work_all() == 1
    assert (outcomes(job), charges(alice)) == (["delivered"] * 50, [50])
    assert figures(alice) == (950, 0, 0)
    assert JobChunk.objects.get(job=job).token == 2
    assert_sound()


def test_a_worker_killed_after_it_committed_has_done_its_work(as_alice: APIClient, alice: User) -> None:
    job = a_job(as_alice, ASINS[:50])
    with killed_at(AFTER_THE_COMMIT):
        assert (outcomes(job), charges(alice)) == (["delivered"] * 50, [50])
    forget_lease()
    assert run_chunk(OPERATION) is False
    assert (now(job).status, charges(alice)) == ("done", [50])
    assert JobChunk.objects.get(job=job).token == 1
    assert_sound()
