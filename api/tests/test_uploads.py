"""Files as bodies: as they are or in a form, whole or not at all."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.http.request import UnreadablePostError
from django.test import RequestFactory
from django.test.client import encode_multipart
from rest_framework.exceptions import ValidationError

from api.errors import BodyTooLarge, MalformedBody, MediaTypeRefused
from api.parsers import accept_chunked
from api.uploads import CHUNK, forget, uploaded

TYPES = ("text/csv", "application/octet-stream")
BOUNDARY = "between"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
made: list[HttpRequest] = []


@pytest.fixture(autouse=True)
def closing() -> Iterator[None]:
    """Let go what was put aside."""
    yield
    for request in made:
        forget(request)
    made.clear()


def post(body: bytes, kind: str = "text/csv", **extra: Any) -> HttpRequest:
    request = RequestFactory().generic("POST", "/api/v1/x", body, **{"CONTENT_TYPE": kind, **extra})
    made.append(request)
    return request


def form(**fields: Any) -> bytes:
    return encode_multipart(BOUNDARY, fields)


def received(request: HttpRequest, limit: int = 1_000_000) -> tuple[bytes, str, str]:
    with uploaded(request, limit=limit, types=TYPES) as sent:
        return sent.file.read(), sent.name, sent.charset


def test_the_body_is_the_file() -> None:
    assert received(post(b"a,b")) == (b"a,b", "", "")
    assert received(post(b"a,b", "TEXT/CSV; charset=Shift_JIS")) == (b"a,b", "", "Shift_JIS")
    assert received(post(b"")) == (b"", "", "")


def test_a_form_holds_the_file() -> None:
    file = SimpleUploadedFile("../stock.csv", b"a,b", content_type="text/csv")
    assert received(post(form(file=file), FORM)) == (b"a,b", "stock.csv", "")
    named = b'--between\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
    named += b"Content-Type: text/plain; charset=cp932\r\n\r\nx\r\n--between--\r\n"
    assert received(post(named, FORM)) == (b"x", "a.txt", "cp932")


def test_it_can_be_received_twice() -> None:
    request = post(b"a,b")
    assert received(request) == received(request)


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "", "x" * 20_000])
def test_another_media_type_is_refused_in_words(kind: str) -> None:
    with pytest.raises(MediaTypeRefused, match="text/csv, application/octet-stream; or as the field 'file'"):
        received(post(b"a,b", kind))


def test_a_packed_body_is_refused() -> None:
    with pytest.raises(MediaTypeRefused, match="packed"):
        received(post(b"a,b", HTTP_CONTENT_ENCODING="gzip"))
    assert received(post(b"a,b", HTTP_CONTENT_ENCODING="identity"))[0] == b"a,b"


def a_file() -> SimpleUploadedFile:
    return SimpleUploadedFile("a.csv", b"a")


FORMS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "no file": ({}, {"file": "required"}),
    "a text": ({"file": "a,b"}, {"file": "invalid"}),
    "two files": ({"file": [a_file(), a_file()]}, {"file": "invalid"}),
    "a field too many": ({"file": a_file(), "balance": "1"}, {"balance": "unknown_field"}),
    "another file": ({"file": a_file(), "more": a_file()}, {"more": "unknown_field"}),
}


@pytest.mark.parametrize("what", FORMS)
def test_a_form_holds_the_file_and_nothing_else(what: str) -> None:
    fields, problems = FORMS[what]
    with pytest.raises(ValidationError) as caught:
        received(post(form(**fields), FORM))
    detail: Any = caught.value.detail
    assert {name: told[0].code for name, told in detail.items()} == problems


def test_a_form_that_is_none_cannot_be_read() -> None:
    with pytest.raises(MalformedBody, match="The form cannot be read"):
        received(post(b"x", "multipart/form-data"))
    with pytest.raises(ValidationError):
        received(post(b"x", FORM))


class Counting(io.BytesIO):
    """A stream that notes how much of it was read."""

    given = 0

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.given += len(piece)
        return piece


def test_a_body_that_says_to_be_too_large_is_not_read() -> None:
    stream = Counting(b"x" * 1001)
    extra: dict[str, Any] = {"wsgi.input": stream}
    with pytest.raises(BodyTooLarge):
        received(post(b"x" * 1001, **extra), limit=1000)
    assert stream.given == 0


def chunked(stream: io.BytesIO) -> HttpRequest:
    extra: dict[str, Any] = {"wsgi.input": stream, "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    request = post(b"", HTTP_TRANSFER_ENCODING="chunked", **extra)
    accept_chunked(request)
    return request


def test_a_body_in_chunks_is_read_beyond_what_other_calls_take() -> None:
    data = bytes(range(256)) * 12_000
    assert received(chunked(io.BytesIO(data)), limit=len(data))[0] == data


def test_a_body_in_chunks_without_an_end_is_read_to_the_limit() -> None:
    stream = Counting(b"x" * 10_000_000)
    with pytest.raises(BodyTooLarge):
        received(chunked(stream), limit=3_000_000)
    assert stream.given <= 3_000_000 + CHUNK


class Broken(io.BytesIO):
    """A stream that breaks off."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() >= 1_000_001:
            raise ValueError("the caller hung up")
        return super().read(size)


def test_half_a_file_is_none() -> None:
    with pytest.raises(UnreadablePostError):
        received(broken_off(b"x" * 1000, "text/csv"))
    with pytest.raises(UnreadablePostError):
        received(chunked(Broken(b"x" * 2_000_000)), limit=5_000_000)
    with pytest.raises(UnreadablePostError):
        received(broken_off(form(file=a_file()), FORM))


def broken_off(body: bytes, kind: str) -> HttpRequest:
    extra: dict[str, Any] = {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body) + 100)}
    return post(b"", kind, **extra)
