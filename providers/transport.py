"""Below an HTTP call: secrets that do not print, logs without them, a watch that ends an attempt in time."""

import contextlib
import logging
import socket
import threading
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

POOL_SIZE = 64  # connections kept open to one host; more are opened, and closed after use


class Secret:
    """A string that is not shown by repr, str, logs or error pages; `reveal` is for the wire alone."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the string itself."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Secret(***)"


class _WithoutQueries(logging.Filter):
    """urllib3 logs whole addresses, keys and all: keep what is left of the '?'."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(a.partition("?")[0] if isinstance(a, str) else a for a in record.args)
        return True


for _name in ("urllib3.connectionpool", "urllib3.connection"):
    logging.getLogger(_name).addFilter(_WithoutQueries())


class Watch:
    """Ends an attempt after `seconds`, in all.

    Socket timeouts start anew with every byte, so an upstream that drips one byte at a time would never
    meet them. The watch shuts the connection instead, and whoever reads from it finds it closed. `is_over`
    tells that from a connection lost for other reasons.
    """

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        _current.watch = self
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _current.watch = None
        self._timer.cancel()
        self._socket = None

    def over(self, connection: socket.socket) -> None:
        """Watch over this connection from now on."""
        self._socket = connection
        if self.is_over:
            self._end()

    def _end(self) -> None:
        self.is_over = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


class _Current(threading.local):
    """The watch of the attempt that this thread (or greenlet) is making."""

    watch: Watch | None = None


_current = _Current()


def _watched(connection: HTTPConnection) -> None:
    if _current.watch is not None and connection.sock is not None:
        _current.watch.over(connection.sock)


class _PlainConnection(HTTPConnection):
    def getresponse(self) -> Any:
        _watched(self)
        return super().getresponse()


class _SecureConnection(HTTPSConnection):
    def getresponse(self) -> Any:
        _watched(self)
        return super().getresponse()


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _WatchedAdapter(HTTPAdapter):
    """Opens connections that the watch of the current attempt can shut (not those through a proxy)."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


def new_session() -> requests.Session:
    """Return a session for one process, safe to share between threads and greenlets; it keeps no cookies."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.headers["User-Agent"] = "Pallet/1"
    session.headers["Accept"] = "application/json"
    session.headers["Accept-Encoding"] = "gzip"
    adapter = _WatchedAdapter(pool_connections=4, pool_maxsize=POOL_SIZE, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
