"""Bulk jobs: rows a minute with one worker, what a row costs, and the memory of a small and of a large job.

    make bench          (python -m config.engines exec -- python -m bench.jobs)

Jobs of BENCH_JOB_ROWS (10,000) products that nobody asked for before are sent over HTTP to the web server and
done by one worker, both as `make run` starts them, with the stand-in answering at once and after 200 ms. CPU
is of the processes, in ms for one row, from the call that sends the rows to the end of the job: what the
machine does for others does not count, though it slows everything down. Then the most memory that a web
server's process and the worker have in use at once, for a job of 1,000 and of 50,000 rows: while it is sent
and done, and while its results are downloaded in each format. After each job it is proved that every row was
delivered and paid once.
"""

import itertools
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import requests
from django.conf import settings

from bench import stage
from bench.lookup import UNLIMITED
from bench.misses import new_asins
from config.serve import worker_command

ROWS = int(os.environ.get("BENCH_JOB_ROWS", "10000"))
SIZES = [int(size) for size in os.environ.get("BENCH_JOB_SIZES", "1000,50000").split(",")]
LATENCIES = (0, 200)  # ms
FORMATS = ("json", "jsonl", "csv", "xlsx")
PATIENCE_SECONDS = 3600.0


@contextmanager
def worker(**environment: str) -> Iterator[psutil.Popen]:
    """The worker as `make run` has it, in an environment that says this too."""
    with (settings.DATA_DIR / "log" / "bench-worker.log").open("wb") as log:
        started = psutil.Popen(worker_command(), stdout=log, stderr=log, env={**os.environ, **environment})
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(60)
        except psutil.TimeoutExpired:
            started.kill()


class Bench:
    """One caller of a web server, whose jobs are done by one worker."""

    def __init__(self, address: stage.Address, web: psutil.Process, worker: psutil.Process) -> None:
        self.url = "http://{}:{}/api/v1".format(*address)
        self.web, self.worker = web, worker
        self.session = requests.Session()
        self.session.headers.update(stage.callers(1)[0])
        self.asins = new_asins()

    def send(self, rows: int) -> str:
        """Send a job of new products; its path."""
        items = list(itertools.islice(self.asins, rows))
        sent = self.session.post(f"{self.url}/products/bulk", json={"items": items}, timeout=300)
        sent.raise_for_status()
        return f"{self.url}/jobs/{sent.json()['data']['id']}"

    def done(self, path: str) -> dict[str, Any]:
        """Wait for a job's end; what is told of it. Raises SystemExit when rows or credits do not add up."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (told := self.session.get(path, timeout=60).json()["data"])["status"] != "done":
            if time.monotonic() > deadline:
                raise SystemExit(f"not done in {PATIENCE_SECONDS:g} s: {told}")
            time.sleep(0.2)
        if not told["statuses"]["done"] == told["credits"]["captured"] == told["rows"]:
            raise SystemExit(f"not every row was delivered and paid once: {told}")
        return dict(told)

    def cpu_seconds(self) -> dict[str, float]:
        """CPU spent so far, by process."""
        times = self.worker.cpu_times()
        return {"worker": times.user + times.system, **stage.cpu_seconds(self.web)}

    def download(self, path: str, format: str) -> int:
        """Download results; how many bytes."""
        answer = self.session.get(f"{path}/results", params={"format": format}, stream=True, timeout=600)
        answer.raise_for_status()
        return sum(len(piece) for piece in answer.iter_content(1 << 16))

    def processes(self) -> dict[str, Sequence[psutil.Process]]:
        """Those whose memory is looked at."""
        return {"web": self.web.children(), "worker": [self.worker]}

    def forget_peaks(self) -> None:
        """Let the kernel begin anew with the peaks of memory."""
        for process in itertools.chain.from_iterable(self.processes().values()):
            Path(f"/proc/{process.pid}/clear_refs").write_text("5")

    def peaks(self) -> dict[str, float]:
        """The most memory that a process had in use since then, in MB."""
        return {f"{name} MB": max(map(peak, found)) for name, found in self.processes().items()}


def peak(process: psutil.Process) -> float:
    """The most memory of a process, in MB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def speed(bench: Bench) -> dict[str, Any]:
    """Do one job; how quickly, and what a row cost."""
    before, began = bench.cpu_seconds(), time.monotonic()
    path = bench.send(ROWS)
    taken = time.monotonic() - began
    bench.done(path)
    seconds, after = time.monotonic() - began, bench.cpu_seconds()
    cpu = {f"{name} ms": 1000 * (after[name] - before[name]) / ROWS for name in after}
    return {
        "rows": ROWS,
        "sent s": taken,
        "done s": seconds,
        "rows/min": 60 * ROWS / seconds,
        **{name: round(value, 2) for name, value in cpu.items()},
    }


def memory(bench: Bench, rows: int) -> Iterator[dict[str, Any]]:
    """Do one job and download its results; the memory for each step."""
    bench.forget_peaks()
    path = bench.send(rows)
    bench.done(path)
    yield {"rows": rows, "what": "sent and done", "MB sent": None, **bench.peaks()}
    for format in FORMATS:
        bench.forget_peaks()
        size = bench.download(path, format)
        yield {"rows": rows, "what": format, "MB sent": size / 1e6, **bench.peaks()}


@contextmanager
def ready(latency: int) -> Iterator[Bench]:
    """A web server and a worker that have done a first job."""
    variables = {"SAMPLE_LATENCY_MS": str(latency), **UNLIMITED}
    with stage.web_server(**variables) as (web, address), worker(**variables) as working:
        bench = Bench(address, web, working)
        bench.done(bench.send(100))
        yield bench


def main() -> None:
    """Measure, prove, print."""
    stage.prepare_database()
    for latency in LATENCIES:
        with ready(latency) as bench:
            stage.show(f"a bulk job, one worker, an upstream {latency} ms away", [speed(bench)])
    with ready(0) as bench:
        bench.done(bench.send(ROWS))  # what threads and connections keep for good grows that long
        for size in SIZES:
            stage.show(f"memory for {size:,} rows", list(memory(bench, size)))
    print(stage.check_ledger())


if __name__ == "__main__":
    main()
