"""A bulk job while workers are killed, its queue and database restarted: every row once, every credit once.

    make chaos          (python -m bench.chaos; BENCH_SEED, BENCH_ROWS)

Starts an installation of its own (`bench.site`): web server, two workers, beat, engines; and an upstream that
takes 200 ms. While the job runs, twenty times a worker is killed (SIGKILL) that waits for the upstream, and
started anew; Redis is killed three times with all that was in it, PostgreSQL once. Printed: what happened and
how long it took. Ends with an error unless each row has one outcome, what was captured is what was delivered,
the hold is settled, the ledger is sound, and no row was asked for more often than it was claimed.
"""

import os
import random
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings

from bench.site import a_site
from bench.upheaval import POSTGRES, REDIS, WORKER, Upheaval, Upstream
from config.folder import DataFolder
from config.processes import stop_on_signals

ROWS = int(os.environ.get("BENCH_ROWS", "1000"))
SEED = int(os.environ.get("BENCH_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
EVENTS = [WORKER] * 20 + [REDIS] * 3 + [POSTGRES]
UPSTREAM_SECONDS = 0.2
VARIABLES = {"BULK_BATCH": "20", "BULK_LEASE_SECONDS": "15", "WORKER_THREADS": "4"}


def run(data: DataFolder) -> list[str]:
    """Run the job, tell of it, and return what is wrong."""
    upstream, events = Upstream(UPSTREAM_SECONDS), list(EVENTS)
    random.Random(SEED).shuffle(events)
    with upstream.serving() as leads_here, a_site(data, workers=2, **VARIABLES, **leads_here) as site:
        upheaval = Upheaval(site, upstream, ROWS, seed=SEED)
        began = time.monotonic()
        upheaval.submit()
        upheaval.suffer(events)
        seconds = time.monotonic() - began
        chunks, claims = site.rows("SELECT count(*), sum(token) FROM jobs_jobchunk")[0]
        print(f"{ROWS} rows in {chunks} chunks, {seconds:.0f} s; {dict(Counter(events))}, seed {SEED}")
        print(f"chunks claimed {claims} times; rows asked for {upstream.asked.total()} times")
        return upheaval.faults()


def main() -> None:
    """The command line."""
    stop_on_signals()
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="c", dir=settings.DATA_DIR))
    faults = run(DataFolder(place))
    if faults:
        raise SystemExit("\n".join([*faults, f"The logs are in {place / 'log'}."]))
    print("Every row has one outcome, each is paid once, the hold is settled, the ledger is sound.")
    shutil.rmtree(place)


if __name__ == "__main__":
    main()
