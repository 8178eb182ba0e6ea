"""Fetch a document from where Amazon puts it: a signed address in its storage, good for five minutes.

Whoever has the address may read the document, so its query is a secret. The address comes in an answer, so
it is believed only if it leads to Amazon; and no token of ours goes there.
"""

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, urlsplit

from providers.attempts import Observer
from providers.clock import Clock
from providers.errors import ErrorClass, ProviderError, sent
from providers.http import Call, HTTPClient, Manners, Patience, Reply, refusal
from providers.spapi.session import NAME
from providers.transport import Secret

OPERATION = "downloadDocument"
CHUNK = 64 * 1024
MAX_BYTES = 64 * 1024 * 1024  # as it is sent
MAX_TEXT = 256 * 1024 * 1024  # decompressed: about a million rows
LONGEST = 300.0  # seconds; then the address is no longer good
_HOST = re.compile(r"(?:[a-z0-9][a-z0-9-]*\.)+amazonaws\.com")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Document:
    """What was downloaded, as it was sent; `charset` is what was declared, if anything was."""

    data: bytes = field(repr=False)
    is_compressed: bool
    charset: str | None

    def chunks(self) -> Iterator[bytes]:
        """Yield the document in pieces of at most CHUNK bytes, of which no more than one is held."""
        opened = io.BytesIO(self.data)
        reader = gzip.GzipFile(fileobj=opened) if self.is_compressed else opened
        while chunk := reader.read(CHUNK):
            yield chunk


def download(
    url: object,
    *,
    algorithm: object,
    credential: str,
    marketplace: str,
    seconds: float,
    also_from: str,
    observe: Observer,
    clock: Clock,
) -> Document:
    """Fetch the document; raises ProviderError, and nothing of its address is in it.

    A compressed one is decompressed once before it is returned: one that is damaged, cut off or far too
    large is refused whole, and none of it is used.
    """
    if algorithm not in (None, "", "GZIP"):
        raise sent("a document compressed in a way that is not known")
    address = trusted(url, also_from)
    client = HTTPClient(
        NAME,
        f"{address.scheme}://{address.netloc}",
        credential=credential,
        manners=Manners(refused=_refusal),
        patience=Patience(total=max(0.0, min(seconds, LONGEST))),
        observe=observe,
        clock=clock,
    )
    query = {name: Secret(value) for name, value in parse_qsl(address.query, keep_blank_values=True)}
    reply = client.send(
        Call(
            operation=OPERATION,
            path=address.path,
            marketplace=marketplace,
            params=query,
            max_bytes=MAX_BYTES,
            is_raw=True,
        )
    )
    charset = _CHARSET.search(reply.headers.get("Content-Type", ""))
    document = Document(
        data=reply.data,
        # Where the storage calls it an encoding of the transfer, the client has decompressed it already.
        is_compressed=algorithm == "GZIP" and reply.data.startswith(b"\x1f\x8b"),
        charset=charset and charset[1],
    )
    _check(document)
    return document


def trusted(url: object, also_from: str) -> SplitResult:
    """Return the parts of an address of Amazon's storage, or of the host that is allowed beside it.

    Raises ProviderError for any other.
    """
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
    except ValueError:
        parts = None
    if parts is None or not parts.path.startswith("/"):
        raise sent("no address of a document")
    is_amazon = parts.scheme == "https" and _HOST.fullmatch(parts.netloc) is not None
    if not is_amazon and f"{parts.scheme}://{parts.netloc}" != also_from:
        raise sent("the address of a document that is not Amazon's")
    return parts


def _refusal(reply: Reply) -> ProviderError:
    """A refusal says nothing of our key, which the storage never sees: the address has had its time."""
    if reply.status in (401, 403, 404):
        return ProviderError("the document is not there", retryable=False, reason=ErrorClass.NOT_FOUND)
    return refusal(reply)


def _check(document: Document) -> None:
    if not document.is_compressed:
        return
    size = 0
    try:
        for chunk in document.chunks():
            size += len(chunk)
            if size > MAX_TEXT:
                raise sent(f"a document of more than {MAX_TEXT} bytes")
    except (OSError, EOFError, zlib.error):
        raise sent("a document that does not decompress") from None
