"""An installation of its own, whose parts can be killed and started anew: for `bench.chaos` and its tests."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from signal import SIGKILL
from typing import Any

import psycopg
import requests

from bench.away import Outages
from config.folder import DataFolder
from config.processes import Child
from config.serve import beat_command, listening, web_command, worker_command

ROOT = Path(__file__).resolve().parent.parent
TOLD_BY_MAKE = ("DATABASE_URL", "REDIS_URL", "REDIS_DB", "PUBLIC_URL", "TMPDIR", "MAKELEVEL")
UNLIMITED = dict.fromkeys(("LIMIT_PER_KEY", "LIMIT_PER_USER", "LIMIT_PER_ADDRESS"), "100000000")
AWAY = 503


class Site(Outages):
    """Engines, a web server, beat, and workers; all as `make run` starts them, with these variables set."""

    def __init__(self, data: DataFolder, address: str, variables: dict[str, str]) -> None:
        super().__init__(data)  # durable: what was committed survives a kill
        self.url = f"http://{address}"
        told = {name: value for name, value in os.environ.items() if name not in TOLD_BY_MAKE}
        own = {"ENV_FILE": "none", "PALLET_DATA_DIR": str(data.path), "PYTHONPATH": str(ROOT)}
        self.environment = {**told, **UNLIMITED, **own, **variables}
        self.workers: list[Child] = []
        self.session = requests.Session()

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

    def start(self, name: str, command: list[str], **options: Any) -> Child:
        """Start one of its processes; `name` is that of its log."""
        folder, log = self.data.work(name), self.data.log(name)
        return Child.start(
            name, command, folder=folder, log=log, when_orphaned=SIGKILL, env=self.environment, **options
        )

    def start_worker(self, name: str) -> Child:
        """Start a worker; of several on one machine each has a name."""
        started = self.start(name, [*worker_command(), "--hostname", f"{name}@%h"])
        self.workers.append(started)
        return started

    def kill(self, worker: Child) -> None:
        """Kill a worker, so that nothing of it runs any more, and start it anew."""
        worker.process.kill()
        worker.process.wait()
        self.workers.remove(worker)
        self.start_worker(worker.name)

    def stop_workers(self) -> None:
        """Stop them in order."""
        while self.workers:
            self.workers.pop().stop()

    def worker_at(self, port: int) -> Child | None:
        """Return the worker whose connection has this port at its end."""
        return next((one for one in self.workers if port in ports_of(one)), None)

    def call(self, method: str, path: str, **options: Any) -> requests.Response | None:
        """Call the API as the sample user; None while the server says that it cannot serve."""
        answer = self.session.request(method, f"{self.url}/api/v1/{path}", timeout=120, **options)
        if answer.status_code == AWAY:
            return None
        answer.raise_for_status()
        return answer

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what its database says."""
        with psycopg.connect(host=str(self.data.sockets), user="pallet", dbname="pallet") as database:
            return database.execute(sql.encode()).fetchall()


def ports_of(worker: Child) -> set[int]:
    """Return the ports of a worker's connections over TCP."""
    return {one.laddr.port for one in worker.process.net_connections("tcp") if one.laddr}


@contextmanager
def a_site(data: DataFolder, *, workers: int, **variables: str) -> Iterator[Site]:
    """An installation in this folder, up for the length of the block, with the sample user's credits."""
    with ExitStack() as open_, data.claimed(), listening("127.0.0.1", 0) as listener:
        host, port = listener.getsockname()
        site = Site(data, f"{host}:{port}", variables)
        open_.callback(site.session.close)
        open_.callback(site.engines.stop)
        site.engines.start()
        site.manage("prepare")
        site.session.headers["X-API-Key"] = json.loads((data.path / "sample.json").read_text())["api_key"]
        open_.callback(site.stop_workers)
        beat = site.start("beat", beat_command(data.path / "beat"))
        open_.callback(beat.stop)
        web = site.start("web", web_command(listener), pass_fds=[listener.fileno()])
        open_.callback(web.stop)
        for number in range(1, workers + 1):
            site.start_worker(f"worker-{number}")
        yield site
