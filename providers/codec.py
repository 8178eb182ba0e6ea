"""ProductData and StoredProduct to JSON bytes and back.

Each document names its version. One of another version, or one that does not read, is None: an old cache
entry is a miss, not a crash. Money and ratings are strings, so that no digit is lost on the way.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from providers.base import (
    Availability,
    Claim,
    HistoryPoint,
    Identifiers,
    ImageData,
    Measurements,
    Money,
    OfferData,
    Part,
    ProductData,
    RankData,
    ReviewData,
    Source,
    StoredProduct,
)

VERSION = 1  # raise it when a field changes its meaning or shape; a new optional field needs no new version
UNREADABLE = (
    orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError, OverflowError, InvalidOperation,
)  # fmt: skip


def to_json(product: ProductData, *, history: bool = True) -> bytes:
    """Return the product as a JSON document, on demand without its history (which is most of its size)."""
    return orjson.dumps(_document(product, history=history), default=str)  # str: of Decimal


def from_json(data: bytes | str | memoryview) -> ProductData | None:
    """Return the product in a document of `to_json`, or None when this version cannot read it."""
    try:
        return _product(orjson.loads(data))
    except UNREADABLE:
        return None


def dump(stored: StoredProduct, *, history: bool = True) -> bytes:
    """Return what the store keeps as a JSON document."""
    document = {
        "v": VERSION,
        "asin": stored.asin,
        "marketplace": stored.marketplace,
        "asked": {str(part): at for part, at in stored.asked.items()},
        "fetched_at": stored.fetched_at,
        "product": stored.product and _document(stored.product, history=history),
    }
    return orjson.dumps(document, default=str)


def load(data: bytes | str | memoryview) -> StoredProduct | None:
    """Return what a document of `dump` holds, or None when this version cannot read it."""
    try:
        document = _of_this_version(orjson.loads(data))
        return StoredProduct(
            asin=document["asin"],
            marketplace=document["marketplace"],
            product=None if document["product"] is None else _product(document["product"]),
            asked={Part(part): datetime.fromisoformat(at) for part, at in document["asked"].items()},
            fetched_at=datetime.fromisoformat(document["fetched_at"]),
        )
    except UNREADABLE:
        return None


def _of_this_version(document: dict[str, Any]) -> dict[str, Any]:
    if document["v"] != VERSION:
        raise ValueError("a document of another version")
    return document


def _document(product: ProductData, *, history: bool) -> dict[str, Any]:
    document: dict[str, Any] = {"v": VERSION}
    for name in _NAMES:
        value = getattr(product, name)
        if value is not None and name not in ("history", "conflicts"):
            document[name] = value
    document["provenance"] = _by_source(product.provenance)
    if product.conflicts:
        document["conflicts"] = {
            name: [[claim.source.provider, claim.source.fetched_at, claim.value] for claim in claims]
            for name, claims in product.conflicts.items()
        }
    if product.history is not None and history:
        document["history"] = _by_series(product.history)
    return document


def _product(document: dict[str, Any]) -> ProductData:
    """Read the fields this version knows; names it does not know are left aside."""
    known = {name: document[name] for name in _NAMES if name in _of_this_version(document)}
    for name in known.keys() & _READ.keys():
        known[name] = _READ[name](known[name])
    return ProductData(**known)


def _by_source(provenance: Mapping[str, Source]) -> list[Any]:
    """Group field names by source: [provider, fetched_at, [field, ...]]; most products have one or two."""
    grouped: dict[Source, list[str]] = {}
    for name, source in provenance.items():
        grouped.setdefault(source, []).append(name)
    return [[source.provider, source.fetched_at, names] for source, names in grouped.items()]


def _by_series(points: Iterable[HistoryPoint]) -> dict[str, Any]:
    """Group points by series, each as [unix seconds, value]: a product may have ten thousand."""
    grouped: dict[str, Any] = {}
    for point in points:
        series = grouped.setdefault(point.series, {"currency": point.currency, "points": []})
        series["points"].append([point.at.timestamp(), point.value])
    return grouped


def _read_provenance(groups: list[Any]) -> dict[str, Source]:
    found = {}
    for provider, fetched_at, names in groups:
        source = Source(provider, datetime.fromisoformat(fetched_at))
        found.update(dict.fromkeys(names, source))
    return found


def _read_history(grouped: dict[str, Any]) -> tuple[HistoryPoint, ...]:
    return tuple(
        HistoryPoint(
            name,
            datetime.fromtimestamp(at, UTC),
            None if value is None else Decimal(value),
            series["currency"],
        )
        for name, series in grouped.items()
        for at, value in series["points"]
    )


def _read_conflicts(told: dict[str, list[Any]]) -> dict[str, tuple[Claim, ...]]:
    return {
        name: tuple(
            Claim(Source(provider, datetime.fromisoformat(at)), _READ.get(name, _as_it_is)(value))
            for provider, at, value in claims
        )
        for name, claims in told.items()
    }


def _as_it_is(value: Any) -> Any:
    return value


def _money(value: dict[str, str]) -> Money:
    return Money(Decimal(value["amount"]), value["currency"])


def _offer(value: dict[str, Any]) -> OfferData:
    return OfferData(**_with(value, price=_money, shipping=_money, seen_at=datetime.fromisoformat))


def _review(value: dict[str, Any]) -> ReviewData:
    return ReviewData(**_with(value, rating=Decimal, reviewed_at=datetime.fromisoformat))


def _with(value: dict[str, Any], **readers: Callable[[Any], Any]) -> dict[str, Any]:
    return {
        name: readers[name](part) if name in readers and part is not None else part
        for name, part in value.items()
    }


def _many(read: Callable[[Any], Any]) -> Callable[[list[Any]], tuple[Any, ...]]:
    return lambda values: tuple(read(value) for value in values)


_NAMES = tuple(f.name for f in fields(ProductData) if f.name != "undelivered")
_READ: Mapping[str, Callable[[Any], Any]] = {
    "bullets": tuple,
    "images": _many(lambda value: ImageData(**value)),
    "categories": tuple,
    "variation_asins": tuple,
    "price": _money,
    "list_price": _money,
    "availability": Availability,
    "rating": Decimal,
    "rank": lambda value: RankData(**value),
    "ranks": _many(lambda value: RankData(**value)),
    "identifiers": lambda value: Identifiers(**{name: tuple(codes) for name, codes in value.items()}),
    "item": lambda value: Measurements(**value),
    "package": lambda value: Measurements(**value),
    "offers": _many(_offer),
    "reviews": _many(_review),
    "history": _read_history,
    "provenance": _read_provenance,
    "conflicts": _read_conflicts,
}
