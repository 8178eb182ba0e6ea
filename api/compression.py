"""Answers in fewer bytes for whoever takes them so."""

from functools import lru_cache

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

from api.negotiation import weighed

gzip = GZipMiddleware(lambda request: None)  # type: ignore[arg-type]  # used for its second half


def compressed(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return an answer of the API, in gzip where that is accepted and worth it (200 bytes and more).

    Pages stay as they are: only there could somebody else make the browser ask, with its cookies, and guess
    from sizes.
    """
    if takes_gzip(request.META.get("HTTP_ACCEPT_ENCODING", "")) and request.path_info.startswith("/api/"):
        return gzip.process_response(request, response)
    return response


@lru_cache(maxsize=256)
def takes_gzip(header: str) -> bool:
    """Say whether an Accept-Encoding names gzip, and not to rule it out (`gzip;q=0`)."""
    return dict(map(weighed, header[:1024].split(","))).get("gzip", 0.0) > 0
