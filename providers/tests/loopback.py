"""An upstream of our own on this machine: a real HTTP server that misbehaves as it is told.

Unless told otherwise it repeats what it was asked. What upstreams say is in the tests of their adapters.

`server.script` holds what it does with the next requests, one entry each; then it does `server.usually`.
"""

import gzip
import json
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from providers.errors import ErrorClass
from providers.http import Patience

Query = dict[str, str]
Behaviour = Callable[["Handler", Query], None]

QUICK = Patience(connect=1, read=5, total=10, attempts=3, wait_initial=0.001, wait_max=0.05)


class Handler(BaseHTTPRequestHandler):
    """One connection to the loopback server."""

    protocol_version = "HTTP/1.1"
    server: "Server"
    request_now: "Request"  # what this connection asks at the moment

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.request_now = Request(
            self.command, url.path, query, dict(self.headers), self.client_address[1], sent
        )
        with self.server.guard:
            self.server.requests.append(self.request_now)
            behaviour = self.server.script.pop(0) if self.server.script else self.server.usually
        behaviour(self, query)

    do_POST = do_GET  # noqa: N815   the name that http.server looks for

    def reply(self, data: bytes, headers: Mapping[str, str] = {}, *, status: int = 200) -> None:
        """Send an answer, as JSON of its own length unless the headers say otherwise."""
        usual = {"Content-Type": "application/json;charset=utf-8", "Content-Length": str(len(data))}
        self.send_response(status)
        for name, value in (usual | dict(headers)).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def hang_up(self) -> None:
        """Reset the connection."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the requests are in `server.requests`."""


@dataclass(frozen=True)
class Request:
    """What was asked, from which port, and the body that was sent."""

    method: str
    path: str
    query: Query
    headers: dict[str, str]
    port: int
    sent: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.sent)

    @property
    def form(self) -> Query:
        return dict(parse_qsl(self.sent.decode()))


@dataclass
class Server(ThreadingHTTPServer):
    """The loopback server; `url` is its address."""

    usually: Behaviour
    script: list[Behaviour] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    faults: list[BaseException | None] = field(default_factory=list)
    scheme: str = "http"
    guard: threading.Lock = field(default_factory=threading.Lock)

    daemon_threads = True
    request_queue_size = 128

    def __post_init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves early is what some tests are about; anything else is a fault of the test."""
        error = sys.exception()
        if not isinstance(error, OSError):
            self.faults.append(error)


def echoes(handler: Handler, query: Query) -> None:
    """Repeat what is asked for, gzipped."""
    data = json.dumps({"asked": query, "padding": "." * 1000}).encode()
    handler.reply(gzip.compress(data), {"Content-Encoding": "gzip"})


@contextmanager
def serving(usually: Behaviour = echoes, *, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Run the server for the length of the block, over TLS if there is a context for it."""
    server = Server(usually)
    if tls is not None:
        server.scheme, server.socket = "https", tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert server.faults == []


def says(answer: object, *, status: int = 200, **headers: str) -> Behaviour:
    """Answer with this, as JSON or (bytes) as it is; header names are written with underscores."""
    data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, query: handler.reply(data, sent, status=status)


def html(handler: Handler, query: Query) -> None:
    """Show a maintenance page."""
    handler.reply(b"<html><body>We are back soon</body></html>", {"Content-Type": "text/html; charset=utf-8"})


def truncated(handler: Handler, query: Query) -> None:
    """Promise more than is sent."""
    data = json.dumps({"padding": "." * 1000}).encode()
    handler.reply(data[:200], {"Content-Length": str(len(data))})
    handler.close_connection = True


def silent(handler: Handler, query: Query) -> None:
    """Close the connection without a word."""
    handler.close_connection = True


def resets(handler: Handler, query: Query) -> None:
    """Reset the connection."""
    handler.hang_up()


def bomb(handler: Handler, query: Query) -> None:
    """Send 100 MB of nothing in 100 kB, packed a megabyte at a time: that is done at once on any machine."""
    data = gzip.compress(b'{"products": [') + gzip.compress(b" " * 1_000_000) * 100 + gzip.compress(b"]}")
    handler.reply(data, {"Content-Encoding": "gzip"})


def endless(handler: Handler, query: Query) -> None:
    """Send JSON without end, until the other side has had enough."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    chunk = b" " * 65536
    try:
        while True:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
    except OSError:
        handler.close_connection = True


def waits_for(event: threading.Event, then: Behaviour = echoes) -> Behaviour:
    """Answer only when the event is set (or after a minute, lest a failed test hang)."""

    def behaviour(handler: Handler, query: Query) -> None:
        event.wait(60)
        then(handler, query)

    return behaviour


def drips(event: threading.Event, *, headers: bool = False) -> Behaviour:
    """Send a byte now and then, in the headers or in the body, until the event is set."""

    def behaviour(handler: Handler, query: Query) -> None:
        handler.close_connection = True
        start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        handler.wfile.write(start + (b"X-Slow: " if headers else b"\r\n"))
        try:
            while not event.wait(0.02):
                handler.wfile.write(b" " if not headers else b"x")
        except OSError:
            return

    return behaviour


# What any upstream may do instead of answering, and what every adapter is to call it.
BROKEN: tuple[tuple[Behaviour, ErrorClass], ...] = (
    (html, ErrorClass.UPSTREAM_DOWN),
    (silent, ErrorClass.UPSTREAM_DOWN),
    (resets, ErrorClass.UPSTREAM_DOWN),
    (truncated, ErrorClass.UPSTREAM_DOWN),
    (bomb, ErrorClass.INVALID_ANSWER),
    (says({}, status=302, Location="http://169.254.169.254/"), ErrorClass.INVALID_ANSWER),
)
