"""Answers of several providers made into one, field by field, each field with its source. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from providers.base import FIELDS, PART_FIELDS, Part, ProductData, Source
from providers.differences import contradictions

# Fields whose absence is usually the truth, and no reason to pay another upstream.
OFTEN_ABSENT = frozenset({"history", "parent_asin", "variation_asins"})


def signed(product: ProductData, provider: str, fetched_at: datetime) -> ProductData:
    """Return the product with this provider as the source of every field it fills, and nothing undelivered:
    what one provider lacks just now another may have.
    """
    provenance = dict.fromkeys(_filled(product), Source(provider, fetched_at))
    return replace(product, provenance=provenance, undelivered=frozenset())


def merged(first: ProductData | None, then: ProductData) -> ProductData:
    """Return `first` with its unknown fields filled from `then`; the order is who is believed first.

    Where `then` contradicts what `first` says, that is noted in `conflicts`.

    Invented data is never mixed with real data: of a sample product and a real one the first stands alone.
    """
    if first is None:
        return then
    if first.is_sample != then.is_sample:
        return first
    gained = _filled(then) - _filled(first)
    found = contradictions(first, then)
    told = {name: first.conflicts.get(name, ()) + claims for name, claims in found.items()}
    return replace(taken(first, then, gained), conflicts={**first.conflicts, **told})


def taken(product: ProductData, other: ProductData, names: Iterable[str]) -> ProductData:
    """Return the product with these fields, and their sources, from the other."""
    names = set(names)
    sources = {name: source for name, source in other.provenance.items() if name in names}
    values = {name: getattr(other, name) for name in names}
    return replace(product, provenance={**product.provenance, **sources}, **values)


def missing(product: ProductData | None, parts: Iterable[Part]) -> frozenset[str]:
    """Return the fields of these parts that are still unknown and worth asking another provider for."""
    wanted = frozenset().union(*(PART_FIELDS[part] for part in parts)) - OFTEN_ABSENT
    return wanted if product is None else wanted - _filled(product)


def _filled(product: ProductData) -> frozenset[str]:
    return frozenset(name for name in FIELDS if getattr(product, name) is not None)
