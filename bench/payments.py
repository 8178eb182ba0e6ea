"""How soon an event of Stripe's is acknowledged, and how soon its credits can be spent.

    python -m config.engines exec -- python -m bench.payments

A web server and a worker as `make run` has them, and a Stripe of our own that takes BENCH_STRIPE_SECONDS for
each call. For each purchase twenty duplicates of its event come at once. Printed: how long each was waited
for, and how long it took until the wallet had the credits.
"""

import os
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import django
import psutil
import requests
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from accounts.models import User  # noqa: E402
from bench import stage  # noqa: E402
from billing.packages import packages  # noqa: E402
from billing.services import start_checkout  # noqa: E402
from billing.tests.fake_stripe import KEY, SECRET, FakeStripe, serving  # noqa: E402
from config.serve import worker_command  # noqa: E402
from credits.models import Wallet  # noqa: E402

LATENCY = float(os.environ.get("BENCH_STRIPE_SECONDS", "0.3"))
PURCHASES, DUPLICATES = 20, 20


@contextmanager
def worker(**environment: str) -> Iterator[None]:
    """A worker as `make run` has it."""
    with (settings.DATA_DIR / "log" / "bench-worker.log").open("wb") as log:
        process = psutil.Popen(worker_command(), stdout=log, stderr=log, env={**os.environ, **environment})
    try:
        yield
    finally:
        process.terminate()
        process.wait(40)


def balance(user: User) -> int:
    """Credits that a user has."""
    return sum(Wallet.objects.filter(pk=user.pk).values_list("balance", flat=True))


def purchase(fake: FakeStripe, url: str, user: User) -> tuple[list[float], float]:
    """Buy and pay: seconds until each duplicate was acknowledged, and until the credits were there."""
    address = f"{settings.PUBLIC_URL}/"
    begun = start_checkout(user=user, package=packages()["starter"], success_url=address, cancel_url=address)
    before = balance(user)
    event = fake.pay(fake.objects[begun.session_id])[-1]
    began = time.perf_counter()

    def deliver(_: int) -> float:
        body, headers = fake.signed(event)
        sent = time.perf_counter()
        requests.post(
            url, body, headers=headers | {"Content-Type": "application/json"}, timeout=30
        ).raise_for_status()
        return time.perf_counter() - sent

    with ThreadPoolExecutor(DUPLICATES) as pool:
        waited = list(pool.map(deliver, range(DUPLICATES)))
    while balance(user) == before:
        time.sleep(0.01)
    took = time.perf_counter() - began
    if balance(user) != before + packages()["starter"].credits:
        raise SystemExit("a purchase was granted twice")
    return waited, took


def measure(fake: FakeStripe) -> dict[str, Any]:
    """Make the purchases one after the other."""
    environment = {
        "STRIPE_API_URL": fake.url,
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRETS": SECRET,
    }
    for name in ("STRIPE_API_URL", "STRIPE_SECRET_KEY"):
        setattr(settings, name, environment[name])
    user = User.objects.create_user(f"bench-{time.time_ns()}@example.com")
    with stage.web_server(**environment) as (_, address), worker(**environment):
        url = "http://{}:{}/api/v1/webhooks/stripe".format(*address)
        purchase(fake, url, user)  # the first also waits for the worker to start
        found = [purchase(fake, url, user) for _ in range(PURCHASES)]
    waited = sorted(seconds * 1000 for several, _ in found for seconds in several)
    took = sorted(seconds * 1000 for _, seconds in found)
    return {
        "acknowledged": len(waited),
        "median ms": statistics.median(waited),
        "99 % ms": waited[int(len(waited) * 0.99)],
        "slowest ms": waited[-1],
        "granted": len(took),
        "median until spendable ms": statistics.median(took),
        "slowest until spendable ms": took[-1],
    }


def main() -> None:
    """Measure, and let the ledger prove itself."""
    stage.prepare_database()
    with serving() as fake:
        fake.latency = LATENCY
        stage.show(f"Events of a Stripe that takes {LATENCY:g} s for each call", [measure(fake)])
    print(stage.check_ledger())


if __name__ == "__main__":
    main()
