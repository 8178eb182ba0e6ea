"""What every request gets: an id, one line in the log, and headers that keep the answer where it belongs."""

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase, ResponseHeaders
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from api import compression, throttling, usage
from api.calls import harmless
from api.ids import new_request_id
from api.logging import clean_text, current_request_id, line
from api.parsers import accept_chunked

log = logging.getLogger("pallet.access")
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PROTECTIVE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}
VARIES = ("Accept-Encoding", "Authorization", "X-API-Key")
OF_DATA, OF_PAGES, OF_CALLS = (
    ResponseHeaders({**PROTECTIVE, **more})._store
    for more in (
        {"Content-Security-Policy": DATA_POLICY},
        {"Content-Security-Policy": PAGE_POLICY},
        {"Content-Security-Policy": DATA_POLICY, "Vary": ", ".join(VARIES)},
    )
)


class RequestContextMiddleware:
    """Stands outermost, so that no answer leaves without its id and headers, whoever made it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Name the request, answer it, tell the log."""
        started = time.perf_counter()
        request.id = new_request_id()  # type: ignore[attr-defined]
        token = current_request_id.set(request.id)  # type: ignore[attr-defined]
        try:
            if "HTTP_TRANSFER_ENCODING" in request.META and request.path_info.startswith("/api/"):
                accept_chunked(request)
            response = self.get_response(request)
            add_headers(request, response)
            response = compression.compressed(request, response)
            if request.method == "HEAD" and not response.streaming:
                response.content = b""  # type: ignore[attr-defined]  # its length is told already
            tell(request, response, seconds=time.perf_counter() - started)
            if request.path_info.startswith("/api/"):
                usage.note(request, response, time.perf_counter() - started)
        finally:
            current_request_id.reset(token)
        return response


def add_headers(request: HttpRequest, response: HttpResponseBase) -> None:
    """Set the request id and whatever protective header the view left open."""
    headers = response.headers
    is_page = headers.get("Content-Type", "").startswith("text/html")
    is_ours = request.path_info.startswith("/api/")
    if is_ours and "Vary" in headers:
        patch_vary_headers(response, VARIES)
    own = {"Request-Id": request.id}  # type: ignore[attr-defined]
    if is_ours and (admitted := getattr(request, "admission", None)):
        own |= throttling.headers(admitted.used, time.time())
    # All of this is plain ASCII of our own: Django need not check and convert it for each answer.
    fixed = OF_PAGES if is_page else OF_CALLS if is_ours else OF_DATA
    headers._store = {**fixed, **headers._store, **{name.lower(): (name, own[name]) for name in own}}


def tell(request: HttpRequest, response: HttpResponseBase, *, seconds: float) -> None:
    """Write the one line about this request: the route, never the query or an id in the path."""
    if not log.isEnabledFor(logging.INFO):
        return
    match = request.resolver_match
    fields: dict[str, object] = {
        "request_id": request.id,  # type: ignore[attr-defined]
        "method": request.method,
        "route": match.route if match else None,
        "status": response.status_code,
        "ms": round(seconds * 1000, 2),
        "user": user_id(request),
    }
    if match is None:
        fields["path"] = clean_text(request.path_info[:200])
    if client := request.META.get("HTTP_X_CLIENT_REQUEST_ID"):
        fields["client_request_id"] = clean_text(harmless(client))
    log.info(line("request", "pallet.access", fields))


def user_id(request: HttpRequest) -> str | None:
    """Return who called, if that was found out on the way; asks no database."""
    if admitted := getattr(request, "admission", None):
        return str(admitted.user.pk) if admitted.user else None
    user = request.__dict__.get("user")
    if isinstance(user, SimpleLazyObject):  # a session nobody has looked at yet stays unread
        user = getattr(request, "_cached_user", None)
    return str(user.pk) if user is not None and user.pk else None
