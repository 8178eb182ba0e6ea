"""One APICall for every call below /api/: noted in memory while it is answered, written off its path.

`note` appends to a list in this process and asks nobody. A writer (`start`, in `config/wsgi.py`) takes what
has gathered every second, or as soon as a batch is full, and writes it in one statement. While PostgreSQL is
away calls wait, up to a bound; what exceeds it is counted and logged. A process that ends in order writes
what it still has: `stop` runs at the interpreter's exit, whatever the process is.
"""

import atexit
import os
import threading
from collections import deque
from typing import Any

import structlog
from django.db import DataError, IntegrityError, connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from api import calls
from api.calls import Call

log = structlog.stdlib.get_logger("pallet.usage")
BATCH = 500  # calls in a statement
EVERY_SECONDS = 1.0
MOST_WAITING = 50_000  # of one process; 30 MB
STOP_SECONDS = 10.0  # for the last statement, when the process ends


def note(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    """Remember a call below /api/ that was answered; never waits and never fails for want of a database.

    The pages that lie there, such as /api/docs/, are no calls.
    """
    headers = response.headers
    if headers.get("Content-Type", "").startswith("text/html"):
        return
    user_id, key_id = caller_of(request)
    outcome = outcome_of(response)
    writer.put(
        Call(
            request_id=request.id,  # type: ignore[attr-defined]
            user_id=user_id,
            key_id=key_id,
            operation=operation_of(request),
            method=request.method or "",
            status=response.status_code,
            outcome=outcome,
            credits="0" if outcome == "replayed" else headers.get("X-Credits-Charged", "0"),
            seconds=seconds,
            client_request_id=request.META.get("HTTP_X_CLIENT_REQUEST_ID", ""),
        )
    )


def caller_of(request: Any) -> tuple[Any, Any]:
    """Return the ids of the user and of the key, None where there is none; asks no database."""
    admitted = getattr(request, "admission", None)
    if admitted is not None:
        user, credential = admitted.user, admitted.credential
    else:
        user, credential = getattr(request, "user", None), getattr(request, "auth", None)
    if credential is None or user is None:
        return None, None
    return user.pk, credential.id if credential.kind == "key" else None


def operation_of(request: HttpRequest) -> str:
    """Return what was asked for: the view's operation, or its name. Of a bounded set, whatever the path."""
    try:  # an answer given before the view was looked for is for the same operation
        match = request.resolver_match or resolve(request.path_info)
    except Resolver404:
        return "unknown"
    stated: str | None = getattr(getattr(match.func, "view_class", None), "operation", None)
    return stated or match.view_name or "unknown"


def outcome_of(response: HttpResponseBase) -> str:
    """Return how a call ended: the problem's code, or what kind of success it was."""
    if response.headers.get("Idempotent-Replayed"):
        return "replayed"
    code: str | None = getattr(response, "problem_code", None)
    if code:
        return code
    if response.status_code == 304:
        return "not_modified"
    return "ok" if response.status_code < 400 else f"http_{response.status_code}"


class Writer:
    """The calls that wait in this process, and the thread that writes them. Under gevent it is a greenlet."""

    def __init__(self) -> None:
        self.waiting: deque[Call] = deque()
        self.lost = 0
        self.renew()

    def renew(self) -> None:
        """Begin with no thread and no call: as a new process, or the child of one."""
        self.waiting.clear()
        self.wake = threading.Event()
        self.writing = threading.Lock()
        self.ending = False
        self.thread: threading.Thread | None = None

    def put(self, call: Call) -> None:
        """Let a call wait, unless too many do."""
        if len(self.waiting) >= MOST_WAITING:
            self.lost += 1
            return
        self.waiting.append(call)
        if len(self.waiting) == BATCH:
            self.wake.set()

    def start(self) -> None:
        """Write from now on, by a thread that does not keep the process alive."""
        if self.thread is None:
            self.ending = False
            self.thread = threading.Thread(target=self.run, name="usage", daemon=True)
            self.thread.start()

    def run(self) -> None:
        """Write every second, or when a batch is full, until it is time to end."""
        while not self.ending:
            self.wake.wait(EVERY_SECONDS)
            self.wake.clear()
            self.attempt()

    def attempt(self) -> None:
        """Write what waits, if the database lets us, and give the connection back. Only the writer's own."""
        try:
            self.flush()
        except Exception as error:  # whatever it is: this thread must go on, and a later attempt may do
            log.warning("calls wait to be written", waiting=len(self.waiting), error=str(error))
        finally:
            connection.close()
        if self.lost:
            log.error("calls were not noted, as too many waited to be written", count=self.lost)
            self.lost = 0

    def flush(self) -> None:
        """Write what waits. What fails waits again, in its place, and the database's error is raised."""
        with self.writing:
            while batch := self.take():
                try:
                    write(batch)
                except BaseException:
                    self.waiting.extendleft(reversed(batch))
                    raise

    def take(self) -> list[Call]:
        """Return the next calls to write."""
        return [self.waiting.popleft() for _ in range(min(BATCH, len(self.waiting)))]

    def stop(self) -> None:
        """End the thread and write what is left. What cannot be written now is counted and logged."""
        thread, self.thread = self.thread, None
        self.ending = True
        self.wake.set()
        if thread is not None:
            thread.join(STOP_SECONDS)
        if self.waiting and not (thread and thread.is_alive()):
            self.attempt()
        if self.waiting:
            log.error("calls were not written before the end", count=len(self.waiting))


def write(batch: list[Call]) -> None:
    """Write a batch; a call in it that no attempt could write is logged, so that it holds up no other."""
    try:
        calls.write(batch)
    except (DataError, IntegrityError, ValueError):
        if len(batch) == 1:
            log.exception("a call could not be written", request_id=batch[0].request_id)
            return
        for call in batch:
            write([call])


writer = Writer()
start, stop, flush = writer.start, writer.stop, writer.flush


def begin_again() -> None:
    """Let the child of a fork have a writer of its own: the calls that wait are the parent's to write."""
    had_one = writer.thread is not None
    writer.renew()
    if had_one:
        writer.start()


os.register_at_fork(after_in_child=begin_again)
atexit.register(stop)
