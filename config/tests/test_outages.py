"""Redis and PostgreSQL taken away under load and given back: real servers, real web workers, real callers."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from django.conf import settings

from bench.away import Outages
from config import postgres_server, redis_server
from config.folder import DataFolder
from config.serve import listening, web_command
from config.tests.waiting import eventually

ROOT = Path(__file__).parents[2]
TOLD_BY_MAKE = ("DATABASE_URL", "REDIS_URL", "REDIS_DB", "PUBLIC_URL", "TMPDIR", "MAKELEVEL")
LIMITS = dict.fromkeys(("LIMIT_PER_KEY", "LIMIT_PER_USER", "LIMIT_PER_ADDRESS"), "1000000")
CALLERS = 8
SOME = 40  # answers


class Site(Outages):
    """An installation of its own: engines, a web server with two workers, someone with credits."""

    def __init__(self, data: DataFolder, address: str) -> None:
        super().__init__(data)  # durable: what was committed survives the kill
        self.url = f"http://{address}/api/v1/products/B07ZPKCJ6X"
        told = {name: value for name, value in os.environ.items() if name not in TOLD_BY_MAKE}
        self.environment = {**told, **LIMITS, "ENV_FILE": "none", "PALLET_DATA_DIR": str(data.path)}

    def manage(self, *command: str) -> str:
        """Run a Django command and return what it says."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def charges(self) -> int:
        """How many charges stand in the ledger, once what nobody was answered for is given back."""
        code = (
            "from credits.models import LedgerEntry as L; from products.unanswered import give_back;"
            "give_back(); print(L.objects.filter(kind='charge', refunds=None).count())"
        )
        return int(self.manage("shell", "--no-imports", "-c", code))


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """One installation for all tests of this file."""
    place = tempfile.mkdtemp(prefix="o", dir=settings.DATA_DIR)
    data = DataFolder(Path(place))
    with data.claimed(), listening("127.0.0.1", 0) as listener:
        host, port = listener.getsockname()
        site = Site(data, f"{host}:{port}")
        web = None
        try:
            site.engines.start()
            site.manage("prepare")
            web = subprocess.Popen(
                web_command(listener),
                cwd=ROOT,
                env=site.environment,
                pass_fds=[listener.fileno()],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            yield site
        finally:
            if web:
                web.kill()
                web.wait()
            site.engines.stop()
    shutil.rmtree(place)


class Callers:
    """Threads that ask for the same product again and again; every answer is kept."""

    def __init__(self, site: Site) -> None:
        self.url = site.url
        self.key = json.loads((site.data.path / "sample.json").read_text())["api_key"]
        self.answers: list[requests.Response] = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.ask, daemon=True) for _ in range(CALLERS)]

    def ask(self) -> None:
        with requests.Session() as session:
            session.headers["X-API-Key"] = self.key
            while not self.over.wait(0.02):
                self.answers.append(session.get(self.url, timeout=60))

    def __enter__(self) -> "Callers":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(60)

    def await_answers(self, status: int) -> None:
        """Return when some more have come with this status."""
        seen = len(self.answers)
        eventually(lambda: sum(a.status_code == status for a in self.answers[seen:]) >= SOME, seconds=60)

    @property
    def paid(self) -> int:
        """How many answers said that they were charged."""
        return sum(a.headers.get("X-Credits-Charged") == "1" for a in self.answers)


WAYS: list[Callable[..., object]] = [Site.hung, Site.dead]


@pytest.mark.parametrize("away", WAYS)
def test_without_redis_everybody_is_served_and_pays_once(site: Site, away: Callable[..., object]) -> None:
    before = site.charges()
    with Callers(site) as callers:
        callers.await_answers(200)
        with away(site, redis_server.NAME):  # type: ignore[attr-defined]
            callers.await_answers(200)
        callers.await_answers(200)
    assert {answer.status_code for answer in callers.answers} == {200}
    assert site.charges() - before == callers.paid == len(callers.answers)
    assert "sound" in site.manage("check_ledger")


@pytest.mark.parametrize("away", WAYS)
def test_without_postgresql_nobody_is_served_or_pays_and_all_recovers_by_itself(
    site: Site, away: Callable[..., object]
) -> None:
    before = site.charges()
    with Callers(site) as callers:
        callers.await_answers(200)
        with away(site, postgres_server.NAME):  # type: ignore[attr-defined]
            callers.await_answers(503)
        callers.await_answers(200)
    refused = [answer for answer in callers.answers if answer.status_code != 200]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {
        (503, "service_unavailable")
    }
    assert callers.paid == len(callers.answers) - len(refused)
    # What was being committed at that very moment may stand until the calls are written down.
    eventually(lambda: site.charges() - before == callers.paid, seconds=30)
    assert "sound" in site.manage("check_ledger")
