"""JSON in. Refuses what would cost memory or be read two ways, before any view sees it."""

import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from django.http import HttpRequest
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.parsers import BaseParser

from api.connections import give_back_connection
from api.errors import BodyTooDeep, BodyTooLarge, MalformedBody

MAX_DEPTH = 20  # no input of ours nests deeper than a handful
BOM = b"\xef\xbb\xbf"
KINDS = {
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}


class JSONParser(BaseParser):
    """One JSON object in UTF-8: limited in size and depth, no name twice, no NUL characters.

    A view that takes more says so with `max_body_bytes`.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the object. Raises BodyTooLarge, MalformedBody, BodyTooDeep or ValidationError."""
        context = parser_context or {}
        limit = getattr(context.get("view"), "max_body_bytes", settings.API_MAX_BODY_BYTES)
        request = context.get("request")
        declared = int(request.META.get("CONTENT_LENGTH") or 0) if request else 0
        return loads(read(stream, declared=declared, limit=limit))


def read(stream: IO[bytes], *, declared: int, limit: int) -> bytes:
    """Return the whole body, or raise BodyTooLarge having read no more than `limit` + 1 bytes of it."""
    if declared > limit:
        raise BodyTooLarge(limit)
    give_back_connection()  # a caller may take long to send it
    body = stream.read(limit + 1)
    if len(body) > limit:
        raise BodyTooLarge(limit)
    return body


def loads(body: bytes) -> dict[str, Any]:
    """Return the JSON object that `body` spells. Raises MalformedBody or ValidationError (NUL)."""
    body = body.removeprefix(BOM).strip()
    data = decode(body)
    if not isinstance(data, dict):
        raise MalformedBody(f"The body must be a JSON object, and it is {KINDS[type(data)]}.")
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH:
        refuse_depth(data)
    refuse_duplicates(body)
    if b"\\u0000" in body:
        refuse_nul(data)
    return data


def decode(body: bytes) -> Any:
    """Return what `body` says; MalformedBody tells people where it goes wrong."""
    if not body:
        raise MalformedBody("The body is empty; a JSON object is wanted.")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if "depth" in error.msg:
            raise BodyTooDeep(MAX_DEPTH) from None
        refuse_other_encodings(body)
        why = error.msg.partition(": line")[0]
        place = f"line {error.lineno}, column {error.colno}"
        raise MalformedBody(f"The body is not valid JSON: {why} ({place}).") from None


def refuse_other_encodings(body: bytes) -> None:
    """Say that the bytes are no UTF-8, if that is what is wrong with them."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise MalformedBody(f"The body is not UTF-8: see byte {error.start}.") from None


def refuse_depth(data: dict[str, Any]) -> None:
    """Raise BodyTooDeep when objects and arrays nest further than MAX_DEPTH."""
    level: list[Any] = [data]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in values(parent) if isinstance(child, dict | list)]
        if not level:
            return
    raise BodyTooDeep(MAX_DEPTH)


def values(container: dict[str, Any] | list[Any]) -> Any:
    """Return what an object or an array holds."""
    return container.values() if isinstance(container, dict) else container


def refuse_duplicates(body: bytes) -> None:
    """Raise MalformedBody when an object names a member twice, which is ambiguous (RFC 8259, 4)."""
    json.loads(body, object_pairs_hook=unique, parse_int=str, parse_float=str)


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the pairs as a dictionary, each name standing once."""
    found = dict(pairs)
    if len(found) < len(pairs):
        times = Counter(name for name, _ in pairs)
        twice = next(name for name in times if times[name] > 1)
        raise MalformedBody(f"The body names {twice[:100]!r} more than once in one object.")
    return found


def refuse_nul(data: dict[str, Any]) -> None:
    """Raise ValidationError naming the first place with a NUL character, which no text column takes."""
    for path, text in texts(data, ()):
        if "\0" in text:
            detail: Any = [ErrorDetail("Null characters are not allowed.", "null_characters_not_allowed")]
            for name in reversed(path):
                detail = {name: detail}
            raise ValidationError(detail)


def texts(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every string and every name with the way to it. Depth has been checked before."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, child in value.items():
            yield path, name
            yield from texts(child, (*path, name))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from texts(child, (*path, str(index)))


def accept_chunked(request: HttpRequest) -> None:
    """Give a body sent without a length one, reading at most one byte more than the API takes.

    Django takes a missing Content-Length for an empty body. A server that marks the end of the stream, as
    gunicorn does, lets us read it all the same. What is too long keeps a length that says so, and a view with
    a limit of its own can read on; what breaks off or is not in chunks at all is Django's UnreadablePostError
    for whoever reads it.
    """
    if request.META.get("CONTENT_LENGTH") or not request.META.get("wsgi.input_terminated"):
        return
    try:
        body = request.META["wsgi.input"].read(settings.API_MAX_BODY_BYTES + 1)
    except Exception:  # each server has its own for a caller who hangs up or sends what are no chunks
        request.META["CONTENT_LENGTH"], request._stream = "1", BrokenOff()
        return
    request.META["CONTENT_LENGTH"] = str(len(body))
    is_whole = len(body) <= settings.API_MAX_BODY_BYTES
    request._stream = io.BytesIO(body) if is_whole else Longer(body, request.META["wsgi.input"])


class Longer(io.BytesIO):
    """A body that was read as far as most views take it; a view that takes more names how much it wants."""

    def __init__(self, beginning: bytes, rest: IO[bytes]) -> None:
        super().__init__(beginning)
        self._rest = rest

    def read(self, size: int | None = -1, /) -> bytes:
        """Return so many bytes; without a size, no more than the beginning."""
        piece = super().read(size)
        if size is None or size < 0 or len(piece) == size:
            return piece
        try:
            return piece + self._rest.read(size - len(piece))
        except Exception:  # each server has its own, as above
            raise OSError("the body broke off") from None


class BrokenOff(io.BytesIO):
    """A body that cannot be read."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Say so, in the way that Django understands."""
        raise OSError("the body broke off")
