"""Ask for the offers of ASINs, new pieces for consumers: one by one where it is one, else twenty at a time.

The single call is allowed every two seconds, the batch every ten: half an ASIN a second against two.
"""

from collections.abc import Iterator, Sequence

import structlog

from providers.base import Part
from providers.errors import ProviderError
from providers.http import Call
from providers.marketplaces import Marketplace
from providers.reading import Raw, Unbelievable, listed, table
from providers.spapi.offers import Offered, offered
from providers.spapi.session import NAME, Session

log = structlog.stdlib.get_logger("pallet.providers")

ONE, MANY = "getItemOffers", "getItemOffersBatch"
BATCH = 20
LATER = Offered(undelivered=frozenset({Part.OFFERS}))
ASKED = {"ItemCondition": "New", "CustomerType": "Consumer"}


def offers(
    session: Session, asins: Sequence[str], place: Marketplace, *, with_offers: bool
) -> dict[str, Offered]:
    """Return what is known of up to 20 ASINs. One that Amazon refuses is left out; raises ProviderError."""
    payloads = [_one(session, asins[0], place)] if len(asins) == 1 else _many(session, asins, place)
    found: dict[str, Offered] = {}
    for payload in payloads:
        try:
            if payload.get("ASIN") not in asins or _marketplace(payload, place) != place.id:
                raise Unbelievable("offers of another ASIN or marketplace")
            found[payload["ASIN"]] = offered(payload, with_offers=with_offers)
        except Unbelievable as error:
            log.warning("upstream_doubted", provider=NAME, doubt=str(error))
    return found


def offers_or_none(
    session: Session, asins: Sequence[str], place: Marketplace, *, with_offers: bool
) -> dict[str, Offered]:
    """Return the same, and {} where the call failed: what the catalogue says is worth having alone. For
    each LATER, where that may pass.
    """
    try:
        return offers(session, asins, place, with_offers=with_offers)
    except ProviderError as error:
        log.warning("upstream_without_prices", provider=NAME, reason=error.reason, asins=len(asins))
        return dict.fromkeys(asins, LATER) if error.may_pass else {}


def _one(session: Session, asin: str, place: Marketplace) -> Raw:
    params = {"MarketplaceId": place.id, **ASKED}
    call = Call(operation=ONE, path=_path(asin), marketplace=place.code, params=params)
    return table(session.send(call).body, "payload")


def _many(session: Session, asins: Sequence[str], place: Marketplace) -> Iterator[Raw]:
    """Return the payloads of those that went well; each has a status of its own under the status 200."""
    asked = [{"uri": _path(asin), "method": "GET", "MarketplaceId": place.id, **ASKED} for asin in asins]
    call = Call(
        operation=MANY,
        path="/batches/products/pricing/v0/itemOffers",
        method="POST",
        marketplace=place.code,
        json={"requests": asked},
    )
    responses = listed(session.send(call).body, "responses")
    return (payload for payload in map(_payload, responses) if payload)


def _payload(response: Raw) -> Raw:
    status = table(response, "status").get("statusCode", 200)
    if status != 200:
        log.info("upstream_item_refused", provider=NAME, status=status if type(status) is int else None)
        return {}
    return table(response, "body", "payload")


def _marketplace(payload: Raw, place: Marketplace) -> object:
    return table(payload, "Identifier").get("MarketplaceId", place.id)


def _path(asin: str) -> str:
    return f"/products/pricing/v0/items/{asin}/offers"
