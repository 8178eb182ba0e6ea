"""What Rainforest answers, for the loopback server, and answers of it that tests change."""

import json
from collections.abc import Mapping
from typing import Any

from providers.marketplaces import marketplace
from providers.sample import failures
from providers.tests.fixtures import fixtures_of
from providers.tests.loopback import Behaviour, Handler, Query, says

fixture = fixtures_of("rainforest")
UNKNOWN, BROKEN = failures.PRODUCT_NOT_FOUND, "B0FAIL0500"


def answer(asin: str | None = "B0PALLET01", **changes: Any) -> dict[str, Any]:
    """Return an answer about a product, with these fields of the product changed."""
    body = fixture("product")
    return body | {"product": body["product"] | {"asin": asin} | changes}


def box(**changes: Any) -> dict[str, Any]:
    """Return an answer with these fields of the buy box changed."""
    return answer(buybox_winner=fixture("product")["product"]["buybox_winner"] | changes)


def offers(*listed: Mapping[str, Any], asin: str = "B0PALLET01", **changes: Any) -> dict[str, Any]:
    """Return an answer with these offers, else the usual three."""
    body = fixture("offers")
    body["product"]["asin"] = asin
    own = [offer | ({"offer_asin": asin} if "offer_asin" in offer else {}) for offer in body["offers"]]
    return body | {"offers": list(listed) or own} | changes


def speaks(handler: Handler, query: Query) -> None:
    """Answer as Rainforest does, in the marketplace's currency; with an error for BROKEN."""
    asin = query.get("asin", "B0PALLET01")
    if asin == BROKEN:
        return says({}, status=500)(handler, query)
    if asin == UNKNOWN:
        return says(fixture("no_product"))(handler, query)
    found = offers(asin=asin) if query["type"] == "offers" else answer(asin)
    return says(_in_currency(found, marketplace(query["amazon_domain"]).currency))(handler, query)


def by_type(product: Behaviour, offers: Behaviour) -> Behaviour:
    """Answer the two kinds of calls in two ways."""
    return lambda handler, query: (offers if query["type"] == "offers" else product)(handler, query)


def _in_currency(body: dict[str, Any], currency: str) -> Any:
    return json.loads(json.dumps(body).replace('"USD"', f'"{currency}"'))
