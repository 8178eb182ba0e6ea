"""Amazon on this machine: the token exchange and the Selling Partner API behind one loopback server.

`amazon.script` and `amazon.usually` answer the API calls; tokens are given out by the server itself unless
`token_script` says otherwise.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from providers.marketplaces import marketplace
from providers.tests import loopback
from providers.tests.fixtures import fixtures_of
from providers.tests.loopback import QUICK, Behaviour, Handler, Query, Request, Server, says

fixture = fixtures_of("spapi")
SECRETS = {"client_secret": "cl13nt-s3cr3t", "refresh_token": "Atzr|r3fr3sh"}
CREDENTIALS: dict[str, Any] = {"client_id": "amzn1.application-oa2-client.pallet", "region": "NA", **SECRETS}


def item(asin: str = "B0PALLET01", **changes: Any) -> dict[str, Any]:
    """Return an item of the catalogue of amazon.com."""
    return fixture("item") | {"asin": asin} | changes


def offers(asin: str = "B0PALLET01", **changes: Any) -> dict[str, Any]:
    """Return the payload of getItemOffers for amazon.com."""
    payload = fixture("offers")
    return payload | {"ASIN": asin, "Identifier": payload["Identifier"] | {"ASIN": asin}} | changes


def in_marketplace(document: Any, marketplace_id: str) -> Any:
    """Return the same document as another marketplace has it, in its currency."""
    changed = json.dumps(document).replace("ATVPDKIKX0DER", marketplace_id)
    return json.loads(changed.replace("USD", marketplace(marketplace_id).currency))


def page(*items: dict[str, Any], next_token: str = "") -> dict[str, Any]:
    """Return a page of the catalogue."""
    pagination = {"nextToken": next_token} if next_token else {}
    return {"numberOfResults": len(items), "pagination": pagination, "items": list(items)}


def responses(*payloads: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of getItemOffersBatch with these payloads, each of which went well."""
    return {"responses": [response(payload) for payload in payloads]}


def response(payload: dict[str, Any]) -> dict[str, Any]:
    """Return one response of a batch."""
    return {
        "headers": {"x-amzn-RequestId": "d54e45a5"},
        "status": {"statusCode": 200, "reasonPhrase": "OK"},
        "body": {"payload": payload},
        "request": {"Asin": payload["ASIN"], "ItemCondition": "New"},
    }


def refused_response(asin: str, status: int = 400, code: str = "INVALID_ASIN") -> dict[str, Any]:
    """Return the response of a batch about an ASIN that is refused."""
    errors = [{"code": code, "message": f"{asin} is refused", "details": ""}]
    return {
        "status": {"statusCode": status, "reasonPhrase": "."},
        "body": {"errors": errors},
        "request": {"Asin": asin},
    }


def is_search(request: Request) -> bool:
    """Say whether this asks the catalogue."""
    return request.path == "/catalog/2022-04-01/items"


def asked(request: Request) -> list[str]:
    """Return the identifiers or ASINs a call is about."""
    if is_search(request):
        return request.query["identifiers"].split(",")
    if request.method == "POST":
        return [one["uri"].split("/")[5] for one in request.json["requests"]]
    return [request.path.split("/")[5]]


def knows_all(handler: Handler, query: Query) -> None:
    """Answer about every ASIN asked for, in the marketplace asked for."""
    knows_all_but()(handler, query)


def knows_all_but(*unknown: str, **headers: str) -> Behaviour:
    """Answer about every ASIN but these, which the catalogue lacks and the offers refuse; with headers."""

    def behaviour(handler: Handler, query: Query) -> None:
        request = handler.request_now
        answer: Any
        if is_search(request):
            answer = page(*(item(asin) for asin in asked(request) if asin not in unknown))
            place = query["marketplaceIds"]
        elif request.method == "POST":
            place = request.json["requests"][0]["MarketplaceId"]
            known = (
                refused_response(asin) if asin in unknown else response(offers(asin))
                for asin in asked(request)
            )
            answer = {"responses": list(known)}
        else:
            place, answer = query["MarketplaceId"], {"payload": offers(*asked(request))}
        says(in_marketplace(answer, place), **headers)(handler, query)  # type: ignore[arg-type]

    return behaviour


def by_call(*, search: Behaviour = knows_all, pricing: Behaviour = knows_all) -> Behaviour:
    """Answer calls of the catalogue in one way and those for offers in another."""

    def behaviour(handler: Handler, query: Query) -> None:
        (search if is_search(handler.request_now) else pricing)(handler, query)

    return behaviour


@dataclass
class Amazon:
    """What the server was asked, and how it answers. Tokens are Atza|1, Atza|2 and so on."""

    server: Server
    usually: Behaviour
    script: list[Behaviour] = field(default_factory=list)
    token_script: list[Behaviour] = field(default_factory=list)
    expires_in: int = 3600

    def __call__(self, handler: Handler, query: Query) -> None:
        if handler.request_now.path == "/auth/o2/token":
            self._give_token(handler, query)
            return
        with self.server.guard:
            behaviour = self.script.pop(0) if self.script else self.usually
        behaviour(handler, query)

    def _give_token(self, handler: Handler, query: Query) -> None:
        with self.server.guard:
            scripted = self.token_script.pop(0) if self.token_script else None
            number = len(self._asked("/auth/o2/token"))
        usual = {"access_token": f"Atza|{number}", "token_type": "bearer", "expires_in": self.expires_in}
        (scripted or says(usual))(handler, query)

    def _asked(self, start: str) -> list[Request]:
        return [request for request in self.server.requests if request.path.startswith(start)]

    @property
    def exchanges(self) -> list[Request]:
        """The token exchanges asked for."""
        return self._asked("/auth/")

    @property
    def calls(self) -> list[Request]:
        """The calls of the API itself."""
        return [request for request in self.server.requests if request not in self.exchanges]

    @property
    def options(self) -> dict[str, Any]:
        """What a session needs to talk to this server."""
        return {**CREDENTIALS, "base_url": self.server.url, "token_url": self.server.url, "patience": QUICK}


def header(request: Request, name: str) -> str:
    """Return a header, whatever its case; "" when it was not sent."""
    return next((value for key, value in request.headers.items() if key.lower() == name), "")


def token_of(request: Request) -> str:
    """Return the access token a call bears."""
    return header(request, "x-amz-access-token")


@contextmanager
def amazon(usually: Behaviour | None = None) -> Iterator[Amazon]:
    """Run Amazon for the length of the block."""
    with loopback.serving() as server:
        made = Amazon(server, usually or knows_all)
        server.usually = made
        yield made


def ends(*spent: str, then: Behaviour) -> Behaviour:
    """Refuse these tokens as ended, and answer every other."""

    def behaviour(handler: Handler, query: Query) -> None:
        refused = token_of(handler.request_now) in spent
        (says(REFUSED, status=403) if refused else then)(handler, query)

    return behaviour


REFUSED = {"errors": [{"code": "Unauthorized", "message": "Access to requested resource is denied."}]}
