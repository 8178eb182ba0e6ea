"""Lists by cursor: the next page starts after the last row seen, whatever was added meanwhile."""

from typing import Any, cast

from django.core import signing
from django.db.models import Field, Model, Q, QuerySet
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.errors import InvalidCursor

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
AFTER = {"type": "string", "pattern": "^[A-Za-z0-9_:-]+$"}


class CursorPagination(BasePagination):
    """`?limit=50&after=<opaque>` to `{"data": […], "has_more": …, "next": …}`; one query a page, no totals.

    The view names its order in `cursor_fields`, all of one direction and together unique, such as
    `("-created_at", "-id")`.
    """

    fields: tuple[str, ...]
    next_cursor: str | None = None

    def paginate_queryset(  # type: ignore[override]  # a list in memory needs no cursor
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        """Return the rows of one page. Raises ValidationError (limit) and InvalidCursor (after)."""
        self.fields = tuple(getattr(view, "cursor_fields", ("-id",)))
        salt = f"api.pagination:{type(view).__name__}:{','.join(self.fields)}"
        limit = read_limit(request.query_params.get("limit"))
        after = request.query_params.get("after")
        if after is not None:
            queryset = queryset.filter(self.beyond(queryset.model, unsign(after, salt, len(self.fields))))
        rows = list(queryset.order_by(*self.fields)[: limit + 1])
        if len(rows) > limit:
            rows.pop()
            last = [serialised(rows[-1], name.lstrip("-")) for name in self.fields]
            self.next_cursor = signing.dumps(last, salt=salt)
        return rows

    def beyond(self, model: type[Model], values: list[str]) -> Q:
        """Return the condition for rows after these values: a <= x and (a < x or (the same for the rest))."""
        comparison = "lt" if self.fields[0].startswith("-") else "gt"
        condition = Q()
        for field, text in reversed(list(zip(self.fields, values, strict=True))):
            name = field.lstrip("-")
            value = cast("Field[Any, Any]", model._meta.get_field(name)).to_python(text)
            past = Q((f"{name}__{comparison}", value))
            condition = Q((f"{name}__{comparison}e", value)) & (past | condition) if condition else past
        return condition

    def get_paginated_response(self, data: Any) -> Response:
        """Return the page with what is needed to ask for the next one."""
        return Response({"data": data, "has_more": self.next_cursor is not None, "next": self.next_cursor})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe the page in OpenAPI."""
        return {
            "type": "object",
            "required": ["status", "data", "has_more", "next", "request_id"],
            "properties": {
                "status": {"type": "string", "const": "success"},
                "data": schema,
                "has_more": {"type": "boolean"},
                "next": {"type": ["string", "null"], "description": "The `after` of the next page."},
                "request_id": {"type": "string"},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe `limit` and `after` in OpenAPI."""
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        return [
            {"name": "limit", "in": "query", "required": False, "schema": limit},
            {
                "name": "after",
                "in": "query",
                "required": False,
                "schema": AFTER,
                "description": "See `next`.",
            },
        ]


def read_limit(text: str | None) -> int:
    """Return how many rows are wanted. Raises ValidationError for anything but 1 to MAX_LIMIT."""
    if text is None:
        return DEFAULT_LIMIT
    if text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MAX_LIMIT:
        return int(text)
    raise ValidationError({"limit": [ErrorDetail(f"A whole number from 1 to {MAX_LIMIT}.", code="invalid")]})


def unsign(after: str, salt: str, count: int) -> list[str]:
    """Return the values of a cursor we signed for this list. Raises InvalidCursor."""
    try:
        values = signing.loads(after, salt=salt)
    except signing.BadSignature:
        raise InvalidCursor from None
    if not isinstance(values, list) or len(values) != count:
        raise InvalidCursor
    return values


def serialised(row: Any, name: str) -> str:
    """Return a field's value as text that `to_python` reads back."""
    return str(row._meta.get_field(name).value_to_string(row))
