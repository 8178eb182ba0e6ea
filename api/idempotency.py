"""The same Idempotency-Key, the same answer: a POST that is sent again is not carried out again.

Below /api/ every POST may bear one; a view with `requires_idempotency_key = True` demands it. Who calls is
found first: a call that the view refuses for its credentials leaves nothing here.
"""

import io
import re
from collections.abc import Callable, Mapping
from typing import IO, Any, cast

import orjson
import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import ValidationError
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from accounts.client_address import address_group, client_address
from accounts.errors import AccountsError
from api import attempts, parsers, uploads
from api.admission import admit
from api.attempts import Attempt, Kept
from api.connections import give_back_connection
from api.errors import (
    IdempotencyInProgress,
    IdempotencyKeyMissing,
    IdempotencyMismatch,
    InvalidIdempotencyKey,
    MalformedBody,
)
from api.ids import charge_key_of
from api.sealing import Seal, seal_of

log = structlog.stdlib.get_logger("pallet.idempotency")
HEADER = "HTTP_IDEMPOTENCY_KEY"
BARE = re.compile(r"[!#-+\--~]{1,255}")  # visible ASCII without " and ",", which parts two headers
QUOTED = re.compile(r'"((?:[!#-\[\]-~]|\\["\\]){1,255})"')  # a string of RFC 9651, without spaces
# Failures after which it is certain that nothing was charged; after any other of ours it is not.
NOTHING_DONE = frozenset({"upstream_unavailable", "cache_miss"})
OF_ONE_ANSWER = frozenset({"request-id", "content-length", "date", "set-cookie"})  # said anew each time


class IdempotencyMiddleware:
    """Stands around the view, and inside whatever changes an answer for one caller, such as compression."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request; if it was an attempt at a call under a key, write down how it ended."""
        try:
            response = self.get_response(request)
        finally:
            uploads.forget(request)
        attempt = getattr(request, "attempt", None)
        if attempt is not None:
            conclude(attempt, response)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> HttpResponseBase | None:
        """Return the answer given before, or why there is none. None: the view is called."""
        kind = getattr(view, "cls", None)
        is_ours = request.method == "POST" and request.path_info.startswith("/api/")
        if kind is None or not is_ours or not hasattr(kind, "post"):
            return None
        if HEADER not in request.META and not getattr(kind, "requires_idempotency_key", False):
            return None
        try:
            return begin(request, kind(**view.initkwargs), args, kwargs)
        except Exception as error:
            handle = cast(Callable[..., HttpResponseBase], api_settings.EXCEPTION_HANDLER)
            return handle(error, {"request": request})


