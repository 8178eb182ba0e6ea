"""The description of the API (OpenAPI 3.1): made once, and given to programs that write programs."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response


class Schema(SpectacularAPIView):
    """What the API takes and gives, for programs that write programs."""

    authentication_classes = ()
    permission_classes = ()

    def _get_schema_response(self, request: Request) -> Response:
        return Response(document())


@cache
def document() -> dict[str, Any]:
    """Return the description; a release changes it, a request does not.

    What is the same for every call is added by `settings.SPECTACULAR_SETTINGS["POSTPROCESSING_HOOKS"]`.
    """
    made: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    return made
