"""FNSKUs looked up in the account's own listings, against a server that answers as Amazon does."""

from collections.abc import Iterator
from typing import Any

import pytest

from providers.base import Match
from providers.errors import ErrorClass, ProviderError
from providers.http import Patience
from providers.marketplaces import MARKETPLACES
from providers.spapi import listings
from providers.spapi.session import RATES, Session
from providers.spapi.tests.amazon import REFUSED, Amazon, amazon
from providers.tests.clocks import Stopped
from providers.tests.loopback import BROKEN, Behaviour, Handler, Query, says

US = MARKETPLACES["US"]


def summary(fnsku: str = "X001PALLET", asin: Any = "B0PALLET01", **changes: Any) -> dict[str, Any]:
    """Return what a listing says of itself in one marketplace."""
    return {
        "marketplaceId": US.id,
        "asin": asin,
        "productType": "STRAP",
        "conditionType": "new_new",
        "status": ["BUYABLE", "DISCOVERABLE"],
        "fnSku": fnsku,
        "itemName": "Ratchet strap",
        "createdDate": "2026-01-01T00:00:00Z",
    } | changes


def page(*summaries: Any, token: Any = None) -> dict[str, Any]:
    """Return a page with one listing for each of these."""
    items = [{"sku": f"STRAP-{number}", "summaries": [one]} for number, one in enumerate(summaries)]
    pagination = {} if token is None else {"nextToken": token}
    return {"numberOfResults": len(items), "pagination": pagination, "items": items}


def knows_all(handler: Handler, query: Query) -> None:
    """Know every FNSKU asked for."""
    codes = query["identifiers"].split(",")
    says(page(*(summary(code, f"B0{code[-8:]}") for code in codes)))(handler, query)


@pytest.fixture
def upstream() -> Iterator[Amazon]:
    with amazon(knows_all) as running:
        yield running


@pytest.fixture
def session(upstream: Amazon) -> Session:
    patient = Patience(connect=1, read=5, total=10, wait_initial=0.001, wait_max=2)
    return Session(**upstream.options | {"patience": patient}, clock=Stopped().clock)


def resolve(session: Session, *codes: str, seller_id: str = "A1SELLER") -> dict[str, Match | None]:
    return listings.resolve(session, seller_id=seller_id, codes=codes, place=US)


def failure(session: Session, *codes: str) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        resolve(session, *(codes or ("X001PALLET",)))
    return caught.value


def fnskus(count: int) -> list[str]:
    return [f"X00{number:07}" for number in range(count)]


def test_finds_the_asin_of_an_own_fnsku(session: Session, upstream: Amazon) -> None:
    upstream.usually = says(page(summary()))
    found = resolve(session, "X001PALLET", "X00UNKNOWN")
    match = found["X001PALLET"]
    assert match is not None
    assert (match.code, match.asins) == ("X001PALLET", ("B0PALLET01",))
    assert (match.title, match.condition) == ("Ratchet strap", "new")
    assert match.source.provider == "spapi"
    assert found["X00UNKNOWN"] is None


def test_asks_as_the_api_wants_to_be_asked(session: Session, upstream: Amazon) -> None:
    resolve(session, "X001PALLET", "X002PALLET")
    [call] = upstream.calls
    assert (call.method, call.path) == ("GET", "/listings/2021-08-01/items/A1SELLER")
    assert call.query == {
        "marketplaceIds": US.id, "identifiersType": "FNSKU", "identifiers": "X001PALLET,X002PALLET",
        "includedData": "summaries", "pageSize": "20",
    }  # fmt: skip
    assert listings.OPERATION in RATES


def test_a_seller_id_cannot_lead_to_another_address(session: Session, upstream: Amazon) -> None:
    resolve(session, "X001PALLET", seller_id="A1/../B?x=1#é")
    assert upstream.calls[0].path == "/listings/2021-08-01/items/A1%2F..%2FB%3Fx%3D1%23%C3%A9"


def test_asks_nobody_about_nothing(session: Session, upstream: Amazon) -> None:
    assert resolve(session) == {}
    assert not upstream.server.requests


def test_asks_for_twenty_at_a_time(session: Session, upstream: Amazon) -> None:
    found = resolve(session, *fnskus(45))
    assert [len(call.query["identifiers"].split(",")) for call in upstream.calls] == [20, 20, 5]
    assert list(found) == fnskus(45)
    assert all(found.values())


def test_follows_the_pages(session: Session, upstream: Amazon) -> None:
    upstream.script = [says(page(summary(), token="a+/=")), says(page(summary("X002PALLET", "B0PALLET02")))]
    found = resolve(session, "X001PALLET", "X002PALLET", "X003PALLET")
    assert [match and match.asins for match in found.values()] == [("B0PALLET01",), ("B0PALLET02",), None]
    assert [call.query.get("pageToken") for call in upstream.calls] == [None, "a+/="]
    assert upstream.calls[1].query["identifiers"] == "X001PALLET,X002PALLET,X003PALLET"


def test_pages_that_lead_to_themselves_are_left(session: Session, upstream: Amazon) -> None:
    upstream.usually = says(page(summary(), token="again"))
    assert failure(session).reason is ErrorClass.INVALID_ANSWER
    assert len(upstream.calls) == 2


