"""The form in which a product is sent: which of its fields, as bytes, and under which entity tag.

What changes by the second (how old it is) stands apart, so that the rest can be kept as it is sent.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from api.renderers import dumps
from providers.base import PART_FIELDS, Answer, Freshness, Part, ProductData, Source

FRESHNESS = {Freshness.UPSTREAM: "fresh", Freshness.CACHED: "cached", Freshness.STALE: "stale"}
# shaped below, with an address of its own, or for the gateway alone
APART = {"provenance", "conflicts", "is_sample", "history", "undelivered"}
TOLD = tuple(field.name for field in fields(ProductData) if field.name not in APART)
ALWAYS = ("asin", "marketplace", "fetched_at", "sample")  # they say which answer this is
CHOOSABLE = (*(name for name in TOLD if name not in ALWAYS), "provenance", "conflicts")


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a product is wanted. `names`: only these of CHOOSABLE."""

    parts: frozenset[Part] = frozenset({Part.CORE})
    images: bool = True
    names: frozenset[str] | None = None


PLAIN = Shape()


def facts(product: ProductData, fetched_at: datetime, shape: Shape) -> dict[str, Any]:
    """Return what is told of a product, in the order of its fields."""
    hidden = {name for part, of_part in PART_FIELDS.items() if part not in shape.parts for name in of_part}
    told = {name: None if name in hidden else getattr(product, name) for name in TOLD}
    told |= {
        "provenance": provenance(product, {name for name, value in told.items() if value is not None}),
        "conflicts": conflicts(product),
        "fetched_at": fetched_at,
        "sample": product.is_sample,
    }
    return chosen(told, shape)


def chosen(told: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """Return these facts without what the shape leaves out."""
    if not shape.images:
        told = {**told, "images": None, "provenance": without(told["provenance"], {"images"})}
    if shape.names is None:
        return told
    silent = set(TOLD) - shape.names
    told = {**told, **{name: without(told[name], silent) for name in ("provenance", "conflicts")}}
    return {name: value for name, value in told.items() if name in shape.names or name in ALWAYS}


def without(told: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    """Return what was said of all other fields."""
    return {name: value for name, value in told.items() if name not in names}


def provenance(product: ProductData, names: set[str]) -> dict[str, dict[str, Any]]:
    """Return who told each of these fields. Fields of one source share one entry."""
    entries: dict[Source, dict[str, Any]] = {}
    told = {}
    for name, source in product.provenance.items():
        if name in names:
            told[name] = entries.setdefault(
                source, {"provider": source.provider, "fetched_at": source.fetched_at}
            )
    return told


def conflicts(product: ProductData) -> dict[str, list[dict[str, Any]]]:
    """Return for each field that is contradicted who says otherwise, and what."""
    return {
        name: [{**claim.source._asdict(), "value": claim.value} for claim in claims]
        for name, claims in product.conflicts.items()
    }


def tag_of(shown: bytes) -> str:
    """Return the entity tag of what is shown: weak, as each answer carries a request id of its own."""
    return f'W/"{hashlib.blake2b(shown, digest_size=12).hexdigest()}"'


def complete(shown: bytes, freshness: Freshness, age: int) -> bytes:
    """Return a product as it is sent: what is shown, and how old that is."""
    tail = b',"freshness":"%b","age_seconds":%d}' % (FRESHNESS[freshness].encode(), age)
    return shown[:-1] + tail


def shown_of(answer: Answer, shape: Shape) -> bytes:
    """Return what is shown of an answer that was found."""
    if answer.product is None:
        raise ValueError("there is no product to show")
    return dumps(facts(answer.product, answer.fetched_at, shape))
