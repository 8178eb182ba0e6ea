"""What a call asks about a product: read once for each way it is spelled, as programs repeat themselves."""

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import orjson
from django.http import HttpRequest, QueryDict
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from api import queries
from api.connections import give_back_connection
from products.serializers import LookupInput, LookupOptions, LookupQuery
from products.shapes import Shape
from providers.identifiers import InvalidASIN
from providers.identifiers import asin as read_asin

LONGEST = 512  # characters of a path and query that are remembered: anybody may send thousands
SHORT = 4096  # bytes of a body that is looked into before the caller is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One lookup, checked. Credits and seconds; None is "no limit" and "as usual"."""

    asin: str
    marketplace: str
    shape: Shape
    max_age: int | None
    only_if_cached: bool
    max_credits: int | None
    dry_run: bool


def in_path(request: Request, asin: str) -> Question:
    """Return what is asked by a path and its query. Raises ValidationError."""
    query = request.META.get("QUERY_STRING", "")
    if len(asin) + len(query) <= LONGEST:
        with suppress(ValidationError, InvalidASIN):
            return spelled(asin, query)
    form = LookupQuery(data=queries.values(request, besides={"asin": asin}))
    form.is_valid(raise_exception=True)
    return Question(**form.validated_data)


def in_body(request: Request) -> Question:
    """Return what is asked by a body. Raises ValidationError."""
    queries.refuse_all(request)
    form = LookupInput(data=request.data)
    form.is_valid(raise_exception=True)
    return Question(**form.validated_data)


@lru_cache(maxsize=4096)
def spelled(asin: str, query: str) -> Question:
    """Return what this path and this query ask. Raises ValidationError, InvalidASIN; these are not kept."""
    return replace(options(query), asin=read_asin(asin))


@lru_cache(maxsize=1024)
def options(query: str) -> Question:
    """Return what this query asks about any product. Raises ValidationError."""
    form = LookupOptions(data=queries.once(QueryDict(query), besides=("asin",)))
    form.is_valid(raise_exception=True)
    return Question(asin="", **form.validated_data)


def guessed(request: HttpRequest) -> tuple[str, str] | None:
    """Return the ASIN and the marketplace that a short body seems to name, before it is really read."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdigit() or int(length) > SHORT:
        return None
    give_back_connection()  # a caller may take long to send it
    try:
        data: Any = orjson.loads(request.body)
        return read_asin(data["asin"]), data.get("marketplace", "US").strip().upper()
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
