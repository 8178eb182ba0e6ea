"""One request to servers that do all that servers do, on this machine."""

import os
import resource
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from pytest_django import Settings

from providers.tests import loopback
from providers.tests.loopback import Behaviour, Handler, Query, Server, says
from webhooks.sending import MOST_READ, USER_AGENT, Fault, Outcome, Sender
from webhooks.tests.certificates import certificate_for

BODY = b'{"type":"job.completed"}'
HEADERS = {"webhook-id": "evt_1"}


def send(url: str, sender: Sender | None = None) -> Outcome:
    return (sender or Sender()).send(url, BODY, HEADERS)


def answered(behaviour: Behaviour) -> Outcome:
    """What is made of a server that does this."""
    with loopback.serving(behaviour) as server:
        return send(f"{server.url}/hook")


@pytest.fixture
def event() -> Iterator[threading.Event]:
    """What a server waits for; it happens at the end of the test at the latest."""
    made = threading.Event()
    yield made
    made.set()


# --- what is sent ---


def test_the_body_is_posted_with_the_headers_and_nothing_of_this_machine(
    receiver: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password hunter2\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    receiver.script = [says({}, Set_Cookie="a=b")]
    for _ in range(2):
        assert send(f"{receiver.url}/hook?token=t").error == ""
    [_, sent] = receiver.requests
    assert (sent.method, sent.path, sent.query, sent.sent) == ("POST", "/hook", {"token": "t"}, BODY)
    assert sent.headers == {
        "Host": receiver.url.removeprefix("http://"),
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "Content-Length": str(len(BODY)),
        "Connection": "close",
        "webhook-id": "evt_1",
    }


# --- what comes back ---


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_a_delivery(status: int) -> None:
    outcome = answered(says(b"" if status == 204 else b"{}", status=status))
    assert (outcome.error, outcome.status_code) == ("", status)


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 500, 502, 503, 599, 999])
def test_other_statuses_are_failures(status: int) -> None:
    outcome = answered(says({}, status=status))
    assert (outcome.error, outcome.status_code) == (Fault.STATUS, status)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(status: int, receiver: Server) -> None:
    outcome = answered(says({}, status=status, Location=f"{receiver.url}/elsewhere"))
    assert (outcome.error, outcome.status_code) == (Fault.REDIRECT, status)
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("status", "said", "seconds"), [(503, "120", 120), (429, "7", 7), (500, "120", None), (503, "soon", None)]
)
def test_what_is_asked_for_with_429_and_503_is_heard(status: int, said: str, seconds: int | None) -> None:
    outcome = answered(says({}, status=status, Retry_After=said))
    assert (outcome.retry_after and outcome.retry_after.total_seconds()) == seconds


