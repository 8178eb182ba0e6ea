"""The description of the API (OpenAPI 3.1): made once, and with every call the problem it may end in."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from api.problems import CONTENT_TYPE

TEXT = {"type": "string"}
PROBLEM = {
    "type": "object",
    "description": "Why a call failed (RFC 9457). Some codes have more members; docs/errors.md has them all.",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    "properties": {
        "type": {**TEXT, "format": "uri", "description": "Where this code is explained."},
        "title": {**TEXT, "description": "The same for every problem of this code."},
        "status": {"type": "integer"},
        "detail": {**TEXT, "description": "What went wrong this time, for people."},
        "instance": TEXT,
        "code": {**TEXT, "description": "What went wrong, for programs."},
        "request_id": TEXT,
        "errors": {
            "type": "array",
            "description": "What is wrong with the input, each with a JSON pointer to its place.",
            "items": {"type": "object", "properties": {"detail": TEXT, "pointer": TEXT, "code": TEXT}},
        },
        "retry_after": {"type": "integer", "description": "Seconds after which it makes sense to try again."},
    },
}
FAILURE = {
    "description": "Anything else is a problem; a failed call costs nothing.",
    "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class Schema(SpectacularAPIView):
    """What the API takes and gives, for programs that write programs."""

    authentication_classes = ()
    permission_classes = ()

    def _get_schema_response(self, request: Request) -> Response:
        return Response(document())


@cache
def document() -> dict[str, Any]:
    """Return the description; a release changes it, a request does not."""
    made: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    made["components"]["schemas"]["Problem"] = PROBLEM
    for path in made["paths"].values():
        for operation in path.values():
            operation["responses"]["default"] = FAILURE
    return made