def test_pages_without_end_are_left(session: Session, upstream: Amazon) -> None:
    def more(handler: Handler, query: Query) -> None:
        says(page(summary(), token=f"{query.get('pageToken', '')}x"))(handler, query)

    upstream.usually = more
    assert failure(session).reason is ErrorClass.INVALID_ANSWER
    assert len(upstream.calls) == listings.MOST_PAGES


@pytest.mark.parametrize("token", [7, "", ["x"]])
def test_a_page_token_that_is_none_ends_the_pages(session: Session, upstream: Amazon, token: Any) -> None:
    upstream.usually = says(page(summary(), token=token))
    assert resolve(session, "X001PALLET")["X001PALLET"]
    assert len(upstream.calls) == 1


@pytest.mark.parametrize("pagination", [None, [], "x"])
def test_pagination_that_is_none_ends_the_pages(session: Session, upstream: Amazon, pagination: Any) -> None:
    upstream.usually = says(page(summary()) | {"pagination": pagination})
    assert resolve(session, "X001PALLET")["X001PALLET"]


def test_several_skus_with_one_fnsku_give_all_their_asins_once(session: Session, upstream: Amazon) -> None:
    told = [
        summary(itemName=None, conditionType="unheard_of"),
        summary(asin="B0PALLET02", itemName="Another strap"),
        summary(itemName="The strap", conditionType="used_like_new"),
    ]
    upstream.usually = says(page(*told))
    match = resolve(session, "X001PALLET")["X001PALLET"]
    assert match is not None
    assert match.asins == ("B0PALLET01", "B0PALLET02")
    assert (match.title, match.condition) == ("The strap", "used_like_new")


def test_what_is_said_of_another_marketplace_does_not_count(session: Session, upstream: Amazon) -> None:
    other = summary(asin="B0PALLET02", marketplaceId=MARKETPLACES["CA"].id)
    upstream.usually = says(page(other, summary("X002PALLET")))
    found = resolve(session, "X001PALLET", "X002PALLET")
    assert [match and match.asins for match in found.values()] == [None, ("B0PALLET01",)]


def test_a_listing_of_another_fnsku_does_not_count(session: Session, upstream: Amazon) -> None:
    upstream.usually = says(page(summary("X00STRANGE")))
    assert resolve(session, "X001PALLET") == {"X001PALLET": None}


def test_a_listing_without_an_asin_is_no_match(session: Session, upstream: Amazon) -> None:
    upstream.usually = says(page(summary(asin=None)))
    assert resolve(session, "X001PALLET") == {"X001PALLET": None}


@pytest.mark.parametrize("asin", ["X001PALLET", "B0PALLET", "", 7, ["B0PALLET01"]])
def test_an_asin_that_is_none_is_not_believed(session: Session, upstream: Amazon, asin: Any) -> None:
    upstream.usually = says(page(summary(asin=asin), summary("X002PALLET")))
    assert list(resolve(session, "X001PALLET", "X002PALLET")) == ["X002PALLET"]
    assert failure(session).reason is ErrorClass.INVALID_ANSWER


def test_beside_a_good_asin_one_that_is_none_does_no_harm(session: Session, upstream: Amazon) -> None:
    upstream.usually = says(page(summary(asin="?"), summary()))
    match = resolve(session, "X001PALLET")["X001PALLET"]
    assert match is not None
    assert match.asins == ("B0PALLET01",)


def test_what_has_another_shape_is_passed_over(session: Session, upstream: Amazon) -> None:
    odd = [None, "text", {"summaries": None}, {"summaries": {"asin": "B0PALLET01"}}, {"summaries": ["text"]}]
    body = page(summary(), summary(fnsku="X002PALLET", itemName=7, conditionType=[]), summary(fnSku=None))
    upstream.usually = says(body | {"items": [*odd, *body["items"]]})
    found = resolve(session, "X001PALLET", "X002PALLET")
    second = found["X002PALLET"]
    assert second is not None
    assert (second.title, second.condition) == (None, None)
    assert found["X001PALLET"]


def test_a_failed_batch_does_not_take_the_others_along(session: Session, upstream: Amazon) -> None:
    upstream.script = [knows_all, says({}, status=400)]
    assert list(resolve(session, *fnskus(25))) == fnskus(20)


def test_a_page_that_fails_takes_its_batch_along(session: Session, upstream: Amazon) -> None:
    upstream.script = [says(page(summary(), token="2")), says({}, status=400)]
    assert failure(session).reason is ErrorClass.INVALID_REQUEST


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (says({"items": None}), ErrorClass.INVALID_ANSWER),
        (says({}), ErrorClass.INVALID_ANSWER),
        (says(REFUSED, status=403), ErrorClass.NOT_ENTITLED),
        (says({"errors": [{"code": "InvalidInput"}]}, status=400), ErrorClass.INVALID_REQUEST),
        (says({"errors": [{"code": "QuotaExceeded"}]}, status=429), ErrorClass.RATE_LIMITED),
        *BROKEN,
    ],
)
def test_names_every_failure(
    session: Session, upstream: Amazon, behaviour: Behaviour, reason: ErrorClass
) -> None:
    upstream.usually = behaviour
    assert failure(session).reason is reason
