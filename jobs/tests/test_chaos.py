"""A job on an installation of its own, whose workers and queue are killed while it runs."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from bench.site import a_site
from bench.upheaval import REDIS, WORKER, Upheaval, Upstream
from config.folder import DataFolder

VARIABLES = {"WEB_WORKERS": "1", "WORKER_THREADS": "2", "BULK_BATCH": "10", "BULK_LEASE_SECONDS": "8"}


@pytest.fixture
def place() -> Iterator[Path]:
    """A data folder with a short path, for it will hold sockets."""
    place = tempfile.mkdtemp(prefix="u", dir=settings.DATA_DIR)
    yield Path(place)
    shutil.rmtree(place)


def test_workers_that_are_killed_and_a_queue_that_is_lost_change_no_outcome_and_no_credit(
    place: Path,
) -> None:
    upstream = Upstream(0.05)
    with (
        upstream.serving() as leads_here,
        a_site(DataFolder(place), workers=2, **VARIABLES, **leads_here) as site,
    ):
        upheaval = Upheaval(site, upstream, 200, seed=1)
        upheaval.submit()
        upheaval.suffer([WORKER, REDIS, WORKER, WORKER])
        assert upheaval.faults() == []
