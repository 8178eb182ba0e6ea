"""Search the catalogue by identifiers, twenty at a time: what is asked and how pages are followed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from providers.base import ProductData
from providers.errors import ErrorClass, ProviderError
from providers.http import Call
from providers.marketplaces import Marketplace
from providers.spapi import parse
from providers.spapi.session import NAME, Session
from providers.spapi.wire import Unbelievable

log = structlog.stdlib.get_logger("pallet.providers")

OPERATION = "searchCatalogItems"
BATCH = 20  # identifiers in a call, and items on a page
MOST_PAGES = 5  # one code may lead to several items, but not to a hundred
EVERYTHING = (
    "attributes,classifications,dimensions,identifiers,images,productTypes,relationships,salesRanks,summaries"
)

Answered = tuple[dict[str, ProductData | None], ProviderError | None]


@dataclass
class Found:
    """The items of all pages that were read. `is_complete`: there is no further page."""

    items: list[Mapping[str, Any]] = field(default_factory=list)
    is_complete: bool = False
    doubts: int = 0


def products(session: Session, asins: Sequence[str], place: Marketplace) -> Answered:
    """Return what the catalogue says of up to 20 ASINs, and why something is missing, if something is.

    An ASIN that is absent from the whole answer is no product.
    """
    found = search(session, asins, kind="ASIN", place=place, included=EVERYTHING)
    known: dict[str, ProductData] = {}
    for item in found.items:
        try:
            if item.get("asin") not in asins:
                raise Unbelievable("an answer about another ASIN")
            product = parse.product(item, place)
            known[product.asin] = product
        except Unbelievable as error:
            found.doubts += 1
            log.warning("upstream_doubted", provider=NAME, doubt=str(error))
    if found.doubts:
        return dict(_in_order(asins, known)), _unbelievable("an item is not to be believed")
    if not found.is_complete:
        unread = ProviderError("it left this ASIN out", retryable=False, reason=ErrorClass.PARTIAL)
        return dict(_in_order(asins, known)), unread
    return {asin: known.get(asin) for asin in asins}, None


def search(
    session: Session, identifiers: Sequence[str], *, kind: str, place: Marketplace, included: str
) -> Found:
    """Return the items that bear these identifiers, of up to MOST_PAGES pages; raises ProviderError."""
    found, token = Found(), ""
    for _ in range(MOST_PAGES):
        params = {
            "identifiers": ",".join(identifiers),
            "identifiersType": kind,
            "marketplaceIds": place.id,
            "includedData": included,
            "pageSize": str(BATCH),
        } | ({"pageToken": token} if token else {})
        call = Call(
            operation=OPERATION, path="/catalog/2022-04-01/items", marketplace=place.code, params=params
        )
        token = _read(session.send(call).body, found)
        asins = {item.get("asin") for item in found.items}
        if not token or (kind == "ASIN" and asins.issuperset(identifiers)):
            found.is_complete = True
            break
    return found


def _read(body: Mapping[str, Any], found: Found) -> str:
    """Add the items of a page, and return the token of the next; "" when there is none."""
    items, pagination = body.get("items"), body.get("pagination")
    if not isinstance(items, list):
        raise _unbelievable("the answer holds no items")
    objects = [item for item in items if isinstance(item, dict)]
    found.items += objects
    found.doubts += len(items) - len(objects)
    token = pagination.get("nextToken") if isinstance(pagination, dict) else None
    return token if isinstance(token, str) else ""


def _in_order(asins: Sequence[str], known: Mapping[str, ProductData]) -> Iterator[tuple[str, ProductData]]:
    return ((asin, known[asin]) for asin in asins if asin in known)


def _unbelievable(what: str) -> ProviderError:
    return ProviderError(what, retryable=False, reason=ErrorClass.INVALID_ANSWER)
