"""What every answer carries, and the one line about it."""

import logging
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import orjson
import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils.functional import SimpleLazyObject

from api.middleware import RequestContextMiddleware, log, user_id

REQUEST_ID = re.compile(r"req_[0-9A-HJKMNP-TV-Z]{26}")


@pytest.mark.parametrize("path", ["/health/live", "/api/v1/nothing", "/nothing", "/api/schema/"])
def test_every_answer_has_its_id_and_is_kept_in_its_place(client: Client, path: str) -> None:
    headers = client.get(path).headers
    assert REQUEST_ID.fullmatch(headers["Request-Id"])
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "private, no-store"


def test_answers_of_the_api_differ_by_credential(client: Client) -> None:
    assert {"Authorization", "X-API-Key"} <= set(client.get("/api/v1/nothing").headers["Vary"].split(", "))


def test_data_may_load_nothing_and_a_page_only_our_own(client: Client) -> None:
    assert (
        client.get("/health/live").headers["Content-Security-Policy"].startswith("default-src 'none'; frame")
    )
    assert "script-src 'self'" in client.get("/nothing").headers["Content-Security-Policy"]


def test_two_requests_have_two_ids(client: Client) -> None:
    assert (
        client.get("/health/live").headers["Request-Id"] != client.get("/health/live").headers["Request-Id"]
    )


def test_to_head_no_body_is_sent_and_its_length_is_told() -> None:
    response = RequestContextMiddleware(get_response_of_length)(RequestFactory().head("/health/live"))
    assert isinstance(response, HttpResponse)
    assert (response.content, response.headers["Content-Length"]) == (b"", "4")


def get_response_of_length(request: HttpRequest) -> HttpResponse:
    """What comes through Django's own middleware."""
    return HttpResponse(b"body", headers={"Content-Length": "4"})


class Lines(logging.Handler):
    """The access log, line by line."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(orjson.loads(record.getMessage()))


@pytest.fixture
def access() -> Iterator[list[dict[str, Any]]]:
    """What is written about each request."""
    handler = Lines()
    log.addHandler(handler)
    yield handler.lines
    log.removeHandler(handler)


def answered(request: HttpRequest, response: HttpResponse) -> None:
    """Let a request be answered like this."""
    RequestContextMiddleware(lambda _: response)(request)


def test_the_line_names_the_route_and_not_what_stands_in_it(
    client: Client, access: list[dict[str, Any]]
) -> None:
    answer = client.get("/health/live?token=secret")
    line = access[-1]
    assert (line["event"], line["level"], line["request_id"]) == ("request", "info", answer["Request-Id"])
    assert (line["method"], line["route"], line["status"]) == ("GET", "health/live", 200)
    assert line["ms"] >= 0
    assert "secret" not in str(line)
    assert "path" not in line


def test_an_unknown_path_is_told_without_its_query(access: list[dict[str, Any]]) -> None:
    answered(RequestFactory().get("/wp-login.php?key=1"), HttpResponse(status=404))
    assert access[-1]["path"] == "/wp-login.php"


def test_a_secret_in_an_unknown_path_is_hidden(access: list[dict[str, Any]]) -> None:
    answered(RequestFactory().get(f"/plt_live_{'a' * 48}"), HttpResponse(status=404))
    assert access[-1]["path"] == "/[hidden]"


def test_the_callers_own_id_is_noted_once_it_is_harmless(access: list[dict[str, Any]]) -> None:
    request = RequestFactory().get("/", headers={"X-Client-Request-Id": 'a-1\r\n{"forged": 1}' + "x" * 200})
    answered(request, HttpResponse())
    assert access[-1]["client_request_id"] == ("a-1forged:1" + "x" * 200)[:64]


def test_what_a_view_sets_stays() -> None:
    response = HttpResponse(headers={"Cache-Control": "public, max-age=60", "Content-Security-Policy": "x"})
    RequestContextMiddleware(lambda _: response)(RequestFactory().get("/"))
    assert response.headers["Cache-Control"] == "public, max-age=60"
    assert response.headers["Content-Security-Policy"] == "x"


def test_a_chunked_body_is_read_only_for_the_api() -> None:
    for path, length in (("/api/v1/x", "2"), ("/other", "")):
        request = RequestFactory().post(path, b"{}", content_type="application/json")
        request.META |= {"wsgi.input": BytesIO(b"{}"), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
        request.META["HTTP_TRANSFER_ENCODING"] = "chunked"
        RequestContextMiddleware(lambda _: HttpResponse())(request)
        assert request.META["CONTENT_LENGTH"] == length


class Someone:
    pk: int | None = 7


def test_the_line_names_who_called_without_asking_for_it() -> None:
    request: Any = HttpRequest()
    assert user_id(request) is None

    def never() -> Someone:
        raise AssertionError("the session was read for the log")

    request.user = SimpleLazyObject(never)
    assert user_id(request) is None
    request._cached_user = Someone()
    assert user_id(request) == "7"
    request.user = Someone()
    request.user.pk = None
    assert user_id(request) is None
