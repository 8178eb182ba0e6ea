"""Calls to a real web server with two workers: none is lost when it stops, or while PostgreSQL is away."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from django.conf import settings
from django.db import connection

from api.ids import request_id_of
from api.models import APICall
from api.tests.factories import recount, sums
from config.tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
PATHS = ("/api/v1/nothing", "/api/v1/credits/packages", "/api/v1/credits/balance")
SOCKET = ".s.PGSQL.5432"
NAME = "test_usage_server"  # under which the web server's connections are known to PostgreSQL


@pytest.fixture
def socket_folder() -> Iterator[Path]:
    """A folder through which the tests' database is reached; short, as the path of a socket must be."""
    if not connection.settings_dict["HOST"].startswith("/"):
        pytest.skip("PostgreSQL is reached by TCP")
    with tempfile.TemporaryDirectory(prefix="u", dir=settings.DATA_DIR) as place:
        connect(Path(place))
        yield Path(place)


def connect(folder: Path) -> None:
    """Let the database be reached through this folder."""
    (folder / SOCKET).symlink_to(Path(connection.settings_dict["HOST"]) / SOCKET)


class Server:
    """A web server on the tests' database, which it reaches through a folder of its own."""

    def __init__(self, folder: Path) -> None:
        """Start it and wait until it answers."""
        self.folder, self.log = folder, folder / "log"
        with socket.create_server(("127.0.0.1", 0)) as listener, self.log.open("wb") as log:
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "--workers", "2"]
            self.process = subprocess.Popen(
                [*command, "--bind", f"fd://{listener.fileno()}", "config.wsgi"],
                pass_fds=[listener.fileno()],
                stdout=log,
                stderr=log,
                env=surroundings(folder),
            )
        assert requests.get(f"{self.url}/health/live", timeout=60).ok

    def call(self, count: int = 1) -> set[str]:
        """Ask so many times; the ids of the answers."""
        with requests.Session() as session:
            paths = (PATHS[number % 2] for number in range(count))
            return {session.get(self.url + path, timeout=2).headers["Request-Id"] for path in paths}

    def go_away(self) -> None:
        """Take PostgreSQL from the server."""
        (self.folder / SOCKET).unlink()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s", [NAME]
            )

    def come_back(self) -> None:
        """Give it back."""
        connect(self.folder)

    def stop(self) -> None:
        """Let it end in order."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0


def surroundings(folder: Path) -> dict[str, str]:
    """The environment of a server that finds the tests' database in this folder."""
    known = connection.settings_dict
    database = {"DATABASE_URL": f"postgres:///{folder}/{known['NAME']}", "PGUSER": known["USER"]}
    return {**os.environ, **database, "PGAPPNAME": NAME, "TMPDIR": str(folder)}


@pytest.fixture
def server(socket_folder: Path) -> Iterator[Server]:
    """A web server, up."""
    made = Server(socket_folder)
    yield made
    if made.process.poll() is None:
        made.process.kill()
        made.process.wait()


def written() -> set[str]:
    """The ids of all calls that are written."""
    return {request_id_of(number) for number in APICall.objects.values_list("id", flat=True)}


def test_a_server_that_is_stopped_under_load_loses_no_call(server: Server) -> None:
    answered: set[str] = set()

    def load() -> None:
        with requests.Session() as session, suppress(requests.ConnectionError):
            while True:
                answer = session.get(server.url + PATHS[len(answered) % len(PATHS)], timeout=30)
                answered.add(answer.headers["Request-Id"])

    clients = [threading.Thread(target=load) for _ in range(8)]
    for client in clients:
        client.start()
    eventually(lambda: len(answered) > 300)
    server.stop()
    for client in clients:
        client.join()
    assert written() == answered
    assert sums() == recount()


def test_a_command_writes_its_calls_when_it_ends(socket_folder: Path) -> None:
    calls = "from django.test import Client; [Client().get('/api/v1/nothing') for _ in range(3)]"
    command = [sys.executable, "manage.py", "shell", "--no-imports", "--command", calls]
    subprocess.run(command, check=True, timeout=120, env=surroundings(socket_folder))
    assert len(written()) == 3


def test_while_postgresql_is_away_calls_are_answered_and_wait(server: Server) -> None:
    answered = server.call(4)
    eventually(lambda: written() == answered)
    server.go_away()
    later = server.call(40)
    eventually(lambda: "calls wait to be written" in server.log.read_text())
    assert written() == answered
    server.come_back()
    eventually(lambda: written() == answered | later)
    assert sums() == recount()
