"""Reports sent to a real web server: endless, cut off, in chunks and large, while others are answered."""

import select
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from django.conf import settings
from django.db import connection
from pytest_django import Settings

from accounts.models import User
from accounts.tests.factories import key_of
from api.tests.test_usage_server import Server, connect
from config.tests.waiting import eventually
from conversion.models import Inventory, Mapping
from conversion.tests.reports import code, of, report

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/api/v1/conversion/inventory"
TSV = "text/tab-separated-values"
PIECE = b"x" * 65_536


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[Server]:
    """A web server for all of these tests."""
    if not connection.settings_dict["HOST"].startswith("/"):
        pytest.skip("PostgreSQL is reached by TCP")
    with tempfile.TemporaryDirectory(prefix="u", dir=settings.DATA_DIR) as place:
        connect(Path(place))
        made = Server(Path(place))
        yield made
        made.process.kill()
        made.process.wait()


@pytest.fixture
def key(alice: User) -> str:
    """Alice's."""
    return key_of(alice)[1]


@contextmanager
def sending(to: Server, key: str, *headers: str) -> Iterator[socket.socket]:
    """Begin to send a report; the block sends what it likes."""
    address = urlsplit(to.url)
    head = [f"POST {PATH} HTTP/1.1", "Host: localhost", f"X-API-Key: {key}", f"Content-Type: {TSV}", *headers]
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=60) as client:
        client.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        yield client


def answered(client: socket.socket) -> str:
    """The first line of the answer."""
    return client.recv(65_536).decode().partition("\r\n")[0]


def memory(of_server: Server) -> int:
    """Bytes that the web server's processes have in memory."""
    process = psutil.Process(of_server.process.pid)
    return sum(one.memory_info().rss for one in [process, *process.children(recursive=True)])


def test_a_report_that_says_to_have_two_gigabytes_is_not_read(server: Server, key: str) -> None:
    with sending(server, key, "Content-Length: 2000000000") as client:
        assert answered(client) == "HTTP/1.1 413 Request Entity Too Large"


def test_a_report_without_an_end_is_refused_and_takes_no_memory(server: Server, key: str) -> None:
    server.call(4)
    before, most, sent = memory(server), 0, 0
    with sending(server, key, "Transfer-Encoding: chunked") as client:
        while sent < 2_000_000_000 and not select.select([client], [], [], 0)[0]:
            client.sendall(b"%x\r\n%b\r\n" % (len(PIECE), PIECE))
            sent += len(PIECE)
            if sent % (100 * len(PIECE)) == 0:
                most = max(most, memory(server))
        assert answered(client) == "HTTP/1.1 413 Request Entity Too Large"
    assert settings.INVENTORY_MAX_BYTES < sent < settings.INVENTORY_MAX_BYTES + 50_000_000
    assert most - before < 20_000_000


def test_a_line_of_fifty_megabytes_is_refused_and_takes_no_memory(server: Server, key: str) -> None:
    server.call(4)
    before = memory(server)
    length = 800 * len(PIECE)
    with sending(server, key, f"Content-Length: {length}") as client:
        for _ in range(800):
            client.sendall(PIECE)
        assert answered(client) == "HTTP/1.1 422 Unprocessable Entity"
    assert memory(server) - before < 20_000_000


@pytest.mark.parametrize("how", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_what_is_cut_off_is_not_taken(server: Server, key: str, how: str, alice: User) -> None:
    data = of(range(100))
    with sending(server, key, how) as client:
        client.sendall(data if "Length" in how else b"%x\r\n%b\r\n" % (len(data), data))
        client.shutdown(socket.SHUT_WR)
        assert answered(client) == "HTTP/1.1 400 Bad Request"
    assert not Inventory.objects.exists()


def test_in_chunks_it_may_be_larger_than_other_bodies(server: Server, key: str, settings: Settings) -> None:
    data = of(range(12_000), product_name="x" * 60)
    assert len(data) > settings.API_MAX_BODY_BYTES
    pieces = (data[start : start + 10_000] for start in range(0, len(data), 10_000))
    answer = requests.post(
        server.url + PATH, pieces, headers={"X-API-Key": key, "Content-Type": TSV}, timeout=60
    )
    assert answer.status_code == 201, answer.text
    assert Mapping.objects.count() == 12_000


def test_while_a_report_is_slow_to_come_and_long_to_read_others_are_answered(
    server: Server, key: str
) -> None:
    data = of(range(30_000))
    with sending(server, key, f"Content-Length: {len(data)}") as slow:
        slow.sendall(data[:1000])
        waits: list[float] = []
        done = threading.Event()

        def ask() -> None:
            with requests.Session() as session:
                while not done.is_set():
                    waits.append(session.get(f"{server.url}/health/live", timeout=30).elapsed.total_seconds())

        asking = threading.Thread(target=ask)
        asking.start()
        eventually(lambda: len(waits) > 20)
        before = len(waits)
        try:
            slow.sendall(data[1000:])
            assert answered(slow) == "HTTP/1.1 201 Created"
            answered_meanwhile = len(waits) - before
        finally:
            done.set()
            asking.join()
    assert Mapping.objects.count() == 30_000
    assert answered_meanwhile > 10, "nobody waits until it is read"


def test_a_report_goes_in_by_the_server_as_it_does_in_a_test(server: Server, key: str) -> None:
    answer = requests.post(
        server.url + PATH, files={"file": ("stock.txt", of([1]))}, headers={"X-API-Key": key}, timeout=30
    )
    assert (answer.status_code, answer.json()["data"]["name"]) == (201, "stock.txt")
    refused = requests.post(
        server.url + PATH, report(), headers={"X-API-Key": key, "Content-Type": TSV}, timeout=30
    )
    assert refused.json()["code"] == "report_refused"
    assert Mapping.objects.get().code == code(1)
