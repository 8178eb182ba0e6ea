"""A whole answer to getItems: the items, and which of the ASINs asked for do not exist. Pure.

ASINs that Amazon does not know are not among the items; `errors` tells so, under status 200. Whether an
error names the ASIN it is about is not promised.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from providers.base import ProductData
from providers.creators import parse
from providers.marketplaces import Marketplace
from providers.reading import Raw, Unbelievable, objects, word

NOT_FOUND = frozenset({"ItemNotFound", "InvalidItemId"})
_ASIN = re.compile(r"\b(?:B0[A-Z0-9]{8}|\d{9}[\dX])\b", re.ASCII)

Read = tuple[dict[str, ProductData | None], list[Unbelievable]]


def read(body: Raw, asked: Sequence[str], place: Marketplace, *, with_offers: bool) -> Read:
    """Return what is said of the ASINs asked for, and every doubt; raises Unbelievable when it is no answer.

    An ASIN that is left out is one about which nothing certain was said.
    """
    items, errors = objects(body, "itemsResult", "items"), objects(body, "errors")
    if items is None and not errors:
        raise Unbelievable("an answer without items")
    told = [word(raw, "asin") for raw in items or ()]
    found: dict[str, ProductData | None] = {}
    doubts: list[Unbelievable] = []
    for raw, asin in zip(items or (), told, strict=True):
        try:
            known = _asked(asin, asked)
            found[known] = parse.product(raw, place, with_offers=with_offers)
        except Unbelievable as doubt:
            doubts.append(doubt)
    is_whole = set(told) <= set(asked) and len(set(told)) == len(told)
    missing = [asin for asin in asked if asin not in told]
    return found | dict.fromkeys(_unknown(missing, errors or (), is_whole=is_whole)), doubts


def _asked(asin: str | None, asked: Collection[str]) -> str:
    if asin is None or asin not in asked:
        raise Unbelievable("an answer about another ASIN")
    return asin


def _unknown(missing: Sequence[str], errors: Sequence[Raw], *, is_whole: bool) -> Iterator[str]:
    """Return the missing ASINs that do not exist.

    Those are the ones an error names. Errors that name none can only mean the rest when there are as many of
    them, nothing else went wrong, and no item came that nobody asked for (`is_whole`).
    """
    named = {asin for error in errors if _is_not_found(error) for asin in _named(error)}
    yield from (asin for asin in missing if asin in named)
    rest = [asin for asin in missing if asin not in named]
    nameless = [error for error in errors if not _named(error)]
    if is_whole and all(map(_is_not_found, errors)) and len(nameless) == len(rest):
        yield from rest


def _is_not_found(error: Raw) -> bool:
    return word(error, "code") in NOT_FOUND


def _named(error: Raw) -> set[str]:
    return set(_ASIN.findall(word(error, "message") or ""))
