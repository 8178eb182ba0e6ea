"""What Keepa answers, for the loopback server, and answers of it that tests change."""

import gzip
import json
from typing import Any

from providers.tests.fixtures import fixtures_of
from providers.tests.loopback import Behaviour, Handler, Query, Request, says

fixture = fixtures_of("keepa")


def product(asin: str = "B0PALLET01", **changes: Any) -> dict[str, Any]:
    """Return a product object."""
    found: dict[str, Any] = fixture("product")["products"][0]
    return found | {"asin": asin} | changes


def body(*products: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a whole answer with these products."""
    return fixture("product") | {"products": list(products), "tokensConsumed": len(products)} | changes


def asked(request: Request) -> list[str]:
    """Return the ASINs a call is about."""
    return request.query["asin"].split(",")


def knows_all(handler: Handler, query: Query) -> None:
    """Answer about every ASIN asked for, in the marketplace asked for, gzipped as Keepa does."""
    changes = {"domainId": int(query["domain"])}
    answer = body(*(product(asin, **changes) for asin in asked(handler.request_now)))
    handler.reply(gzip.compress(json.dumps(answer).encode()), {"Content-Encoding": "gzip"})


def knows(*asins: str) -> Behaviour:
    """Answer about these ASINs only; leave out the others."""
    return lambda handler, query: says(
        body(*(product(asin) for asin in asked(handler.request_now) if asin in asins))
    )(handler, query)
