"""A process of its own that asks for one ASIN from many threads at once, for tests of several processes.

Run as `python -m providers.tests.asker URL THREADS LEASE`. It writes "ready"; waits for a line; writes
"waiting" when every thread has taken its hold and is about to wait or ask; and
at last what each was answered.
"""

import json
import sys
import threading

import structlog

from providers.flights import Flights
from providers.gateway import Gateway
from providers.http import Patience
from providers.keepa.provider import KeepaProvider
from providers.tests.stores import RedisStore

ASIN = "B0PALLET01"


def main(url: str, count: int, lease: float) -> None:
    keepa = KeepaProvider(api_key="s3cr3t", base_url=url, patience=Patience(attempts=1, total=60, read=60))
    gateway = Gateway([keepa], RedisStore(), flights=Flights(lease=lease))
    answers: list[str] = []
    held = threading.Semaphore(0)

    def ask() -> None:
        answer = gateway.product(ASIN, marketplace="US", before_upstream=held.release)
        answers.append(f"{answer.freshness} {answer.product and answer.product.title}")

    threads = [threading.Thread(target=ask) for _ in range(count)]
    say("ready")
    sys.stdin.readline()
    for thread in threads:
        thread.start()
    for _ in threads:
        held.acquire()
    say("waiting")
    for thread in threads:
        thread.join()
    say(json.dumps(answers))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # stdout is for the parent
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
