"""JSON out. Puts the marks of success around an answer; views return what they have to say and no more."""

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson
from django.utils.functional import Promise
from rest_framework.renderers import BaseRenderer

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC


class JSONRenderer(BaseRenderer):
    """`{"status": "success", …, "request_id": …}` for a 2xx answer that is an object; all else as it is."""

    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the body as UTF-8 JSON; b"" where there is nothing to say (204)."""
        if data is None:
            return b""
        context = renderer_context or {}
        response = context.get("response")
        if isinstance(data, dict) and response is not None and 200 <= response.status_code < 300:
            data = {"status": "success", **data, "request_id": context["request"].id}
        return dumps(data)


def dumps(data: Any) -> bytes:
    """Return `data` as JSON: decimals as strings (no float touches money), times in RFC 3339 with Z."""
    return orjson.dumps(data, default=plain, option=OPTIONS)


def plain(value: Any) -> Any:
    """Turn what orjson does not know into what it does."""
    if isinstance(value, Decimal | Promise | uuid.UUID):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
