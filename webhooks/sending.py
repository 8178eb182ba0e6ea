"""One request to an address that a customer has named: what it may reach, how long it takes, what is read.

The name is resolved once, all its addresses are checked, and the connection goes to one of those that were
checked: between the look and the step there is no second look that could find something else (DNS
rebinding). Redirects are not followed. Proxies, cookies and credentials of this machine play no part, since
nothing here reads them.
"""

import contextlib
import http.client
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from functools import cache, partial
from types import TracebackType
from typing import Self

from certifi import where
from django.conf import settings
from django.utils import timezone

from webhooks import addresses, schedule, targets
from webhooks.addresses import Resolver
from webhooks.errors import AddressRefused, URLRefused
from webhooks.targets import Target

USER_AGENT = "Pallet-Webhooks/1"
MOST_READ = 64 * 1024  # bytes of an answer, as they come, and none is unpacked
CHUNK = 8 * 1024


class Fault(StrEnum):
    """Why nothing was delivered, in a word that owners see."""

    URL_REFUSED = "url_refused"
    UNKNOWN_HOST = "unknown_host"
    ADDRESS_REFUSED = "address_refused"
    CONNECTION_REFUSED = "connection_refused"
    CONNECTION_LOST = "connection_lost"
    TLS_FAILED = "tls_failed"
    TIMEOUT = "timeout"
    INVALID_ANSWER = "invalid_answer"
    REDIRECT = "redirect"
    STATUS = "status"
    SECRET_UNREADABLE = "secret_unreadable"  # noqa: S105 - the name of a failure
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. `error` is "" where it was delivered; `retry_after` what the receiver wants."""

    error: Fault | str
    status_code: int | None = None
    seconds: float = 0.0
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """How requests are sent. `resolve` says where a name leads, `trust` whose certificates are good."""

    resolve: Resolver = addresses.resolve
    trust: Callable[[], ssl.SSLContext] | None = None

    def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """POST the body. Returns how it ended, whatever the other side does; raises nothing."""
        start = time.monotonic()
        with Watch(settings.WEBHOOK_TOTAL_SECONDS) as watch:
            try:
                outcome = self._exchange(targets.read(url), body, headers, watch)
            except Exception as error:  # whatever a receiver does to a connection, its owner hears one word
                outcome = Outcome(fault_of(error))
        if watch.is_over:
            outcome = Outcome(Fault.TIMEOUT, outcome.status_code)
        return replace(outcome, seconds=round(time.monotonic() - start, 3))

    def _exchange(self, target: Target, body: bytes, headers: Mapping[str, str], watch: "Watch") -> Outcome:
        with contextlib.closing(self._connected(target, watch)) as connection:
            connection.settimeout(settings.WEBHOOK_TOTAL_SECONDS)
            speaker = http.client.HTTPConnection(target.host, target.port)
            speaker.sock = connection
            speaker.auto_open = 0
            speaker.request("POST", target.path, body, {**_usual(target), **headers})
            with contextlib.closing(speaker.getresponse()) as response:
                _discard(response)
                return outcome_of(response.status, response.headers.get("Retry-After", ""))

    def _connected(self, target: Target, watch: "Watch") -> socket.socket:
        """Return a connection to a checked address, with TLS and the certificate for the name."""
        ends = time.monotonic() + settings.WEBHOOK_CONNECT_SECONDS
        found = within(
            partial(self.resolve, target.host, target.port), seconds=settings.WEBHOOK_CONNECT_SECONDS
        )
        connection = connect(checked(found), target.port, ends=ends)
        watch.over(connection)
        if target.scheme == "http":
            return connection
        context = self.trust() if self.trust else usual_trust()
        try:
            return context.wrap_socket(connection, server_hostname=target.host)
        except BaseException:
            connection.close()
            raise


@cache
def usual_trust() -> ssl.SSLContext:
    """Return whose certificates are good: what browsers trust, whatever this machine has been told."""
    return ssl.create_default_context(cafile=where())


def _usual(target: Target) -> dict[str, str]:
    return {
        "Host": target.authority,
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Content-Type": "application/json",
        "Connection": "close",
    }


def checked(found: Sequence[str]) -> Sequence[str]:
    """Return the addresses. Raises AddressRefused when one of them is not public, or there is none."""
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, "no address")
    if not settings.WEBHOOK_ALLOW_PRIVATE and not all(map(addresses.is_public, found)):
        raise AddressRefused("The name leads to an address that is not on the public internet.")
    return found


def connect(found: Sequence[str], port: int, *, ends: float) -> socket.socket:
    """Return a connection to the first of these addresses that takes one before the time ends."""
    failure: OSError = TimeoutError()
    for address in found:
        left = ends - time.monotonic()
        if left <= 0:
            break
        try:  # an address, so nothing is looked up any more
            return socket.create_connection((address, port), timeout=left)
        except OSError as error:
            failure = error
    raise failure


def within(work: Callable[[], Sequence[str]], *, seconds: float) -> Sequence[str]:
    """Return what the work returns, or raise what it raises; TimeoutError when it takes longer.

    A name server may take minutes, and the C library knows no limit: a thread is left behind with it.
    """
    ended: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

    def do() -> None:
        try:
            ended.put(work())
        except Exception as error:
            ended.put(error)

    threading.Thread(target=do, daemon=True).start()
    try:
        result = ended.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(result, Exception):
        raise result
    return result


def _discard(response: http.client.HTTPResponse) -> None:
    """Read what is answered, up to MOST_READ bytes, and keep none. Raises IncompleteRead if it breaks off."""
    left = MOST_READ
    while left > 0 and (part := response.read(min(CHUNK, left))):
        left -= len(part)
    if left > 0 and response.length:
        raise http.client.IncompleteRead(b"", response.length)


def outcome_of(status: int, retry_after: str) -> Outcome:
    """Return what a status means."""
    if 200 <= status < 300:
        return Outcome("", status)
    if 300 <= status < 400:
        return Outcome(Fault.REDIRECT, status)
    asked = schedule.read_retry_after(retry_after, now=timezone.now())
    return Outcome(Fault.STATUS, status, retry_after=asked if status in schedule.PATIENT else None)


FAULTS: tuple[tuple[type[Exception], Fault], ...] = (
    (URLRefused, Fault.URL_REFUSED),
    (AddressRefused, Fault.ADDRESS_REFUSED),
    (socket.gaierror, Fault.UNKNOWN_HOST),
    (UnicodeError, Fault.UNKNOWN_HOST),
    (ssl.SSLError, Fault.TLS_FAILED),
    (TimeoutError, Fault.TIMEOUT),
    (ConnectionRefusedError, Fault.CONNECTION_REFUSED),
    (http.client.RemoteDisconnected, Fault.CONNECTION_LOST),
    (OSError, Fault.CONNECTION_LOST),
    (http.client.IncompleteRead, Fault.CONNECTION_LOST),
    (http.client.HTTPException, Fault.INVALID_ANSWER),
    (ValueError, Fault.INVALID_ANSWER),
)


def fault_of(error: Exception) -> Fault:
    """Return the word for what went wrong, by its kind alone: its text may hold the address."""
    return next((fault for kind, fault in FAULTS if isinstance(error, kind)), Fault.INTERNAL)


class Watch:
    """Ends an attempt after `seconds`, in all.

    Timeouts of sockets start anew with every byte, so a receiver that drips one at a time would never meet
    them. The watch shuts the connection instead, TLS or not, and whoever reads from it finds it closed.
    """

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._connection: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def over(self, connection: socket.socket) -> None:
        """Watch over this connection from now on, by a handle of our own that TLS does not take away."""
        with self._lock:
            self._connection = connection.dup()
        if self.is_over:
            self._end()

    def _end(self) -> None:
        self.is_over = True
        with self._lock:
            if self._connection is not None:
                with contextlib.suppress(OSError):
                    self._connection.shutdown(socket.SHUT_RDWR)
