"""The one HTTP client of all adapters: limits of time and size, retries, every failure a ProviderError.

An adapter says where, what and how its upstream words a refusal; nothing else in `providers/` opens a
connection. Redirects are not followed: an address that an upstream invents is not ours to visit.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import requests
import stamina
import structlog
import urllib3

from providers.errors import ErrorClass, ProviderError
from providers.transport import Secret, Watch, new_session
from providers.turns import turns

log = structlog.stdlib.get_logger("pallet.providers")

CHUNK = 64 * 1024
MAX_BYTES = 8 * 1024 * 1024  # decompressed; no single product comes near it
MAX_REFUSAL_BYTES = 64 * 1024  # what is read of an error page
NOT_DATA = ("text/html", "application/xhtml", "application/xml", "text/xml", "image/", "video/", "audio/")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call may take, in seconds, retries included.

    `read` is the longest silence, `total` the end of everything. A wait the upstream asks for (429) is
    waited out when it is at most `wait_max` and leaves time to ask again; otherwise the failure is passed
    on at once.
    """

    connect: float = 3.05
    read: float = 20.0
    total: float = 25.0
    attempts: int = 3
    wait_initial: float = 0.2
    wait_max: float = 5.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `body` is {} when a refusal carried no JSON object."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt as it is recorded: what was asked of whom, how it ended, its time and its cost there."""

    provider: str
    operation: str
    outcome: str  # "ok", or the ErrorClass
    seconds: float
    status: int | None
    cost: int | None


Observer = Callable[[Attempt], None]


def log_attempt(attempt: Attempt) -> None:
    """Write the attempt to the log; the default observer."""
    log.debug(
        "upstream_call",
        provider=attempt.provider,
        operation=attempt.operation,
        outcome=attempt.outcome,
        seconds=round(attempt.seconds, 3),
        status=attempt.status,
        cost=attempt.cost,
    )


def refusal(reply: Reply) -> ProviderError:
    """Return what a status of 400 or more usually means; adapters pass their own where it differs."""
    reason, retryable = _MEANINGS.get(reply.status, (ErrorClass.INVALID_REQUEST, False))
    if reply.status >= 500:
        reason, retryable = ErrorClass.UPSTREAM_DOWN, True
    seconds = reply.headers.get("Retry-After", "")
    return ProviderError(
        f"status {reply.status}",
        retryable=retryable,
        reason=reason,
        retry_after=float(seconds) if seconds.isascii() and seconds.isdigit() else None,
    )


_MEANINGS = {
    401: (ErrorClass.AUTH_FAILED, False),
    402: (ErrorClass.OUT_OF_CREDIT, False),
    403: (ErrorClass.AUTH_FAILED, False),
    404: (ErrorClass.NOT_FOUND, False),
    408: (ErrorClass.TIMEOUT, True),
    429: (ErrorClass.RATE_LIMITED, True),
}