def begin(
    request: HttpRequest, view: APIView, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> HttpResponseBase | None:
    """Claim the call for this request, or return the answer to an earlier one."""
    caller = caller_of(request, view)
    limit: int = getattr(view, "max_body_bytes", settings.API_MAX_BODY_BYTES)
    if caller is None or int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        return None  # the view says why not
    key = key_in(request.META.get(HEADER))
    scope = (caller, "POST", request.path_info, key)
    if hasattr(view, "media_types"):
        let_in(request, view, args, kwargs)  # before so much is received
        body = said_by_file(request, view)
    else:
        body = said(request, limit)
    seal = seal_of(scope=scope, body=body)
    found = attempts.claim(seal, request.id)  # type: ignore[attr-defined]
    if isinstance(found, Attempt):
        request.attempt = found  # type: ignore[attr-defined]
        request.charge_id = charge_key_of(found.first_id)  # type: ignore[attr-defined]
        give_back_connection()
        return None
    let_in(request, view, args, kwargs)
    return answer_again(seal, found)


def caller_of(request: HttpRequest, view: APIView) -> str | None:
    """Return whose keys these are: an account's, or an address's where nobody needs one; None: refused.

    The call counts from here on, whatever comes of it. Raises LimitExceeded.
    """
    is_open = not view.authentication_classes
    try:
        admitted = admit(request, anonymous=is_open)
    except AccountsError:
        return None
    if is_open:
        return f"address:{address_group(client_address(request))}"
    return f"account:{admitted.user.pk}" if admitted.user else None


def key_in(header: str | None) -> str:
    """Return the key. Raises IdempotencyKeyMissing and InvalidIdempotencyKey."""
    if header is None:
        raise IdempotencyKeyMissing
    header = header.strip(" \t")
    if BARE.fullmatch(header):
        return header
    if quoted := QUOTED.fullmatch(header):
        return re.sub(r"\\(.)", r"\1", quoted[1])
    raise InvalidIdempotencyKey


def said(request: HttpRequest, limit: int) -> bytes:
    """Return what tells this call from others under its key: query and body, however they are spelled."""
    declared = int(request.META.get("CONTENT_LENGTH") or 0)
    body = parsers.read(cast(IO[bytes], request), declared=declared, limit=limit)
    request._body, request._stream = body, io.BytesIO(body)  # to be read again by the view
    query = request.META.get("QUERY_STRING", "").encode()
    try:
        return orjson.dumps(["json", query.hex(), parsers.loads(body)], option=orjson.OPT_SORT_KEYS)
    except (MalformedBody, ValidationError):
        return orjson.dumps(["bytes", query.hex(), body.hex()])


def said_by_file(request: HttpRequest, view: Any) -> bytes:
    """Return what tells a call whose body is a file from others: that goes to disk, and its hash says enough.

    A form is known by the file in it, as its boundaries are others each time.
    """
    with uploads.uploaded(request, limit=view.max_body_bytes, types=view.media_types) as sent:
        facts = [request.META.get("QUERY_STRING", ""), sent.media_type, sent.charset, sent.name]
        return orjson.dumps(["file", *(fact.encode(errors="replace").hex() for fact in facts), sent.digest()])


def let_in(request: HttpRequest, view: APIView, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Hold who repeats a call to what the view demands of every caller. Raises what the view would."""
    view.setup(request, *args, **kwargs)
    view.request = view.initialize_request(request, *args, **kwargs)
    view.initial(view.request, *args, **kwargs)


def answer_again(seal: Seal, kept: Kept) -> HttpResponse:
    """Return the kept answer. Raises IdempotencyMismatch and IdempotencyInProgress."""
    if kept.fingerprint != seal.fingerprint:
        raise IdempotencyMismatch
    if kept.answer is None:
        raise IdempotencyInProgress
    facts, _, body = seal.open(kept.answer).partition(b"\n")
    status, headers, code = orjson.loads(facts)
    response = HttpResponse(body, status=status, headers=dict(headers) | {"Idempotent-Replayed": "true"})
    if code is not None:
        response.problem_code = code  # type: ignore[attr-defined]
    return response


def conclude(attempt: Attempt, response: HttpResponseBase) -> None:
    """Keep the answer, or make way for the next attempt. Without the database, time does the latter."""
    try:
        if is_kept(response):
            attempts.store(attempt, written(response))
        elif attempt.is_first and is_without_effect(response):
            attempts.forget(attempt)
        else:
            attempts.let_go(attempt)
    except DatabaseError as error:
        log.warning("the answer could not be kept", error=str(error))


def is_kept(response: HttpResponseBase) -> bool:
    """Say whether the call was carried out, and its answer can be given again."""
    was_done = 200 <= response.status_code < 300 or response.status_code == 404
    return was_done and not response.streaming and not response.has_header("Content-Encoding")


def is_without_effect(response: HttpResponseBase) -> bool:
    """Say whether it is certain that the call changed nothing."""
    code = getattr(response, "problem_code", None)
    return 400 <= response.status_code < 500 or (response.status_code >= 500 and code in NOTHING_DONE)


def written(response: HttpResponseBase) -> bytes:
    """Return an answer as bytes: what is said about it in one line of JSON, then its body."""
    headers = [(name, value) for name, value in response.items() if name.lower() not in OF_ONE_ANSWER]
    facts = [response.status_code, headers, getattr(response, "problem_code", None)]
    return orjson.dumps(facts) + b"\n" + cast(HttpResponse, response).content
