"""RFC 9457 problem details: the one shape of every failure under /api/."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from api.renderers import dumps

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong: `code` for programs, `title` for all such problems, `detail` for this one."""

    status: int
    code: str
    title: str
    detail: str
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def answer(request: HttpRequest | Request, problem: Problem) -> HttpResponse:
    """Return the problem as `application/problem+json`, with the id under which the log knows the request."""
    body = body_of(problem, request_id=getattr(request, "id", ""), url=settings.PUBLIC_URL)
    response = HttpResponse(
        dumps(body), status=problem.status, content_type=CONTENT_TYPE, headers=dict(problem.headers)
    )
    response.problem_code = problem.code  # type: ignore[attr-defined]  # for the record of calls
    return response


def body_of(problem: Problem, *, request_id: str, url: str) -> dict[str, Any]:
    """Return the members of a problem; `url` is where its code is explained."""
    return {
        "type": f"{url}/docs/errors#{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": f"urn:pallet:request:{request_id}",
        "code": problem.code,
        "request_id": request_id,
        **problem.members,
    }


def validation_members(detail: Any) -> dict[str, Any]:
    """Return what DRF found wrong as `errors`, one entry for each, with a JSON pointer to its place."""
    return {
        "errors": [
            {"detail": str(error), "pointer": "#" + pointer, "code": getattr(error, "code", "invalid")}
            for pointer, error in flat(detail, "")
        ]
    }


def flat(detail: Any, pointer: str) -> list[tuple[str, Any]]:
    """Return the leaves of DRF's nested error detail with the way to each, escaped as RFC 6901 wants."""
    if isinstance(detail, Mapping):
        return [leaf for name, child in detail.items() for leaf in flat(child, pointer + step(str(name)))]
    if isinstance(detail, list | tuple):
        nested = any(isinstance(child, Mapping | list) for child in detail)
        return [
            leaf
            for index, child in enumerate(detail)
            for leaf in flat(child, f"{pointer}/{index}" if nested else pointer)
        ]
    return [(pointer, detail)]


def step(name: str) -> str:
    """Return the way from an object to its member; what concerns the object as a whole stays where it is."""
    return "" if name == "non_field_errors" else "/" + name.replace("~", "~0").replace("/", "~1")


def summary(members: Mapping[str, Any]) -> str:
    """Return one sentence about the entries of `errors`, for whoever reads only `detail`."""
    errors = members["errors"]
    if not errors:
        return "The request is not valid."
    first = errors[0]
    name = first["pointer"].removeprefix("#/")
    sentence = first["detail"] if first["pointer"] == "#" else f"{name}: {first['detail']}"
    more = len(errors) - 1
    return f"{sentence} ({more} more in errors.)" if more else sentence
