"""Answers in the format of the Creators API, and an adapter that is asked for them on this machine."""

from copy import deepcopy
from typing import Any

from providers.creators.provider import CreatorsProvider
from providers.tests.fixtures import fixtures_of
from providers.tests.loopback import QUICK, Behaviour, Handler, Query, Server, says

fixture = fixtures_of("creators")


def item(asin: str = "B0PALLET01", **changes: Any) -> dict[str, Any]:
    """Return an item with every field we read."""
    return fixture("item") | {"asin": asin} | changes


def listing(place: int = 0, **changes: Any) -> dict[str, Any]:
    """Return one of that item's listings."""
    found: dict[str, Any] = fixture("item")["offersV2"]["listings"][place]
    return found | changes


def listed(*listings: Any) -> dict[str, Any]:
    """Return an item that is offered so."""
    return item(offersV2={"listings": list(listings)})


def put(raw: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return the item with another value at a path such as `itemInfo.title`."""
    changed = deepcopy(raw)
    *way, last = path.split(".")
    node = changed
    for name in way:
        node = node[name]
    node[last] = value
    return changed


def body(*items: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a whole answer with these items."""
    return {"itemsResult": {"items": list(items)}, **changes}


def error(code: str = "ItemNotFound", about: str = "") -> dict[str, str]:
    """Return a partial error, which may name the ASIN that it is about."""
    named = f"The ItemId {about} provided in the request is invalid." if about else "Not accessible."
    return {"code": code, "message": named}


def knows_all(handler: Handler, query: Query) -> None:
    """Answer about every ASIN asked for."""
    asked = handler.request_now.json["itemIds"]
    says(body(*map(item, asked)))(handler, query)


def refuses(status: int, reason: str, **more: str) -> Behaviour:
    """Refuse for this reason, in words that must not get any further."""
    return says({"type": "X", "message": "S3CRET words", "reason": reason, **more}, status=status)


def provider(catalogue: Server, exchange: Server, **options: Any) -> CreatorsProvider:
    """Return an adapter that asks these two servers."""
    usual: dict[str, Any] = {
        "credential_id": "amzn1.pallet",
        "credential_secret": "s3cr3t",
        "partner_tag": "pallet-20",
        "accepts_licence": True,
        "base_url": catalogue.url,
        "token_url": f"{exchange.url}/auth/o2/token",
        "calls_per_second": 1000,
        "patience": QUICK,
    }
    return CreatorsProvider(**usual | options)
