"""The account's stock in Amazon's warehouses, SKU by SKU: which FNSKU is which ASIN, for all of it.

The token that leads to the next page dies 30 seconds after it was made. So whoever uses the rows cannot set
the pace: all pages are fetched one after the other, kept aside (on disk, when there are many), and handed out
when the last is in. Nothing is handed out of a run that fails. If a token has died all the same, because the
call waited for its turn, the run begins anew, twice at most.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

import orjson
import structlog

from providers.errors import ErrorClass, ProviderError, unbelievable
from providers.http import Call
from providers.marketplaces import Marketplace
from providers.reading import Raw, at, moment, objects, whole
from providers.spapi import codes
from providers.spapi.session import NAME, Session
from providers.spapi.wire import next_token
from providers.spapi.wording import condition, printable, title

log = structlog.stdlib.get_logger("pallet.providers")

OPERATION = "getInventorySummaries"
MOST_PAGES = 20_000  # of 50 SKUs: a million
RUNS = 3
HELD = 4 * 1024 * 1024  # bytes kept aside in memory, before a file is used
KEPT = ("asin", "fnSku", "sellerSku", "condition", "productName", "totalQuantity", "lastUpdatedTime")

# What may stand beside the payload of an answer that is no refusal by its status: the reason, and whether the
# same call may succeed a little later.
_MEANINGS = {
    "QuotaExceeded": (ErrorClass.RATE_LIMITED, True),
    "InternalFailure": (ErrorClass.UPSTREAM_DOWN, True),
    "ServiceUnavailable": (ErrorClass.UPSTREAM_DOWN, True),
    "InvalidInput": (ErrorClass.INVALID_REQUEST, False),
    "Unauthorized": (ErrorClass.NOT_ENTITLED, False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryRow:
    """One SKU. `fnsku` is the ASIN itself for stock sold by the manufacturer's barcode."""

    sku: str | None
    fnsku: str
    asin: str
    title: str | None
    condition: str | None  # "new", "used_good" and the like
    quantity: int | None  # all there is and all that is on its way
    updated_at: datetime | None


def summaries(
    session: Session, place: Marketplace, *, since: datetime | None = None, most_pages: int = MOST_PAGES
) -> Iterator[InventoryRow]:
    """Yield the stock of a marketplace, or what has changed `since` (18 months back at most).

    The first row takes as long as all pages do, about a second for each hundred SKUs; raises ProviderError
    before it, and not after. SKUs without an FNSKU and ASIN that can be believed are passed over.
    """
    with tempfile.SpooledTemporaryFile(max_size=HELD) as kept:
        _fetch(session, place, since, most_pages, kept)
        kept.seek(0)
        doubted = 0
        for line in kept:
            found = row(orjson.loads(line))
            if found is None:
                doubted += 1
            else:
                yield found
    if doubted:
        log.warning("upstream_doubted", provider=NAME, doubt="SKUs without FNSKU and ASIN", count=doubted)


def row(raw: Raw) -> InventoryRow | None:
    """Read one of the `inventorySummaries`; None when it names no pair."""
    asin = codes.asin(raw.get("asin"))
    fnsku = codes.fnsku(raw.get("fnSku"), asin) if asin else None
    if asin is None or fnsku is None:
        return None
    return InventoryRow(
        sku=printable(raw.get("sellerSku")),
        fnsku=fnsku,
        asin=asin,
        title=title(raw.get("productName")),
        condition=condition(raw.get("condition")),
        quantity=whole(raw.get("totalQuantity")),
        updated_at=moment(raw.get("lastUpdatedTime")),
    )


def _fetch(
    session: Session, place: Marketplace, since: datetime | None, most_pages: int, kept: IO[bytes]
) -> None:
    """Put all pages aside; begin anew when a token has died."""
    for run in range(1, RUNS + 1):
        kept.seek(0)
        kept.truncate()
        try:
            for raws in _pages(session, place, since, most_pages):
                kept.writelines(orjson.dumps({name: raw.get(name) for name in KEPT}) + b"\n" for raw in raws)
            return
        except _TokenRefused as refused:
            log.info("inventory_begun_anew", provider=NAME, marketplace=place.code, run=run)
            if run == RUNS:
                raise refused.failure from None


class _TokenRefused(Exception):
    """The next page was asked for and refused as a mistake of ours; it can only be the token's age."""

    def __init__(self, failure: ProviderError) -> None:
        self.failure = failure


def _pages(
    session: Session, place: Marketplace, since: datetime | None, most_pages: int
) -> Iterator[list[Raw]]:
    token, seen = "", set[str]()
    while len(seen) < most_pages:
        seen.add(token)
        try:
            body = session.send(_call(place, since, token)).body
            raws = _raws(body)
        except ProviderError as failure:
            if token and failure.reason is ErrorClass.INVALID_REQUEST:
                raise _TokenRefused(failure) from None
            raise
        yield raws
        token = next_token(body)
        if not token:
            return
        if token in seen:
            break
    raise unbelievable("its pages have no end")


def _call(place: Marketplace, since: datetime | None, token: str) -> Call:
    """With a token, everything is sent that was sent before: Amazon wants the start time again."""
    return Call(
        operation=OPERATION,
        path="/fba/inventory/v1/summaries",
        marketplace=place.code,
        params={
            "details": "true",
            "granularityType": "Marketplace",
            "granularityId": place.id,
            "marketplaceIds": place.id,
            **({"startDateTime": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")} if since else {}),
            **({"nextToken": token} if token else {}),
        },
    )


def _raws(body: Raw) -> list[Raw]:
    """Return the SKUs of a page; raises ProviderError when errors stand beside them, or there is no list."""
    errors = body.get("errors")
    if isinstance(errors, list) and errors:
        raise _told(errors[0])
    found = objects(body, "payload", "inventorySummaries")
    if found is None:
        raise unbelievable("the answer holds no stock")
    return found


def _told(error: object) -> ProviderError:
    code = str(at(error, "code"))
    reason, retryable = _MEANINGS.get(code, (ErrorClass.PARTIAL, False))
    return ProviderError("an error beside the answer", retryable=retryable, reason=reason)
