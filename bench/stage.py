"""What every bench stands on: Django, a web server as `make run` has it, callers with credits, the proof."""

import json
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["PROVIDERS"] = "sample"

import django
import psutil
import requests

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from accounts import sessions  # noqa: E402
from accounts.client_address import Client  # noqa: E402
from accounts.models import APIKey, User  # noqa: E402
from accounts.services import create_key  # noqa: E402
from bench.load import get_request  # noqa: E402
from credits.services import grant  # noqa: E402

ASIN = "B07ZPKCJ6X"
FULL_WALLET = 10_000_000
ENGINES = {"postgres", "redis-server", "valkey-server"}
Address = tuple[str, int]
Headers = dict[str, str]


@contextmanager
def scratch_database(name: str) -> Iterator[None]:
    """A database of its own with nothing in it, dropped after the block."""
    connection.settings_dict["TEST"]["NAME"] = name
    usual = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(usual, verbosity=0)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def web_server(*, config: str = "config/gunicorn.py", **environment: str) -> Iterator[tuple[Any, Address]]:
    """Pallet as `make run` serves it, in an environment that says this too; its process and address."""
    address = ("127.0.0.1", free_port())
    bind = f"{address[0]}:{address[1]}"
    command = [sys.executable, "-m", "gunicorn", "-c", config, "-b", bind, "config.wsgi"]
    log_folder = settings.DATA_DIR / "log"
    log_folder.mkdir(parents=True, exist_ok=True)
    with (log_folder / "bench-web.log").open("wb") as log:
        server = psutil.Popen(command, stdout=log, stderr=log, env={**os.environ, **environment})
    try:
        await_ready(address)
        yield server, address
    finally:
        server.terminate()
        try:
            server.wait(40)
        except psutil.TimeoutExpired:
            server.kill()


def await_ready(address: Address, seconds: float = 300) -> float:
    """Wait until the server says that it can work, so long at most; how long it took."""
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        try:
            if requests.get("http://{}:{}/health/ready".format(*address), timeout=2).ok:
                return time.monotonic() - began
        except requests.RequestException:
            pass
        time.sleep(0.1)
    raise SystemExit(f"the web server did not get ready within {seconds:g} s")


def prepare_database() -> None:
    """Bring the tables up to date."""
    call_command("migrate", verbosity=0)


def callers(count: int, *, by: str = "key") -> list[Headers]:
    """The headers of so many users with full wallets, each with a `key` or a `jwt` of their own."""
    found = []
    APIKey.objects.filter(name="bench").delete()
    for number in range(count):
        email = f"bench-{number}@example.com"
        user = User.objects.filter(email=email).first() or User.objects.create_user(email)
        grant(user, FULL_WALLET, operation="bench", key=f"bench:{user.pk}:{time.time_ns()}")
        if by == "jwt":
            found.append({"Authorization": f"Bearer {sessions.begin(user, Client()).access_token}"})
        else:
            found.append({"X-API-Key": create_key(user=user, name="bench")[1]})
    connection.close()
    return found


def operator() -> Headers:
    """The headers of somebody who runs this install."""
    email = "bench-operator@example.com"
    user = User.objects.filter(email=email).first() or User.objects.create_user(email, is_staff=True)
    return {"Authorization": f"Bearer {sessions.begin(user, Client()).access_token}"}


def lookup_request(asin: str, caller: Mapping[str, str]) -> bytes:
    """The bytes that ask for a product."""
    return get_request("localhost", f"/api/v1/products/{asin}", dict(caller))


def warm(address: Address, asked: Sequence[bytes]) -> None:
    """Ask once for each, so that callers and products are remembered; raises SystemExit at a refusal."""
    for one in asked:
        with socket.create_connection(address, timeout=30) as client:
            client.sendall(one)
            answer = client.recv(65536)
        if b" 200 " not in answer[:20]:
            raise SystemExit(answer.decode(errors="replace"))


def engine_processes() -> list[psutil.Process]:
    """PostgreSQL and Redis, when the command that this runs under started them."""
    for ancestor in psutil.Process().parents():
        found = [one for one in ancestor.children(recursive=True) if one.name() in ENGINES]
        if found:
            return found
    return []


def cpu_seconds(server: psutil.Process) -> dict[str, float]:
    """CPU spent so far by the web server, PostgreSQL and Redis."""

    def spent(processes: Sequence[psutil.Process]) -> float:
        times = [process.cpu_times() for process in processes if process.is_running()]
        return float(sum(t.user + t.system + t.children_user + t.children_system for t in times))

    engines = engine_processes()
    return {
        "web": spent([server, *server.children(recursive=True)]),
        "postgres": spent([process for process in engines if process.name() == "postgres"]),
        "redis": spent([process for process in engines if process.name() != "postgres"]),
    }


def ledger_totals() -> tuple[int, int]:
    """Charges written so far, and credits they took."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(-sum(amount), 0) FROM credits_ledgerentry WHERE kind = 'charge'"
        )
        count, taken = cursor.fetchone()
    connection.close()
    return int(count), int(taken)


def check_ledger() -> str:
    """What `manage.py check_ledger` says; raises CommandError when a law is broken."""
    said = StringIO()
    call_command("check_ledger", stdout=said)
    connection.close()
    return said.getvalue().strip()


def show(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print a table for people, and the same as JSON."""
    print(f"\n{title}")
    widths = {name: max(len(name), *(len(shown(row[name])) for row in rows)) for name in rows[0]}
    print("  ".join(f"{name:>{width}}" for name, width in widths.items()))
    for row in rows:
        print("  ".join(f"{shown(row[name]):>{width}}" for name, width in widths.items()))
    print(json.dumps({"bench": title, "rows": list(rows)}), flush=True)


def shown(value: Any) -> str:
    """A figure with as many digits as it deserves."""
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}"
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
