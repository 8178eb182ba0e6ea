"""Which answers to Accept are given."""

import pytest
from django.test import RequestFactory
from rest_framework.exceptions import NotAcceptable
from rest_framework.renderers import StaticHTMLRenderer
from rest_framework.request import Request

from api.negotiation import ContentNegotiation
from api.renderers import JSONRenderer


def choose(accept: str, *renderers: type) -> str:
    request = Request(RequestFactory().get("/", HTTP_ACCEPT=accept))
    chosen = ContentNegotiation().select_renderer(request, [kind() for kind in renderers or (JSONRenderer,)])
    return str(chosen[1])


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/json",
        "application/problem+json",
        "application/json; charset=utf-8",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "text/plain, APPLICATION/*",
        "application/json;q=high",
        "application/json;v=1;q=0.5",
    ],
)
def test_json_satisfies(accept: str) -> None:
    assert choose(accept) == "application/json"


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml", "image/*", "application/json;q=0, */*;q=1", "*/*;q=0"]
)
def test_json_does_not_satisfy(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        choose(accept)


def test_a_view_with_several_forms_lets_the_caller_choose() -> None:
    assert choose("text/html", JSONRenderer, StaticHTMLRenderer) == "text/html"
