"""Query strings: each name once, and none where none is read."""

from collections.abc import Container, Mapping
from typing import Any

from django.http import QueryDict
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request


def values(request: Request, *, besides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the query's values by name, and those that stand in the path (`besides`).

    Raises ValidationError for a name that stands there twice, or that the path already gives.
    """
    given = besides or {}
    return {**once(request.query_params, besides=given), **given}


def once(query: QueryDict, *, besides: Container[str] = ()) -> dict[str, Any]:
    """Return the query's values by name. Raises ValidationError for a name that is given twice."""
    problems = {}
    for name, found in query.lists():
        if name in besides:
            problems[name] = [ErrorDetail("The path says this already.", code="unknown_field")]
        elif len(found) > 1:
            problems[name] = [ErrorDetail("This is given more than once.", code="invalid")]
    if problems:
        raise ValidationError(problems)
    return dict(query.items())


def refuse_all(request: Request) -> None:
    """Raise ValidationError for any query: what this call reads stands in its body."""
    if request.query_params:
        why = [ErrorDetail("This call takes no query; put it into the body.", code="unknown_field")]
        raise ValidationError(dict.fromkeys(request.query_params, why))
