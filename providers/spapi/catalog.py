"""Search the catalogue by identifiers, twenty at a time: what is asked and how pages are followed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from providers.base import ProductData
from providers.batches import Answered
from providers.errors import left_out, unbelievable
from providers.http import Call
from providers.marketplaces import Marketplace
from providers.reading import Raw, Unbelievable, length, objects
from providers.spapi import parse
from providers.spapi.session import NAME, Session
from providers.spapi.wire import next_token

log = structlog.stdlib.get_logger("pallet.providers")

OPERATION = "searchCatalogItems"
BATCH = 20  # identifiers in a call, and items on a page
MOST_PAGES = 5  # one code may lead to several items, but not to a hundred
EVERYTHING = (
    "attributes,classifications,dimensions,identifiers,images,productTypes,relationships,salesRanks,summaries"
)


@dataclass
class Found:
    """The items of all pages that were read. `is_complete`: there is no further page."""

    items: list[Raw] = field(default_factory=list)
    is_complete: bool = False
    doubts: int = 0


def products(session: Session, asins: Sequence[str], place: Marketplace) -> Answered[ProductData | None]:
    """Return what the catalogue says of up to 20 ASINs, and why something is missing, if something is.

    An ASIN that is absent from the whole answer is no product.
    """
    found = search(session, asins, kind="ASIN", place=place, included=EVERYTHING)
    known: dict[str, ProductData] = {}
    for item in found.items:
        try:
            if parse.asin(item) not in asins:
                raise Unbelievable("an answer about another ASIN")
            product = parse.product(item, place)
            known[product.asin] = product
        except Unbelievable as error:
            found.doubts += 1
            log.warning("upstream_doubted", provider=NAME, doubt=str(error))
    if found.doubts:
        return dict(_in_order(asins, known)), unbelievable("an item is not to be believed")
    if not found.is_complete:
        return dict(_in_order(asins, known)), left_out()
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
        asins = {parse.asin(item) for item in found.items}
        if not token or (kind == "ASIN" and asins.issuperset(identifiers)):
            found.is_complete = True
            break
    return found


def _read(body: Raw, found: Found) -> str:
    """Add the items of a page, and return the token of the next; "" when there is none."""
    items = objects(body, "items")
    if items is None:
        raise unbelievable("the answer holds no items")
    found.items += items
    found.doubts += length(body, "items") - len(items)
    return next_token(body)


def _in_order(asins: Sequence[str], known: Mapping[str, ProductData]) -> Iterator[tuple[str, ProductData]]:
    return ((asin, known[asin]) for asin in asins if asin in known)