BROKEN: dict[str, tuple[Behaviour, Fault]] = {
    "silent": (loopback.silent, Fault.CONNECTION_LOST),
    "resets": (loopback.resets, Fault.CONNECTION_LOST),
    "truncated": (loopback.truncated, Fault.CONNECTION_LOST),
    "no HTTP": (lambda handler, _: raw(handler, b"SSH-2.0-OpenSSH_9\r\n\r\n"), Fault.INVALID_ANSWER),
    "a header without end": (
        lambda handler, _: raw(handler, b"HTTP/1.1 200 OK\r\nA: " + b"a" * 70_000 + b"\r\n\r\n"),
        Fault.INVALID_ANSWER,
    ),
    "many headers": (
        lambda handler, _: raw(handler, b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n"),
        Fault.INVALID_ANSWER,
    ),
    "a chunk of no size": (
        lambda handler, _: raw(handler, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        Fault.CONNECTION_LOST,
    ),
}


def raw(handler: Handler, data: bytes) -> None:
    """Send these bytes and no others."""
    handler.close_connection = True
    handler.wfile.write(data)


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_whole_answer_is_a_failure(name: str) -> None:
    behaviour, fault = BROKEN[name]
    assert answered(behaviour).error == fault


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert send(f"http://127.0.0.1:{port}/").error == Fault.CONNECTION_REFUSED


def test_a_url_that_is_not_taken_any_more_is_not_visited(receiver: Server, settings: Settings) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = False
    assert send(receiver.url).error == Fault.URL_REFUSED
    assert receiver.requests == []


# --- how long, how much ---


@pytest.mark.parametrize("in_headers", [True, False])
def test_a_server_that_drips_is_left(in_headers: bool, event: threading.Event, settings: Settings) -> None:
    settings.WEBHOOK_TOTAL_SECONDS = 0.4
    start = time.monotonic()
    outcome = answered(loopback.drips(event, headers=in_headers))
    assert outcome.error == Fault.TIMEOUT
    assert 0.3 < outcome.seconds <= time.monotonic() - start < 10


def test_a_server_that_says_nothing_is_left(event: threading.Event, settings: Settings) -> None:
    settings.WEBHOOK_TOTAL_SECONDS = 0.3
    with loopback.serving(loopback.waits_for(event)) as server:
        assert send(server.url).error == Fault.TIMEOUT
        event.set()


def test_a_handshake_that_never_ends_is_left(settings: Settings) -> None:
    settings.WEBHOOK_TOTAL_SECONDS = 0.3
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert send(f"https://127.0.0.1:{mute.getsockname()[1]}/").error == Fault.TIMEOUT


def test_a_name_that_takes_for_ever_is_left(event: threading.Event, settings: Settings) -> None:
    settings.WEBHOOK_CONNECT_SECONDS = 0.2

    def slow(host: str, port: int) -> Sequence[str]:
        event.wait(60)
        return ["127.0.0.1"]

    assert send("http://slow.example/", Sender(resolve=slow)).error == Fault.TIMEOUT


def test_an_answer_without_end_is_read_to_64_kilobytes_and_delivered() -> None:
    written: list[int] = []

    def endless(handler: Handler, query: Query) -> None:
        raw(handler, b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        try:
            while True:
                handler.wfile.write(b"x" * 4096)
                written.append(4096)
        except OSError:
            return

    with loopback.serving(endless) as server:
        server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        outcome = send(server.url)
    assert (outcome.error, outcome.status_code) == ("", 200)
    assert sum(written) < 100 * MOST_READ  # what lay in the buffers of the two ends


def test_a_bomb_stays_packed() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b" " * 1_000_000) for _ in range(300)) + packer.flush()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert answered(says(bomb, Content_Encoding="gzip")).error == ""
    assert len(bomb) > MOST_READ
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kilobytes


def test_no_connection_is_left_open(receiver: Server) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for behaviour in (says({}), says({}, status=500), loopback.resets, loopback.truncated):
        receiver.script = [behaviour]
        send(receiver.url)
    receiver.shutdown()
    assert len(os.listdir("/proc/self/fd")) <= before + 4  # the receiver's own


# --- TLS ---


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[Server, Sender]]:
    """A server with a certificate for hooks.example, and a sender that trusts it and finds it there."""
    file = certificate_for("hooks.example", tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with loopback.serving(says({}), tls=context) as server:
        sender = Sender(
            resolve=lambda host, port: ["127.0.0.1"],
            trust=lambda: ssl.create_default_context(cafile=str(file)),
        )
        yield server, sender


def test_the_certificate_must_be_for_the_name_and_not_for_the_address(secure: tuple[Server, Sender]) -> None:
    server, sender = secure
    assert send(f"https://hooks.example:{server.server_port}/", sender).error == ""
    assert server.requests[0].headers["Host"] == f"hooks.example:{server.server_port}"
    assert send(f"https://other.example:{server.server_port}/", sender).error == Fault.TLS_FAILED
    assert len(server.requests) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(secure: tuple[Server, Sender]) -> None:
    server, _ = secure
    stranger = Sender(resolve=lambda host, port: ["127.0.0.1"])
    assert send(f"https://hooks.example:{server.server_port}/", stranger).error == Fault.TLS_FAILED
    assert server.requests == []


def test_a_secure_server_that_drips_is_left(
    secure: tuple[Server, Sender], event: threading.Event, settings: Settings
) -> None:
    settings.WEBHOOK_TOTAL_SECONDS = 0.5
    server, sender = secure
    server.usually = loopback.drips(event, headers=True)
    assert send(f"https://hooks.example:{server.server_port}/", sender).error == Fault.TIMEOUT


def test_no_tls_where_tls_is_wanted(receiver: Server) -> None:
    assert send(receiver.url.replace("http", "https")).error == Fault.TLS_FAILED
