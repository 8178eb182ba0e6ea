"""What is no HTTP, sent to the real web server."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from config.tests.waiting import eventually

SECRET = "plt_live_0123456789abcdefABCDEF"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("worker") / "web.log"


@pytest.fixture(scope="module")
def port(log: Path) -> Iterator[int]:
    """The port of a web server with one worker, up."""
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
        number: int = listener.getsockname()[1]
        bind = f"fd://{listener.fileno()}"
        command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "--workers", "1"]
        server = subprocess.Popen(
            [*command, "--bind", bind, "config.wsgi"],
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=output,
            env={**os.environ, "TMPDIR": str(log.parent)},
        )
    try:
        assert requests.get(f"http://localhost:{number}/health/live", timeout=60).ok
        yield number
    finally:
        server.terminate()
        server.wait(30)


def send(port: int, request: bytes) -> tuple[str, dict[str, object]]:
    """The status line and the JSON that come back, to the end of the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Type: application/problem+json" in head
    return head.decode().splitlines()[0], json.loads(body)


@pytest.mark.parametrize(
    ("request_bytes", "detail"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-API-Key %s\r\n\r\n" % SECRET.encode(), "A header is not"),
        (b"GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % (b"a" * 9000), "The address is too long."),
        (b"nonsense %s\r\n\r\n" % SECRET.encode(), "This is not HTTP."),
    ],
    ids=["a header without a colon", "a long address", "nonsense"],
)
def test_what_is_no_http_is_a_problem_like_all_others(port: int, request_bytes: bytes, detail: str) -> None:
    status, problem = send(port, request_bytes)
    assert status == "HTTP/1.1 400 Bad Request"
    assert (problem["status"], problem["code"]) == (400, "malformed_request")
    assert str(problem["detail"]).startswith(detail)
    assert str(problem["request_id"]).startswith("req_")
    assert SECRET not in json.dumps(problem)


START = b"POST /api/v1/products/asin HTTP/1.1\r\nHost: localhost\r\n"
INNER = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
# Two readers of one connection that disagree where a request ends let one request hide in another.
SMUGGLED: dict[str, bytes] = {
    "a length and chunks": b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % len(INNER),
    "two lengths": b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(INNER),
    "a list of lengths": b"Content-Length: 0, %d\r\n\r\n" % len(INNER),
    "a length with a sign": b"Content-Length: +0\r\n\r\n",
    "a length below nothing": b"Content-Length: -1\r\n\r\n",
    "a length in hexadecimal": b"Content-Length: 0x0\r\n\r\n",
    "chunks twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks before another coding": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunks by another name": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a header over two lines": b"X-A: 1\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("how", SMUGGLED)
def test_no_request_hides_in_another(port: int, how: str) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(START + SMUGGLED[how] + INNER)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert answer.count(b"HTTP/1.1") == 1
    assert b'"malformed_request"' in answer


def test_an_idempotency_key_of_10000_characters_is_refused_by_its_name(port: int) -> None:
    request = (
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n"
    )
    status, problem = send(port, request + b"Idempotency-Key: %s\r\n\r\n{}" % (b"k" * 10_000))
    assert (status, problem["code"]) == ("HTTP/1.1 400 Bad Request", "invalid_idempotency_key")


def test_a_key_sent_without_its_colon_leaves_no_trace_in_the_log(port: int, log: Path) -> None:
    send(port, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-API-Key %s\r\n\r\n" % SECRET.encode())
    eventually(lambda: "could not be read: InvalidHeader" in log.read_text())
    assert SECRET not in log.read_text()
    assert all(json.loads(line)["logger"] for line in log.read_text().splitlines())
