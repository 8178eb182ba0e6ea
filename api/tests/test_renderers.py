"""How answers are written."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import orjson
import pytest
from django.http import HttpRequest
from django.utils.functional import lazystr
from rest_framework.response import Response

from api.renderers import JSONRenderer, dumps


def rendered(data: Any, status: int = 200) -> Any:
    request = HttpRequest()
    request.id = "req_1"  # type: ignore[attr-defined]
    context = {"response": Response(status=status), "request": request}
    return orjson.loads(JSONRenderer().render(data, renderer_context=context))


def test_success_is_marked_first_and_named_last() -> None:
    names = list(rendered({"credits_used": 1, "data": {}}, 201))
    assert names == ["status", "credits_used", "data", "request_id"]


def test_what_is_no_object_or_no_success_stays_as_it_is() -> None:
    assert rendered([1]) == [1]
    assert rendered({"a": 1}, 400) == {"a": 1}


def test_nothing_is_written_as_nothing() -> None:
    assert JSONRenderer().render(None) == b""


def test_no_float_touches_money_and_times_end_in_z() -> None:
    when = datetime(2026, 11, 20, 12, tzinfo=UTC)
    one = uuid.UUID(int=1)
    assert orjson.loads(dumps({"amount": Decimal("12.90"), "at": when, "id": one, "name": lazystr("x")})) == {
        "amount": "12.90",
        "at": "2026-11-20T12:00:00Z",
        "id": str(one),
        "name": "x",
    }


def test_mappings_and_sets_have_a_form() -> None:
    written = dumps({"m": MappingProxyType({"a": 1}), "s": frozenset("ba")})
    assert orjson.loads(written) == {"m": {"a": 1}, "s": ["a", "b"]}


def test_what_has_no_form_is_refused() -> None:
    with pytest.raises(TypeError):
        dumps(object())
