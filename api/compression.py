"""Answers in fewer bytes for whoever takes them so."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

gzip = GZipMiddleware(lambda request: None)  # type: ignore[arg-type]  # used for its second half


def compressed(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return an answer of the API, in gzip where that is accepted and worth it (200 bytes and more).

    Pages stay as they are: only there could somebody else make the browser ask, with its cookies, and guess
    from sizes.
    """
    if "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "") and request.path_info.startswith("/api/"):
        return gzip.process_response(request, response)
    return response
