"""Files as the bodies of calls: received whole before anything is done with them, on disk and not in memory.

Whoever sends slowly keeps neither memory nor a database connection, and half a file is none.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO, Any, NamedTuple, cast

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.http.request import UnreadablePostError
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import ErrorDetail, ValidationError

from api.connections import give_back_connection
from api.errors import BodyTooLarge, MalformedBody, MediaTypeRefused

CHUNK = 64 * 1024  # bytes read at once
HELD = 256 * 1024  # bytes kept in memory before a file is used
FIELD = "file"  # of a form
FORM = "multipart/form-data"
NAME_LENGTH = 200


class Upload(NamedTuple):
    """A file that was sent. `name` and `charset` are what the sender called them, if anything."""

    file: IO[bytes]
    media_type: str
    name: str = ""
    charset: str = ""

    def digest(self) -> str:
        """Return the hash of the file, which is at its beginning before and after."""
        digest = hashlib.sha256()
        while piece := self.file.read(CHUNK):
            digest.update(piece)
        self.file.seek(0)
        return digest.hexdigest()


@contextmanager
def uploaded(request: HttpRequest, *, limit: int, types: Collection[str]) -> Iterator[Upload]:
    """Give the file that was sent as the body, in one of these media types, or as the field `file` of a form.

    `limit` is in bytes, for the whole body. Raises MediaTypeRefused, BodyTooLarge, UnreadablePostError (it
    broke off), MalformedBody (a form that is none), ValidationError (a form without the file, or with more).
    """
    if request.META.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in ("", "identity"):
        raise MediaTypeRefused("The body is packed, as Content-Encoding says: send the file as it is.")
    kind, options = media_type(request)
    if kind != FORM and kind not in types:
        known = ", ".join(types)
        raise MediaTypeRefused(
            f"Send the file as the body, with one of these as Content-Type: {known}; or as the field "
            f"'{FIELD}' of a form ({FORM})."
        )
    body = spooled(request, limit)
    if kind != FORM:
        yield Upload(body, kind, charset=options.get("charset", ""))
        return
    with in_form(request, body) as sent:
        file = cast(IO[bytes], sent)
        yield Upload(file, kind, name=(sent.name or "")[:NAME_LENGTH], charset=as_text(sent.charset))


def media_type(request: HttpRequest) -> tuple[str, Mapping[str, str]]:
    """Return the media type of the body and its parameters; "" for none and for what cannot be read."""
    try:
        kind, options = parse_header_parameters(request.META.get("CONTENT_TYPE", ""))
    except ValueError:
        return "", {}
    return kind.lower(), options


def spooled(request: HttpRequest, limit: int) -> IO[bytes]:
    """Return the body, put aside; a second time for the same request, the same, at its beginning.

    Raises BodyTooLarge, having read no more than the limit and a piece, and UnreadablePostError.
    """
    spool: IO[bytes] | None = getattr(request, "spool", None)
    if spool is None:
        spool = request.spool = received(request, limit)  # type: ignore[attr-defined]
    spool.seek(0)
    return spool


def received(request: HttpRequest, limit: int) -> IO[bytes]:
    """Read the body to its end. The caller closes the file."""
    declared = int(request.META.get("CONTENT_LENGTH") or 0)
    if declared > limit:
        raise BodyTooLarge(limit)
    give_back_connection()  # a caller may take long to send it
    file = cast(IO[bytes], SpooledTemporaryFile(max_size=HELD))  # noqa: SIM115 - it outlives this function
    try:
        length = 0
        while piece := request.read(CHUNK):
            length += len(piece)
            if length > limit:
                raise BodyTooLarge(limit)
            file.write(piece)
        if length < declared:
            raise UnreadablePostError
    except BaseException:
        file.close()
        raise
    return file


def forget(request: HttpRequest) -> None:
    """Let go what was put aside of the body, if anything was."""
    spool: IO[bytes] | None = getattr(request, "spool", None)
    if spool is not None:
        spool.close()


def in_form(request: HttpRequest, body: IO[bytes]) -> "UploadedFile[bytes]":
    """Return the one file of a form that holds nothing else."""
    handler = TemporaryFileUploadHandler(request)
    try:
        fields, files = MultiPartParser(request.META, cast(Any, body), [handler]).parse()
    except MultiPartParserError as error:
        raise MalformedBody(f"The form cannot be read: {error}") from None
    sent = [file for _, found in files.lists() for file in found]
    problems = refused(fields, files)
    if problems:
        for one in sent:
            one.close()
        raise ValidationError(problems)
    return cast("UploadedFile[bytes]", sent[0])


def refused(fields: Any, files: Any) -> dict[str, list[ErrorDetail]]:
    """Return what is wrong with the fields of a form, by their names."""
    unknown = [ErrorDetail("There is no such field here.", code="unknown_field")]
    problems = {name: unknown for name in (*fields, *files) if name != FIELD}
    count = len(files.getlist(FIELD))
    if FIELD in fields or count > 1:
        problems[FIELD] = [ErrorDetail("This is one file, with a name.", code="invalid")]
    elif not count:
        problems[FIELD] = [ErrorDetail("This field is required.", code="required")]
    return problems


def as_text(parameter: str | bytes | None) -> str:
    """Return a parameter of a part's header as text; "" when there is none."""
    return parameter.decode("latin-1") if isinstance(parameter, bytes) else parameter or ""
