"""An answer as Redis keeps it: what decides whether it will do, the bytes that are sent, the whole behind.

Three lines: a head, what a plain lookup shows (without what changes by the second), and the document of
`providers.codec`. The usual call reads the head and sends the second line as it is; the document is only
read for what costs extra, or to be merged with what an upstream says now.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

import orjson

from api.renderers import dumps
from products.shapes import PLAIN, Shape, chosen, facts, shown_of, tag_of
from providers.base import Answer, Part, ProductData, StoredProduct
from providers.codec import UNREADABLE, dump, load

VERSION = 3  # of the head; raise it when a line changes its meaning or `shapes.facts` its shape


class Kept:
    """What the store found. Reads no further than it is asked."""

    def __init__(self, head: Mapping[str, Any], shown: bytes, document: bytes) -> None:
        self.asin: str = head["asin"]
        self.marketplace: str = head["marketplace"]
        self.asked = {Part(part): datetime.fromisoformat(at) for part, at in head["asked"].items()}
        self.fetched_at = datetime.fromisoformat(head["fetched_at"])
        self.is_not_found: bool = head["is_not_found"]
        self.parts = frozenset(Part(part) for part in head["parts"])
        self.providers: list[str] = head["providers"]
        self.tag: str = head["tag"]
        self.shown = shown
        self.document = document

    @cached_property
    def product(self) -> ProductData | None:
        """The product itself, read from the document."""
        stored = load(self.document)
        return stored.product if stored else None


def pack(stored: StoredProduct) -> bytes:
    """Return the three lines."""
    document = dump(stored, history=False)
    shown = b"" if stored.product is None else dumps(facts(stored.product, stored.fetched_at, PLAIN))
    head = {
        "v": VERSION,
        "asin": stored.asin,
        "marketplace": stored.marketplace,
        "asked": {str(part): at.isoformat() for part, at in stored.asked.items()},
        "fetched_at": stored.fetched_at.isoformat(),
        "is_not_found": stored.is_not_found,
        "parts": sorted(stored.parts),
        "providers": stored.providers,
        "tag": tag_of(shown),
    }
    return b"\n".join((orjson.dumps(head), shown, document))


def unpack(raw: bytes) -> Kept | None:
    """Return what the three lines say, or None when this version cannot read them."""
    try:
        head, shown, document = raw.split(b"\n")
        read = orjson.loads(head)
        return Kept(read, shown, document) if read["v"] == VERSION else None
    except UNREADABLE:
        return None


def document_in(raw: bytes) -> bytes:
    """Return the third line."""
    return raw.rpartition(b"\n")[2]


def shown(answer: Answer, shape: Shape) -> tuple[bytes, str]:
    """Return what is sent of an answer, and its entity tag: the line kept, when that is what is wanted."""
    kept = answer.kept
    if not isinstance(kept, Kept) or shape.parts != PLAIN.parts:
        raw = shown_of(answer, shape)
    elif shape == PLAIN:
        return kept.shown, kept.tag
    else:
        raw = dumps(chosen(orjson.loads(kept.shown), shape))
    return raw, tag_of(raw)
