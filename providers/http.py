"""The one HTTP client of all adapters: limits of time, size and rate, retries, every failure a ProviderError.

An adapter says where, what and how its upstream words a refusal; nothing else in `providers/` opens a
connection. Redirects are not followed: an address that an upstream invents is not ours to visit.

A call passes the circuit breaker and the token bucket (`breaker.py`, `limits.py`) before it goes out, is told
to the observers (`attempts.py`) when it ended, and is made again when it may succeed a little later.
"""

import hashlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson
import requests
import urllib3

from providers import deadline
from providers.attempts import Attempt, Observer, announce
from providers.breaker import Breaker, Health
from providers.clock import CLOCK, Clock
from providers.errors import ErrorClass, ProviderError, sent
from providers.limits import KEPT_SECONDS, NOTHING, Lesson, Limits, Rate, Standing
from providers.shared import Shared, shared
from providers.transport import Secret, Watch, new_session
from providers.turns import turns

CHUNK = 64 * 1024
MAX_BYTES = 8 * 1024 * 1024  # decompressed; no single product comes near it
MAX_REFUSAL_BYTES = 64 * 1024  # what is read of an error page
NOT_DATA = ("text/html", "application/xhtml", "application/xml", "text/xml", "image/", "video/", "audio/")

Words = Mapping[str, str | Secret]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call may take, in seconds, retries included.

    `read` is the longest silence, `total` the end of everything. A wait the upstream asks for (429), and one
    for a token of its bucket, is waited out when it is at most `wait_max` and leaves time to ask again;
    otherwise the failure is passed on at once.
    """

    connect: float = 3.05
    read: float = 20.0
    total: float = 25.0
    attempts: int = 3
    wait_initial: float = 0.2
    wait_max: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call as an adapter words it.

    `operation` names it in records; it is also the name of its circuit and, unless `bucket` says otherwise,
    of its token bucket, from which it takes `tokens`. At most one of `json` and `form` is sent as a body;
    secrets in them are revealed on the wire alone. `is_raw`: the answer is a file, and Reply.data holds it.
    """

    operation: str
    path: str
    method: str = "GET"
    marketplace: str = ""
    params: Words = field(default_factory=dict)
    headers: Words = field(default_factory=dict)
    json: Mapping[str, Any] | None = None
    form: Words | None = None
    bucket: str = ""
    tokens: float = 1
    max_bytes: int = MAX_BYTES
    is_raw: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `body` is {} when it was no JSON object; `data` is filled for raw calls alone."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    data: bytes = b""

    @property
    def kind(self) -> str:
        """The media type, in lower case and without its parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


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
        # No wait is longer than the bucket remembers it: 400 digits would be infinity.
        retry_after=min(float(seconds), KEPT_SECONDS) if seconds.isascii() and seconds.isdigit() else None,
    )


_MEANINGS = {
    401: (ErrorClass.AUTH_FAILED, False),
    402: (ErrorClass.OUT_OF_CREDIT, False),
    403: (ErrorClass.AUTH_FAILED, False),
    404: (ErrorClass.NOT_FOUND, False),
    408: (ErrorClass.TIMEOUT, True),
    429: (ErrorClass.RATE_LIMITED, True),
}


def no_json(reply: Reply) -> ProviderError:
    """Return what an answer that is no JSON usually means: something before the upstream spoke for it."""
    return _down(f"the upstream sent {reply.kind} instead of JSON")


def credential_name(*secrets: str) -> str:
    """Return the name under which a credential's limits and health are kept; it does not lead back to it."""
    return hashlib.sha256("\0".join(secrets).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How one upstream behaves, as far as it differs from others.

    `refused` reads a status of 400 and above, `no_json` a page that came instead of data, `failed` says what
    is wrong with an answer that came with a good status, if the upstream says so in it. `cost` is what an
    answer cost there, in its own unit; `delivered` how many answers are in a body. `lesson` is what a reply,
    a refusal too, tells of the bucket.
    """

    rates: Mapping[str, Rate] = field(default_factory=dict)
    refused: Callable[[Reply], ProviderError] = refusal
    no_json: Callable[[Reply], ProviderError] = no_json
    failed: Callable[[Reply], ProviderError | None] = lambda reply: None
    cost: Callable[[Reply], float | None] = lambda reply: None
    delivered: Callable[[Call, Reply], int] = lambda call, reply: 0
    lesson: Callable[[Call, Reply], Lesson] = lambda call, reply: NOTHING


class HTTPClient:
    """Talks to one upstream with one credential. Safe to share between threads and greenlets; made anew in
    each process.
    """

    def __init__(
        self,
        provider: str,
        base_url: str,
        *,
        credential: str = "",
        manners: Manners | None = None,
        patience: Patience | None = None,
        observe: Observer = announce,
        clock: Clock = CLOCK,
        facts: Shared = shared,
    ) -> None:
        self._provider = provider
        self._credential = credential
        self._base_url = base_url.rstrip("/")
        self._manners = manners or Manners()
        self._patience = patience or Patience()
        self._observe = observe
        self._clock = clock
        owner = f"{provider}:{credential}"
        self._limits = Limits(owner, self._manners.rates, clock=clock, facts=facts)
        self._breaker = Breaker(owner, patience=self._patience.total, clock=clock, facts=facts)
        self._session = new_session()

    def send(self, call: Call) -> Reply:
        """Make the call; raises ProviderError and nothing else.

        What may succeed a little later is tried again, with growing and jittered pauses, while time is left.
        """
        total = self._patience.total + deadline.wait(0)  # standing in line is not the upstream's time
        end = self._clock.monotonic() + min(total, deadline.left())
        with turns.given_back():
            for number in count(1):
                reply, failure = self._attempt(call, end)
                if failure is None:
                    return reply
                pause = self._pause(failure, number, end)
                if pause is None:
                    raise failure
                self._clock.sleep(pause)
        raise AssertionError("unreachable")

    def standings(self, *buckets: str) -> list[Standing]:
        """Return how these buckets stand."""
        return [self._limits.standing(bucket) for bucket in buckets]

    def health(self, *operations: str) -> list[Health]:
        """Return how the circuits of these operations stand."""
        return [self._breaker.health(operation) for operation in operations]

    def _pause(self, failure: ProviderError, number: int, end: float) -> float | None:
        """Return how long to wait before the next attempt; None: make none."""
        limits = self._patience
        left = end - self._clock.monotonic() - limits.connect
        if not failure.retryable or number >= limits.attempts or left <= 0:
            return None
        jitter = random.uniform(0, limits.wait_initial)  # noqa: S311   not a secret
        if failure.retry_after is None:
            return min(limits.wait_initial * float(2 ** (number - 1)), limits.wait_max, left) + jitter
        return failure.retry_after + jitter if failure.retry_after <= min(limits.wait_max, left) else None

    def _attempt(self, call: Call, end: float) -> tuple[Reply, ProviderError | None]:
        """Ask once, if breaker and bucket let us; tell everybody how it ended."""
        if self._clock.monotonic() >= end:
            return NO_REPLY, ProviderError("no time is left", retryable=False, reason=ErrorClass.TIMEOUT)
        bucket = call.bucket or call.operation
        try:
            self._wait_for_turn(call, bucket, end)
        except ProviderError as refused:
            return NO_REPLY, refused
        start = self._clock.monotonic()
        reply, failure = self._exchange(call, max(end - start, 0.001))
        self._breaker.note(call.operation, failure.reason if failure else None)
        self._limits.learn(bucket, self._lesson(call, reply, failure))
        self._observe(
            Attempt(
                provider=self._provider,
                credential=self._credential,
                operation=call.operation,
                marketplace=call.marketplace,
                outcome=failure.reason if failure else "ok",
                seconds=self._clock.monotonic() - start,
                status=reply.status or None,
                cost=self._manners.cost(reply),
                delivered=0 if failure else self._manners.delivered(call, reply),
            )
        )
        if failure is not None:
            failure.is_told = True
        return reply, failure

    def _wait_for_turn(self, call: Call, bucket: str, end: float) -> None:
        """Pass the breaker, and wait for the bucket; raises ProviderError when either says no."""
        self._breaker.enter(call.operation)
        left = end - self._clock.monotonic() - self._patience.connect
        try:
            longest = max(0.0, min(deadline.wait(self._patience.wait_max), left))
            wait = self._limits.take(bucket, cost=call.tokens, wait_max=longest)
        except ProviderError:
            self._breaker.forgo(call.operation)
            raise
        if wait:
            self._clock.sleep(wait)

    def _lesson(self, call: Call, reply: Reply, failure: ProviderError | None) -> Lesson:
        """Return what the reply tells of the bucket; a 429 without a word empties it."""
        lesson = self._manners.lesson(call, reply)
        if failure is not None and failure.reason is ErrorClass.RATE_LIMITED and lesson.wait is None:
            return Lesson(
                per_second=lesson.per_second, burst=lesson.burst, tokens=0, wait=failure.retry_after
            )
        return lesson

    def _exchange(self, call: Call, left: float) -> tuple[Reply, ProviderError | None]:
        """Ask once. A failure is returned: raised in the handler, it would carry the address along."""
        reply, failure = NO_REPLY, None
        with Watch(left) as watch:
            try:
                with self._session.request(
                    call.method,
                    self._base_url + call.path,
                    params=_revealed(call.params),
                    headers=_revealed(call.headers) | _kind_of_body(call),
                    data=_body_of(call),
                    timeout=(min(self._patience.connect, left), min(self._patience.read, left)),
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    reply, failure = self._read(response, call)
            except Exception as error:  # whatever an upstream does to a connection, the caller hears one kind
                failure = _fault(error)
        if watch.is_over:
            failure = ProviderError("no answer in time", retryable=True, reason=ErrorClass.TIMEOUT)
        return reply, failure

    def _read(self, response: requests.Response, call: Call) -> tuple[Reply, ProviderError | None]:
        reply = Reply(response.status_code, {}, response.headers)
        if reply.status >= 400:
            body = _object(_body(response, MAX_REFUSAL_BYTES)) or {}
            reply = Reply(reply.status, body, response.headers)
            return reply, self._manners.refused(reply)
        if reply.status >= 300:
            return reply, sent("a redirect, which is not followed")
        if not call.is_raw and reply.kind.startswith(NOT_DATA):
            return reply, self._manners.no_json(reply)
        data = _body(response, call.max_bytes)
        if data is None:
            return reply, sent(f"more than {call.max_bytes} bytes")
        if call.is_raw:
            return Reply(reply.status, {}, response.headers, data), None
        if not data.strip():
            return reply, _down("the upstream sent nothing")
        found = _object(data)
        if found is None:
            return reply, sent("what is not a JSON object")
        reply = Reply(reply.status, found, response.headers)
        return reply, self._manners.failed(reply)


NO_REPLY = Reply(0)


def _revealed(words: Words) -> dict[str, str]:
    return {name: word.reveal() if isinstance(word, Secret) else word for name, word in words.items()}


def _kind_of_body(call: Call) -> dict[str, str]:
    return {"Content-Type": "application/json"} if call.json is not None else {}


def _body_of(call: Call) -> bytes | dict[str, str] | None:
    """Return the body: JSON as bytes; a form as what requests encodes itself."""
    if call.json is not None:
        return orjson.dumps(call.json, default=lambda value: value.reveal())
    return None if call.form is None else _revealed(call.form)


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


def _down(message: str) -> ProviderError:
    return ProviderError(message, retryable=True, reason=ErrorClass.UPSTREAM_DOWN)


def _fault(error: Exception) -> ProviderError:
    """Put what went wrong on the way into our words, by its kind alone: its text holds the address."""
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return ProviderError("no answer in time", retryable=True, reason=ErrorClass.TIMEOUT)
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return ProviderError("its address is not one", retryable=False, reason=ErrorClass.INVALID_REQUEST)
    if isinstance(error, urllib3.exceptions.DecodeError):
        return sent("what does not decompress")
    return _down(f"the connection failed ({type(error).__name__})")
