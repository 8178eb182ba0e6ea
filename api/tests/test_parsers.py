"""What a body has to be before a view sees it."""

import io
import json
import time
from typing import Any

import pytest
from django.http.request import UnreadablePostError
from django.test import RequestFactory, override_settings
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from api.errors import BodyTooDeep, BodyTooLarge, MalformedBody
from api.parsers import MAX_DEPTH, JSONParser, accept_chunked, loads, read


class Counting(io.BytesIO):
    """A body that knows how much of it was read."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size)
        self.taken += len(chunk)
        return chunk


def nested(levels: int) -> bytes:
    """An object that nests so many levels deep, itself the first."""
    return b'{"a":' * levels + b"1" + b"}" * levels


def test_an_object_is_read() -> None:
    assert loads(b'{"asin": "B07ZPKCJ6X", "n": [1, {"deep": null}]}') == {
        "asin": "B07ZPKCJ6X",
        "n": [1, {"deep": None}],
    }


def test_a_byte_order_mark_and_white_space_do_no_harm() -> None:
    assert loads(b"\xef\xbb\xbf \r\n{}\n") == {}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"[1, 2]", "an array"),
        (b'"B07ZPKCJ6X"', "a string"),
        (b"7", "a number"),
        (b"7.5", "a number"),
        (b"true", "a boolean"),
        (b"null", "null"),
        (b'{"asin": ', "line 1, column"),
        (b"{'asin': 1}", "line 1, column"),
        (b'{"n": NaN}', "not valid JSON"),
        (b'{"n": Infinity}', "not valid JSON"),
        (b'{"n": 1e999}', "not valid JSON"),
        (b'{"a": "\\ud800"}', "not valid JSON"),
        (b'{"a": "\xff"}', "not UTF-8: see byte 7"),
        ('{"a": "\u00e9"}'.encode("latin-1"), "not UTF-8"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (b'{"a": "\x00"}', "not valid JSON"),
        (b'{"asin": 1, "asin": 2}', "'asin' more than once"),
        (b'{"a": {"b": 1, "b": 1}}', "'b' more than once"),
        (b"asin=B07ZPKCJ6X", "not valid JSON"),
    ],
)
def test_what_is_no_object_is_refused_with_the_reason(body: bytes, words: str) -> None:
    with pytest.raises(MalformedBody, match=words):
        loads(body)


def test_nesting_ends_at_the_limit() -> None:
    assert loads(nested(MAX_DEPTH))
    for body in (nested(MAX_DEPTH + 1), b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}"):
        with pytest.raises(BodyTooDeep, match="20 levels"):
            loads(body)


def test_many_flat_lists_are_not_deep() -> None:
    assert len(loads(b'{"rows": [' + b"[],[{}]," * 50 + b"0]}")["rows"]) == 101


@pytest.mark.parametrize("body", [b"[" * 100_000, nested(5_000), b'{"a":' * 100_000])
def test_absurd_depth_is_refused_without_harm(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        loads(body)


def test_a_number_of_ten_thousand_digits_is_no_trouble() -> None:
    assert "n" in loads(b'{"n": ' + b"9" * 300 + b', "m": "' + b"9" * 10_000 + b'"}')


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"asin": "B07\\u0000"}', ["asin"]),
        (b'{"rows": [{"ok": 1}, {"asin": "\\u0000"}]}', ["rows", "1", "asin"]),
        (b'{"as\\u0000in": 1}', []),
    ],
)
def test_a_nul_character_is_refused_with_its_place(body: bytes, place: list[str]) -> None:
    with pytest.raises(ValidationError) as refusal:
        loads(body)
    detail: Any = refusal.value.detail
    for name in place:
        detail = detail[name]
    assert detail[0].code == "null_characters_not_allowed"


def test_a_backslash_before_u0000_is_no_nul() -> None:
    assert loads(b'{"path": "C:\\\\u0000", "n": [1, true]}') == {"path": "C:\\u0000", "n": [1, True]}


def test_a_declared_length_beyond_the_limit_is_refused_unread() -> None:
    body = Counting(b" " * 100)
    with pytest.raises(BodyTooLarge):
        read(body, declared=10_000_000, limit=50)
    assert body.taken == 0


def test_an_undeclared_length_is_read_to_just_beyond_the_limit() -> None:
    body = Counting(b" " * 10_000_000)
    with pytest.raises(BodyTooLarge, match="1,000 bytes"):
        read(body, declared=0, limit=1_000)
    assert body.taken == 1_001


def test_a_view_may_take_larger_bodies() -> None:
    class Roomy:
        max_body_bytes = 5_000

    body = b'{"a": "' + b"x" * 3_000 + b'"}'
    with override_settings(API_MAX_BODY_BYTES=1_000):
        with pytest.raises(BodyTooLarge):
            JSONParser().parse(io.BytesIO(body), None, {"view": object()})
        assert JSONParser().parse(io.BytesIO(body), None, {"view": Roomy()})


def chunked(body: io.BytesIO, **extra: Any) -> Any:
    """A request whose server took a body without a length, as gunicorn hands it on."""
    facts = {"wsgi.input": body, "wsgi.input_terminated": True, "CONTENT_TYPE": "application/json"} | extra
    request = RequestFactory().generic("POST", "/api/v1/x", **facts)  # type: ignore[arg-type]
    request.META.pop("CONTENT_LENGTH", None)
    return request


def test_a_chunked_body_is_read() -> None:
    request = chunked(io.BytesIO(b'{"asin": "B07ZPKCJ6X"}'))
    accept_chunked(request)
    assert Request(request, parsers=[JSONParser()]).data == {"asin": "B07ZPKCJ6X"}


def test_a_chunked_body_beyond_the_limit_is_refused_without_reading_it_all() -> None:
    body = Counting(b" " * 10_000_000)
    request = chunked(body)
    accept_chunked(request)
    with pytest.raises(BodyTooLarge):
        assert Request(request, parsers=[JSONParser()]).data
    assert body.taken == 1_000_001


def test_a_stream_without_an_end_is_left_alone() -> None:
    body = Counting(b"{}")
    accept_chunked(chunked(body, **{"wsgi.input_terminated": False}))
    assert body.taken == 0


@pytest.mark.parametrize("failure", [OSError("gone"), ValueError("no size of a chunk: zz")])
def test_a_chunked_body_that_breaks_off_is_told_like_any_other(failure: Exception) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise failure

    request = chunked(Broken())
    accept_chunked(request)
    with pytest.raises(UnreadablePostError):
        assert Request(request, parsers=[JSONParser()]).data


def test_a_name_that_stands_twice_among_many_is_found_at_once() -> None:
    body = json.dumps({f"n{number}": 0 for number in range(50_000)})[:-1] + ', "n49999": 1}'
    started = time.process_time()
    with pytest.raises(MalformedBody, match="'n49999' more than once"):
        loads(body.encode())
    assert time.process_time() - started < 5  # comparing each name with each takes half a minute
