"""The account's own listings, searched by FNSKU: the one call of Amazon's that leads from FNSKUs to ASINs.

It knows the FNSKUs of the seller who is asked for; those of others are simply not in its answers.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple
from urllib.parse import quote

import structlog

from providers.base import Match, Source
from providers.batches import Answered, cut, gathered
from providers.errors import ProviderError, unbelievable
from providers.http import Call
from providers.marketplaces import Marketplace
from providers.reading import Raw, listed, objects
from providers.spapi import codes as checked
from providers.spapi.session import NAME, Session
from providers.spapi.wire import next_token
from providers.spapi.wording import condition, title

log = structlog.stdlib.get_logger("pallet.providers")

OPERATION = "searchListingsItems"
BATCH = 20  # identifiers in one call, and items on one page
MOST_PAGES = 10  # of one search: each of 20 FNSKUs would have to stand on ten SKUs


class Claim(NamedTuple):
    """What one listing says: this FNSKU is on that product. `asin` is None when what it says is no ASIN."""

    fnsku: str
    asin: str | None
    title: str | None
    condition: str | None


def resolve(
    session: Session, *, seller_id: str, codes: Sequence[str], place: Marketplace
) -> dict[str, Match | None]:
    """Return the match of each FNSKU, None for those the seller has no listing with in this marketplace.

    A batch that fails is left out of the answer, and so is an FNSKU of which nothing was said that can be
    believed; ProviderError when that is so for all of them.
    """
    return gathered(partial(_batch, session, seller_id, batch, place) for batch in cut(codes, BATCH))


def _batch(
    session: Session, seller_id: str, batch: Sequence[str], place: Marketplace
) -> Answered[Match | None]:
    answered = _matches(batch, list(_claims(session, seller_id, batch, place)))
    return answered, _doubt(batch, answered)


def _claims(session: Session, seller_id: str, batch: Sequence[str], place: Marketplace) -> Iterator[Claim]:
    """Yield what the listings say, page by page."""
    token = ""
    for _ in range(MOST_PAGES):
        body = session.send(_call(seller_id, batch, place, token)).body
        yield from claims(body, place)
        following = next_token(body)
        if not following:
            return
        if following == token:
            break
        token = following
    raise unbelievable("its pages have no end")


def _call(seller_id: str, batch: Sequence[str], place: Marketplace, token: str) -> Call:
    return Call(
        operation=OPERATION,
        path=f"/listings/2021-08-01/items/{quote(seller_id, safe='')}",
        marketplace=place.code,
        params={
            "marketplaceIds": place.id,
            "identifiersType": "FNSKU",
            "identifiers": ",".join(batch),
            "includedData": "summaries",
            "pageSize": str(BATCH),
            **({"pageToken": token} if token else {}),
        },
    )


def claims(body: Raw, place: Marketplace) -> Iterator[Claim]:
    """Yield what the listings of one page say of this marketplace; raises ProviderError without a list.

    A listing without an ASIN says nothing: its product is not in the catalogue yet.
    """
    items = objects(body, "items")
    if items is None:
        raise unbelievable("the answer holds no items")
    for summary in (summary for item in items for summary in listed(item, "summaries")):
        fnsku, asin = summary.get("fnSku"), summary.get("asin")
        if isinstance(fnsku, str) and asin is not None and summary.get("marketplaceId") == place.id:
            yield Claim(
                fnsku=fnsku.strip().upper(),
                asin=checked.asin(asin),
                title=title(summary.get("itemName")),
                condition=condition(summary.get("conditionType")),
            )


def _matches(batch: Sequence[str], claims: Sequence[Claim]) -> dict[str, Match | None]:
    """Return what follows from the claims; nothing for a code whose listings name no ASIN that is one."""
    source = Source(NAME, datetime.now(UTC))
    found: dict[str, Match | None] = {}
    for code in batch:
        told = [claim for claim in claims if claim.fnsku == code]
        asins = tuple(dict.fromkeys(claim.asin for claim in told if claim.asin))
        if asins:
            first = [claim for claim in told if claim.asin == asins[0]]
            found[code] = Match(
                code=code,
                asins=asins,
                source=source,
                title=next((claim.title for claim in first if claim.title), None),
                condition=next((claim.condition for claim in first if claim.condition), None),
            )
        elif not told:
            found[code] = None
    return found


def _doubt(batch: Sequence[str], answered: Mapping[str, Match | None]) -> ProviderError | None:
    count = len(set(batch) - set(answered))
    if not count:
        return None
    log.warning("upstream_doubted", provider=NAME, doubt="listings with an ASIN that is none", count=count)
    return unbelievable("a listing's ASIN that is none")
