"""The address that is none."""

from typing import Any, NoReturn

from django.http import HttpRequest
from django.urls import resolve
from rest_framework.request import Request
from rest_framework.views import APIView

from api.admission import admit
from api.errors import UnknownAddress


class Unknown(APIView):
    """Answers every path under /api/ that no one else answers: a 404 problem, with a hint where one helps."""

    authentication_classes = ()
    permission_classes = ()
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse before anything else about the request is looked at. Whoever searches is counted."""
        admit(request._request, anonymous=True)
        raise UnknownAddress(suggestion(request._request))


def suggestion(request: HttpRequest) -> str | None:
    """Return the same path with or without its last slash, if that one exists."""
    path = request.path_info
    other = path.rstrip("/") if path.endswith("/") else path + "/"
    return None if getattr(resolve(other).func, "cls", None) is Unknown else other
