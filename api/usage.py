"""One APICall for every call below /api/: noted in memory while it is answered, written off its path.

`api.batches` says how: in one statement for many calls, once a second and when the process ends in order.
"""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from api import calls
from api.batches import BatchWriter, register
from api.calls import Call

BATCH = 500  # calls in a statement
MOST_WAITING = 50_000  # of one process; 30 MB


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


class Writer(BatchWriter[Call]):
    """The calls that wait in this process."""

    def __init__(self) -> None:
        super().__init__("calls", calls.write, facts=named, size=BATCH, most_waiting=MOST_WAITING)


def named(call: Call) -> dict[str, Any]:
    """Return under which name the log knows a call."""
    return {"request_id": call.request_id}


writer = register(Writer())
flush = writer.flush