class HTTPClient:
    """Talks to one upstream. Safe to share between threads and greenlets; made anew in each process."""

    def __init__(
        self,
        provider: str,
        base_url: str,
        *,
        patience: Patience | None = None,
        refused: Callable[[Reply], ProviderError] = refusal,
        cost: Callable[[dict[str, Any]], int | None] = lambda body: None,
        observe: Observer = log_attempt,
    ) -> None:
        self._provider = provider
        self._base_url = base_url.rstrip("/")
        self._patience = patience or Patience()
        self._refused = refused
        self._cost = cost
        self._observe = observe
        self._session = new_session()

    def get(
        self, path: str, params: Mapping[str, str | Secret], *, operation: str, max_bytes: int = MAX_BYTES
    ) -> Reply:
        """Return the JSON object at this path; raises ProviderError and nothing else.

        What may succeed a little later is tried again, with growing and jittered pauses, while time is left.
        """
        limits, end = self._patience, time.monotonic() + self._patience.total
        again = stamina.RetryingCaller(
            attempts=limits.attempts,
            timeout=limits.total,
            wait_initial=limits.wait_initial,
            wait_max=limits.wait_max,
            wait_jitter=limits.wait_initial,
        ).on(lambda error: self._pause(error, end))
        with turns.given_back():
            return again(self._attempt, path, params, operation, max_bytes, end)

    def _pause(self, error: Exception, end: float) -> bool | float:
        """Say whether to try again: False, True for the usual pause, or how many seconds to wait."""
        left = end - time.monotonic() - self._patience.connect
        if not isinstance(error, ProviderError) or not error.retryable or left <= 0:
            return False
        if error.retry_after is None:
            return True
        pause = error.retry_after + random.uniform(0, self._patience.wait_initial)  # noqa: S311 - jitter
        return pause if error.retry_after <= min(self._patience.wait_max, left) else False

    def _attempt(
        self, path: str, params: Mapping[str, str | Secret], operation: str, max_bytes: int, end: float
    ) -> Reply:
        start = time.monotonic()
        reply, failure = self._exchange(path, params, max_bytes, max(end - start, 0.001))
        self._observe(
            Attempt(
                provider=self._provider,
                operation=operation,
                outcome=failure.reason if failure else "ok",
                seconds=time.monotonic() - start,
                status=reply.status or None,
                cost=self._cost(reply.body),
            )
        )
        if failure is not None:
            raise failure
        return reply

    def _exchange(
        self, path: str, params: Mapping[str, str | Secret], max_bytes: int, left: float
    ) -> tuple[Reply, ProviderError | None]:
        """Ask once. A failure is returned: raised in the handler, it would carry the address along."""
        reply, failure = NO_REPLY, None
        with Watch(left) as watch:
            try:
                with self._session.get(
                    self._base_url + path,
                    params={k: v.reveal() if isinstance(v, Secret) else v for k, v in params.items()},
                    timeout=(min(self._patience.connect, left), min(self._patience.read, left)),
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    reply, failure = self._read(response, max_bytes)
            except Exception as error:  # whatever an upstream does to a connection, the caller hears one kind
                failure = _fault(error)
        if watch.is_over:
            failure = ProviderError("no answer in time", retryable=True, reason=ErrorClass.TIMEOUT)
        return reply, failure

    def _read(self, response: requests.Response, max_bytes: int) -> tuple[Reply, ProviderError | None]:
        status = response.status_code
        if status >= 400:
            reply = Reply(status, _object(_body(response, MAX_REFUSAL_BYTES)) or {}, response.headers)
            return reply, self._refused(reply)
        if status >= 300:
            return Reply(status, {}), _unbelievable("a redirect, which is not followed")
        kind = response.headers.get("Content-Type", "").strip().lower()
        if kind.startswith(NOT_DATA):
            return Reply(status, {}), _down(f"the upstream sent {kind.partition(';')[0]} instead of JSON")
        data = _body(response, max_bytes)
        if data is None:
            return Reply(status, {}), _unbelievable(f"more than {max_bytes} bytes")
        if not data.strip():
            return Reply(status, {}), _down("the upstream sent nothing")
        body = _object(data)
        if body is None:
            return Reply(status, {}), _unbelievable("what is not a JSON object")
        return Reply(status, body, response.headers), None


NO_REPLY = Reply(0, {})


def _body(response: requests.Response, limit: int) -> bytes | None:
    """Return the decompressed body, or None when it is larger than `limit`: no more is ever held."""
    parts, size = [], 0
    while part := response.raw.read1(CHUNK, decode_content=True):
        size += len(part)
        if size > limit:
            return None
        parts.append(part)
    return b"".join(parts)


def _object(data: bytes | None) -> dict[str, Any] | None:
    """Return the JSON object in `data`, or None. orjson refuses NaN, bad UTF-8 and bottomless nesting."""
    try:
        found = orjson.loads(data or b"")
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _unbelievable(what: str) -> ProviderError:
    return ProviderError(f"the upstream sent {what}", retryable=False, reason=ErrorClass.INVALID_ANSWER)


def _down(message: str) -> ProviderError:
    return ProviderError(message, retryable=True, reason=ErrorClass.UPSTREAM_DOWN)


def _fault(error: Exception) -> ProviderError:
    """Put what went wrong on the way into our words, by its kind alone: its text holds the address."""
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return ProviderError("no answer in time", retryable=True, reason=ErrorClass.TIMEOUT)
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return ProviderError("its address is not one", retryable=False, reason=ErrorClass.INVALID_REQUEST)
    if isinstance(error, urllib3.exceptions.DecodeError):
        return _unbelievable("what does not decompress")
    return _down(f"the connection failed ({type(error).__name__})")
