"""A bulk job whose workers, queue and database are killed while it runs; and the proof that it is exact.

Every kill hits work under way: the upstream answers no further until it has.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from bench.site import Site
from config import postgres_server, redis_server
from providers.keepa.tests.upstream import asked, knows_all
from providers.tests import loopback
from providers.tests.loopback import Handler, Query

PATIENCE_SECONDS = 300.0
WORKER, REDIS, POSTGRES = "worker", redis_server.NAME, postgres_server.NAME
MONEY = """
    SELECT wallet.held, job.status, job.released, hold.status, hold.released, hold.captured, job.captured,
        (SELECT coalesce(-sum(amount), 0)::bigint FROM credits_ledgerentry WHERE kind = 'charge')
    FROM jobs_job AS job, credits_hold AS hold
    JOIN credits_wallet AS wallet ON wallet.user_id = hold.wallet_id
"""
CLAIMS = """
    SELECT item.code, chunk.token FROM jobs_jobchunk AS chunk JOIN jobs_jobitem AS item
    ON item.job_id = chunk.job_id AND item.position BETWEEN chunk.first AND chunk.last
"""


class Upstream:
    """Keepa's format, so many seconds away. Counts what it is asked, and answers about so many rows only."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.asked: Counter[str] = Counter()
        self.answered: set[str] = set()
        self.most = 0  # rows that it answers about; whoever asks about others waits
        self.under_way: set[int] = set()  # the ports of those who wait
        self.changed = threading.Condition()

    def answer(self, handler: Handler, query: Query) -> None:
        """Answer one call, when it is time to."""
        port, codes = handler.request_now.port, asked(handler.request_now)
        with self.changed:
            self.asked.update(codes)
            self.under_way.add(port)
        time.sleep(self.seconds)
        with self.changed:
            self.changed.wait_for(lambda: not self.holds or self.answered.issuperset(codes), PATIENCE_SECONDS)
            self.answered.update(codes)
            self.under_way.discard(port)
        knows_all(handler, query)

    @property
    def holds(self) -> bool:
        """Whether it answers about no further rows now."""
        return len(self.answered) >= self.most

    def answer_about(self, most: int) -> None:
        """Answer about so many rows, from the first on, and then about no others."""
        with self.changed:
            self.most = most
            self.changed.notify_all()

    @contextmanager
    def serving(self) -> Iterator[dict[str, str]]:
        """Serve for the length of the block; the variables that lead Pallet here."""
        with loopback.serving(self.answer) as server:
            yield {"PROVIDERS": "keepa", "KEEPA_API_KEY": "chaos", "KEEPA_URL": server.url}


def eventually(condition: Callable[[], Any]) -> Any:
    """Return what the condition is as soon as it is true; raises TimeoutError when it does not get so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not in {PATIENCE_SECONDS:g} s: {condition}")
        time.sleep(0.05)
    return found


def codes(count: int) -> list[str]:
    """So many ASINs."""
    return [f"B0{number:08}" for number in range(count)]


class Upheaval:
    """One job of so many rows on a site, and what happens to it."""

    def __init__(self, site: Site, upstream: Upstream, rows: int, *, seed: int) -> None:
        self.site, self.upstream, self.rows = site, upstream, rows
        self.chance = random.Random(seed)
        self.path = ""

    def submit(self) -> None:
        """Send the rows."""
        taken = eventually(lambda: self.site.call("POST", "products/bulk", json={"items": codes(self.rows)}))
        self.path = f"jobs/{taken.json()['data']['id']}"

    def suffer(self, events: Sequence[str]) -> None:
        """Have all this happen, spread over the rows, and wait until the job has ended."""
        for number, event in enumerate(events):
            self.strike(event, then=self.rows * (number + 1) // (len(events) + 1))
        self.upstream.answer_about(self.rows + 1)
        eventually(lambda: self.told().get("status") == "done")

    def strike(self, event: str, *, then: int) -> None:
        """Kill something while a worker waits for the upstream, which afterwards answers about so many rows.

        An engine stays away until somebody had an answer and could not tell it.
        """
        worker = eventually(self.busy_worker)
        if event == WORKER:
            self.site.kill(worker)
            self.upstream.answer_about(then)
            return
        with self.site.dead(event):
            before = set(self.upstream.under_way)
            self.upstream.answer_about(then)
            eventually(lambda: before - self.upstream.under_way)

    def busy_worker(self) -> Any:
        """Return a worker that waits for the upstream, by chance; None while none has to."""
        ports = sorted(self.upstream.under_way) if self.upstream.holds else []
        self.chance.shuffle(ports)
        return next((worker for port in ports if (worker := self.site.worker_at(port))), None)

    def told(self) -> dict[str, Any]:
        """Return the job as its owner is told; nothing while the site cannot say."""
        answer = self.site.call("GET", self.path)
        return dict(answer.json()["data"]) if answer else {}

    def downloaded(self) -> list[dict[str, Any]]:
        """Return the results as their owner gets them."""
        answer = eventually(lambda: self.site.call("GET", f"{self.path}/results"))
        return list(answer.json()["data"])

    def asked_too_often(self) -> dict[str, int]:
        """Return the codes that the upstream was asked about more often than they were claimed."""
        claims = dict(self.site.rows(CLAIMS))
        return {code: count for code, count in self.upstream.asked.items() if count > claims[code]}

    def faults(self) -> list[str]:
        """Return what is not as it must be, now that the job has ended; nothing when all is exact."""
        delivered = Counter(row["code"] for row in self.downloaded() if row["outcome"] == "delivered")
        [money] = self.site.rows(MONEY)
        laws = {
            "each row is delivered once": (delivered, Counter(codes(self.rows))),
            "every row is one credit": (money[5:], (self.rows,) * 3),
            "nothing is set aside any more": (money[:5], (0, "done", 0, "captured", 0)),
            "none was asked for more often than claimed": (self.asked_too_often(), {}),
            "the ledger is sound": ("sound" in self.site.manage("check_ledger"), True),
        }
        return [f"{law}: {found} instead of {due}" for law, (found, due) in laws.items() if found != due]
