"""How soon credits can be spent after a press on "pay", in the whole running system.

    make bench          (PALLET_DATA_DIR=.data/checkout python -m bench.checkout)

Starts Pallet as `make run` does, without a key of Stripe's, in a data folder of its own. BENCH_PURCHASES
times a purchase is begun over the API and paid on the page of the offline checkout; from the press on, the
balance is asked for every few milliseconds until the credits are there, whoever granted them: nobody opens
the success page, so it is the worker, told by the web server's inbox. Printed: the time from the press to the
granted balance, and from when the page had answered, its events delivered.
"""

import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from django.conf import settings

from bench import stage
from bench.lookup import UNLIMITED

ROOT = Path(__file__).resolve().parent.parent
PURCHASES = int(os.environ.get("BENCH_PURCHASES", "20"))
GOAL_SECONDS = 5.0
EVERY_SECONDS = 0.005
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@contextmanager
def pallet() -> Iterator[dict[str, Any]]:
    """Pallet as `make run` serves it; what it says of itself in sample.json."""
    folder = settings.DATA_DIR
    own = {"PORT": str(stage.free_port()), "PALLET_DATA_DIR": str(folder), **UNLIMITED}
    server = subprocess.Popen(
        [sys.executable, "-m", "config.serve"],
        cwd=ROOT,
        env={**os.environ, **own},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        said = list(until_ready(server))
        if not any("no money moves" in line for line in said):
            raise SystemExit("".join(said) or "Pallet did not start")
        yield json.loads((folder / "sample.json").read_text())
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=60)


def until_ready(server: "subprocess.Popen[str]") -> Iterator[str]:
    """Yield what is on the terminal until everything answers."""
    for line in server.stdout or ():
        yield line
        if "Ctrl-C stops everything" in line:
            return


def purchase(known: dict[str, Any], program: requests.Session) -> tuple[float, float]:
    """Buy once. Seconds from the press, and from the page's answer, to the granted balance."""
    base = known["base_url"]
    wanted = {"package": "starter", "success_url": f"{base}/", "cancel_url": f"{base}/"}
    begun = program.post(f"{base}/api/v1/credits/checkout-session", json=wanted, timeout=30).json()
    before = balance(base, program)
    with requests.Session() as browser:
        token = TOKEN.findall(browser.get(begun["checkout_url"], timeout=30).text)[0]
        form = {"act": "pay", "csrfmiddlewaretoken": token}
        pressed = time.perf_counter()
        answer = browser.post(begun["checkout_url"], form, timeout=30, allow_redirects=False)
        answered = time.perf_counter()
    if answer.status_code != 303:
        raise SystemExit(f"the page answered {answer.status_code}")
    while balance(base, program) != before + 100:
        if time.perf_counter() - pressed > 60:
            raise SystemExit("a minute after the press the credits are not there")
        time.sleep(EVERY_SECONDS)
    granted = time.perf_counter()
    return granted - pressed, granted - answered


def balance(base: str, program: requests.Session) -> int:
    """Credits that can be spent."""
    return int(program.get(f"{base}/api/v1/credits/balance", timeout=30).json()["available"])


def main() -> None:
    """The command line."""
    with pallet() as known, requests.Session() as program:
        program.headers["X-API-Key"] = known["api_key"]
        times = [purchase(known, program) for _ in range(PURCHASES)]
    rows = [
        {
            "from": name,
            "median ms": statistics.median(some) * 1000,
            "longest ms": max(some) * 1000,
            "first ms": some[0] * 1000,
        }
        for name, some in zip(("press", "events delivered"), zip(*times, strict=True), strict=True)
    ]
    stage.show(f"from a press on pay to credits that can be spent, {PURCHASES} purchases", rows)
    if rows[0]["longest ms"] > GOAL_SECONDS * 1000:
        raise SystemExit(f"longer than {GOAL_SECONDS:g} s")


if __name__ == "__main__":
    main()
