"""The adapter against a server that speaks the formats of the catalogue and of the offers."""

import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from providers.attempts import Attempt
from providers.base import Availability, Money, Part, ProductData
from providers.errors import ErrorClass, ProviderError
from providers.http import Patience
from providers.limits import Rate
from providers.marketplaces import MARKETPLACES
from providers.spapi.catalog import EVERYTHING, MOST_PAGES
from providers.spapi.provider import SPAPIProvider
from providers.spapi.tests.amazon import (
    CREDENTIALS,
    REFUSED,
    SECRETS,
    Amazon,
    amazon,
    asked,
    by_call,
    ends,
    is_search,
    item,
    knows_all,
    knows_all_but,
    offers,
    page,
    refused_response,
    responses,
    token_of,
)
from providers.tests import loopback
from providers.tests.clocks import Stopped
from providers.tests.loopback import BROKEN, Behaviour, Handler, Query, says

CORE = frozenset({Part.CORE})
WITH_OFFERS = frozenset({Part.CORE, Part.OFFERS})
QUOTA = says({"errors": [{"code": "QuotaExceeded", "message": "."}]}, status=429)


@pytest.fixture
def upstream() -> Iterator[Amazon]:
    with amazon() as running:
        yield running


@pytest.fixture
def patient() -> Patience:
    return Patience(connect=1, read=5, total=600, attempts=3, wait_initial=0.001, wait_max=100)


@pytest.fixture
def spapi(upstream: Amazon, patient: Patience) -> SPAPIProvider:
    """The provider on a clock that sleeping moves, so that a rate costs no time."""
    return SPAPIProvider(
        **upstream.options | {"patience": patient}, seller_id="A1SELLER", clock=Stopped().clock
    )


def asins(count: int) -> list[str]:
    return [f"B0{number:08}" for number in range(count)]


def ask(spapi: SPAPIProvider, *numbers: str, parts: frozenset[Part] = CORE) -> dict[str, ProductData | None]:
    return spapi.products(list(numbers or ["B0PALLET01"]), marketplace="US", parts=parts)


def one(spapi: SPAPIProvider, *, parts: frozenset[Part] = CORE) -> ProductData:
    found = ask(spapi, parts=parts)["B0PALLET01"]
    assert found is not None
    return found


def failure(spapi: SPAPIProvider) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        ask(spapi)
    return caught.value


def test_answers_about_a_product(spapi: SPAPIProvider, upstream: Amazon) -> None:
    found = one(spapi)
    assert found.title == "Ratchet Strap Set, 4 Pack & Bag"
    assert found.price == Money(Decimal("18.49"), "USD")
    assert found.availability is Availability.IN_STOCK
    assert found.offer_count == 5
    assert found.offers is None
    search, pricing = upstream.calls
    assert search.query == {
        "identifiers": "B0PALLET01", "identifiersType": "ASIN", "marketplaceIds": "ATVPDKIKX0DER",
        "includedData": EVERYTHING, "pageSize": "20",
    }  # fmt: skip
    assert (pricing.method, pricing.path) == ("GET", "/products/pricing/v0/items/B0PALLET01/offers")
    assert pricing.query == {
        "MarketplaceId": "ATVPDKIKX0DER", "ItemCondition": "New", "CustomerType": "Consumer"
    }  # fmt: skip


def test_offers_are_delivered_when_they_are_asked_for_and_cost_no_call_more(
    spapi: SPAPIProvider, upstream: Amazon
) -> None:
    found = one(spapi, parts=WITH_OFFERS)
    assert [offer.is_buy_box for offer in found.offers or ()] == [True, False]
    assert len(upstream.calls) == 2


def test_prices_of_several_products_are_asked_for_together(spapi: SPAPIProvider, upstream: Amazon) -> None:
    found = ask(spapi, "B0PALLET01", "B0PALLET02")
    assert [product and product.price for product in found.values()] == [Money(Decimal("18.49"), "USD")] * 2
    pricing = upstream.calls[1]
    assert (pricing.method, pricing.path) == ("POST", "/batches/products/pricing/v0/itemOffers")
    assert pricing.json["requests"][1] == {
        "uri": "/products/pricing/v0/items/B0PALLET02/offers", "method": "GET",
        "MarketplaceId": "ATVPDKIKX0DER", "ItemCondition": "New", "CustomerType": "Consumer",
    }  # fmt: skip


@pytest.mark.parametrize("region", ["NA", "EU", "FE"])
def test_serves_the_marketplaces_of_its_region(upstream: Amazon, patient: Patience, region: str) -> None:
    options = upstream.options | {"patience": patient, "region": region}
    spapi = SPAPIProvider(**options, clock=Stopped().clock)
    assert spapi.marketplaces == {code for code, place in MARKETPLACES.items() if place.region == region}
    for code in sorted(spapi.marketplaces):
        found = spapi.products(["B0PALLET01"], marketplace=code, parts=CORE)["B0PALLET01"]
        assert found is not None
        assert (found.marketplace, found.price) == (
            code,
            Money(Decimal("18.49"), MARKETPLACES[code].currency),
        )
    searched = {call.query["marketplaceIds"] for call in upstream.calls if is_search(call)}
    assert searched == {MARKETPLACES[code].id for code in spapi.marketplaces}


def test_asks_in_batches_of_twenty(spapi: SPAPIProvider, upstream: Amazon) -> None:
    found = ask(spapi, *asins(45))
    assert list(found) == asins(45)
    assert all(product and product.price for product in found.values())
    assert [len(asked(call)) for call in upstream.calls] == [20, 20, 5, 20, 20, 5]


def test_asks_nobody_about_nothing(spapi: SPAPIProvider, upstream: Amazon) -> None:
    assert spapi.products([], marketplace="US", parts=CORE) == {}
    assert spapi.resolve([], marketplace="US") == {}
    assert not upstream.server.requests


def test_an_asin_that_is_absent_is_no_product_and_its_price_is_not_asked_for(
    spapi: SPAPIProvider, upstream: Amazon
) -> None:
    numbers = asins(41)
    upstream.usually = knows_all_but(*numbers[:21])
    found = ask(spapi, *numbers)
    assert list(found) == numbers
    assert [found[asin] for asin in numbers[:21]] == [None] * 21
    assert all(found[asin] for asin in numbers[21:])
    assert [len(asked(call)) for call in upstream.calls] == [20, 20, 1, 20]


def test_the_price_of_what_cannot_be_bought_is_not_asked_for(spapi: SPAPIProvider, upstream: Amazon) -> None:
    variations = [
        {
            "marketplaceId": "ATVPDKIKX0DER",
            "relationships": [{"type": "VARIATION", "childAsins": ["B0PALLET02"]}],
        }
    ]
    upstream.usually = says(page(item(relationships=variations)))
    found = one(spapi)
    assert (found.variation_asins, found.price, found.availability) == (("B0PALLET02",), None, None)
    assert len(upstream.calls) == 1


def test_of_a_batch_of_offers_the_good_ones_are_kept(spapi: SPAPIProvider, upstream: Amazon) -> None:
    answer = responses(
        offers("B0PALLET01"),
        offers("B0PALLET03", Summary={"ListPrice": {"CurrencyCode": "USD", "Amount": -1}}),
        offers("B0STRANGER"),
        offers("B0PALLET05", Identifier={"MarketplaceId": "A1PA6795UKMFR9"}),
    )
    answer["responses"] += [refused_response("B0PALLET02"), refused_response("B0PALLET04", 500), "text", {}]
    upstream.usually = by_call(pricing=says(answer))
    numbers = [f"B0PALLET0{number}" for number in range(1, 6)]
    found = ask(spapi, *numbers)
    assert [asin for asin, product in found.items() if product and product.price] == ["B0PALLET01"]
    assert all(product and product.title for product in found.values())


@pytest.mark.parametrize(
    "pricing",
    [
        QUOTA,
        says(REFUSED, status=403),
        says({"errors": [{"code": "InternalFailure"}]}, status=500),
        says(b"<html>", status=503),
        says({"errors": [{"code": "InvalidInput"}]}, status=400),
        says({"payload": None, "errors": []}),
        says({"responses": "?"}),
        loopback.html,
        loopback.truncated,
        loopback.bomb,
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_without_prices_the_catalogue_is_delivered(upstream: Amazon, pricing: Behaviour, count: int) -> None:
    spapi = SPAPIProvider(**upstream.options)
    upstream.usually = by_call(pricing=pricing)
    found = ask(spapi, *asins(count))
    assert all(product and product.title for product in found.values())
    known = [product for product in found.values() if product]
    assert [(p.price, p.availability, p.offer_count, p.offers) for p in known] == [(None,) * 4] * count
    assert [p.list_price for p in known] == [Money(Decimal("29.99"), "USD")] * count


@pytest.mark.parametrize(
    ("pricing", "undelivered"),
    [
        (QUOTA, {Part.OFFERS}),
        (says({}, status=500), {Part.OFFERS}),
        (loopback.truncated, {Part.OFFERS}),
        (says(REFUSED, status=403), frozenset()),
        (says({"errors": [{"code": "InvalidInput"}]}, status=400), frozenset()),
        (says({"responses": "?"}), frozenset()),
    ],
)
def test_offers_that_may_come_a_little_later_are_said_to_be_undelivered(
    spapi: SPAPIProvider, upstream: Amazon, pricing: Behaviour, undelivered: frozenset[Part]
) -> None:
    upstream.usually = by_call(pricing=pricing)
    found = ask(spapi, *asins(2), parts=WITH_OFFERS)
    assert [product and product.undelivered for product in found.values()] == [undelivered] * 2


def test_that_prices_are_missing_is_in_the_log(spapi: SPAPIProvider, upstream: Amazon) -> None:
    upstream.usually = by_call(pricing=says(REFUSED, status=403))
    with capture_logs() as logs:
        ask(spapi)
    assert [entry["reason"] for entry in logs if entry["event"] == "upstream_without_prices"] == [
        "not_entitled"
    ]


def test_a_failed_batch_does_not_take_the_others_along(spapi: SPAPIProvider, upstream: Amazon) -> None:
    upstream.script = [knows_all, says({}, status=400)]
    found = ask(spapi, *asins(60))
    assert list(found) == asins(60)[:20] + asins(60)[40:]
    assert all(product and product.price for product in found.values())


def test_pages_are_followed_to_the_last(spapi: SPAPIProvider, upstream: Amazon) -> None:
    numbers = asins(3)
    upstream.script = [
        says(page(item(numbers[0]), next_token="two&=")),
        says(page(next_token="three")),
        says(page(item(numbers[1]))),
    ]
    found = ask(spapi, *numbers)
    assert [found[asin] is not None for asin in numbers] == [True, True, False]
    assert [call.query.get("pageToken") for call in upstream.calls[:3]] == [None, "two&=", "three"]


def test_when_all_are_known_no_further_page_is_read(spapi: SPAPIProvider, upstream: Amazon) -> None:
    upstream.script = [says(page(item(), next_token="more"))]
    one(spapi)
    assert len(upstream.calls) == 2


def test_pages_without_end_are_left_and_what_is_missing_is_not_called_unknown(
    spapi: SPAPIProvider, upstream: Amazon
) -> None:
    upstream.usually = by_call(search=says(page(item(), next_token="again")))
    assert list(ask(spapi, "B0PALLET01", "B0PALLET02")) == ["B0PALLET01"]
    assert len([call for call in upstream.calls if is_search(call)]) == MOST_PAGES
    with pytest.raises(ProviderError) as caught:
        ask(spapi, "B0PALLET03")
    assert caught.value.reason is ErrorClass.INVALID_ANSWER


def test_an_empty_page_without_end_is_a_partial_answer(spapi: SPAPIProvider, upstream: Amazon) -> None:
    upstream.usually = says(page(next_token="again"))
    assert failure(spapi).reason is ErrorClass.PARTIAL


def test_of_a_batch_the_good_items_are_kept(spapi: SPAPIProvider, upstream: Amazon) -> None:
    doubtful = item("B0PALLET02", salesRanks=[{"displayGroupRanks": [{"rank": -3}]}])
    upstream.script = [says(page(item("B0PALLET01"), doubtful, item("B0STRANGER")))]
    assert list(ask(spapi, "B0PALLET01", "B0PALLET02", "B0PALLET03")) == ["B0PALLET01"]


@pytest.mark.parametrize("asin", [{}, ["B0PALLET02"], None, 7])
def test_an_asin_that_is_no_text_does_not_take_the_others_along(
    spapi: SPAPIProvider, upstream: Amazon, asin: Any
) -> None:
    upstream.script = [says(page(item("B0PALLET01"), item() | {"asin": asin}))]
    assert list(ask(spapi, "B0PALLET01", "B0PALLET02")) == ["B0PALLET01"]


def test_a_promise_that_is_no_text_does_not_take_the_prices_of_others_along(
    spapi: SPAPIProvider, upstream: Amazon
) -> None:
    odd: list[Any] = [{"ShippingTime": {"availabilityType": {}}}]
    upstream.usually = by_call(
        pricing=says(responses(offers("B0PALLET01"), offers("B0PALLET02", Offers=odd)))
    )
    found = ask(spapi, "B0PALLET01", "B0PALLET02")
    assert [product and product.price for product in found.values()] == [Money(Decimal("18.49"), "USD")] * 2


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (says(page(item("B0STRANGER"))), ErrorClass.INVALID_ANSWER),
        (says(page(item() | {"asin": None})), ErrorClass.INVALID_ANSWER),
        (says(page({"asin": "B0PALLET01"})), ErrorClass.INVALID_ANSWER),
        (says({"items": ["text", None]}), ErrorClass.INVALID_ANSWER),
        (says({"items": {"asin": "B0PALLET01"}}), ErrorClass.INVALID_ANSWER),
        (says({}), ErrorClass.INVALID_ANSWER),
        (says([item()]), ErrorClass.INVALID_ANSWER),
        (says(b'{"items": [NaN]}'), ErrorClass.INVALID_ANSWER),
        (says({"errors": [{"code": "InvalidInput"}]}, status=400), ErrorClass.INVALID_REQUEST),
        (says(REFUSED, status=401), ErrorClass.AUTH_FAILED),
        (says(REFUSED, status=403), ErrorClass.NOT_ENTITLED),
        (says({"errors": [{"code": "NotFound"}]}, status=404), ErrorClass.NOT_FOUND),
        (QUOTA, ErrorClass.RATE_LIMITED),
        (says({"errors": [{"code": "InternalFailure"}]}, status=500), ErrorClass.UPSTREAM_DOWN),
        (says(b"<html>Service Unavailable</html>", status=503), ErrorClass.UPSTREAM_DOWN),
        *BROKEN,
    ],
)
def test_names_every_failure(
    spapi: SPAPIProvider, upstream: Amazon, behaviour: Behaviour, reason: ErrorClass
) -> None:
    upstream.usually = behaviour
    assert failure(spapi).reason is reason


def test_an_answer_that_drips_is_ended_in_time(upstream: Amazon) -> None:
    over = threading.Event()
    upstream.usually = loopback.drips(over)
    hurried = Patience(connect=0.2, read=0.2, total=0.3, attempts=1)
    assert failure(SPAPIProvider(**upstream.options | {"patience": hurried})).reason is ErrorClass.TIMEOUT
    over.set()


def test_a_redirect_to_a_private_address_is_not_followed(upstream: Amazon) -> None:
    upstream.usually = says({}, status=302, Location=f"{upstream.server.url}/private")
    assert failure(SPAPIProvider(**upstream.options)).reason is ErrorClass.INVALID_ANSWER
    assert [is_search(call) for call in upstream.calls] == [True]


def test_a_quota_used_up_is_waited_for_as_long_as_its_rate_says(
    spapi: SPAPIProvider, upstream: Amazon
) -> None:
    upstream.script = [QUOTA]
    assert one(spapi).price
    assert len(upstream.calls) == 3


def test_a_429_from_someone_before_amazon_is_heeded_too(upstream: Amazon) -> None:
    upstream.usually = says(b"slow down", status=429, Retry_After="77")
    error = failure(SPAPIProvider(**upstream.options))
    assert (error.reason, error.retry_after) == (ErrorClass.RATE_LIMITED, 77)


def test_a_token_that_ends_in_the_middle_of_a_list_loses_nothing(
    spapi: SPAPIProvider, upstream: Amazon
) -> None:
    def ends_after_three(handler: Handler, query: Query) -> None:
        is_late = len(upstream.calls) > 3
        (ends("Atza|1", then=knows_all) if is_late else knows_all)(handler, query)

    upstream.usually = ends_after_three
    found = ask(spapi, *asins(100))
    assert list(found) == asins(100)
    assert all(product and product.price for product in found.values())
    assert len(upstream.exchanges) == 2
    assert [token_of(call) for call in upstream.calls] == ["Atza|1"] * 4 + ["Atza|2"] * 7


def test_standings_and_health_are_those_of_its_calls(spapi: SPAPIProvider) -> None:
    ask(spapi, *asins(2))
    rates = {standing.bucket: standing.rate for standing in spapi.standings()}
    assert rates["searchCatalogItems"] == Rate(2, 2)
    assert rates["getItemOffersBatch"] == Rate(0.1, 1)
    assert {health.state for health in spapi.health()} == {"closed"}
    assert {health.circuit for health in spapi.health()} == {*rates, "token"}


def test_what_was_asked_is_told(upstream: Amazon) -> None:
    told: list[Attempt] = []
    ask(SPAPIProvider(**upstream.options, observe=told.append), *asins(3))
    assert [(one.provider, one.operation, one.marketplace, one.outcome, one.delivered) for one in told] == [
        ("spapi", "token", "", "ok", 0),
        ("spapi", "searchCatalogItems", "US", "ok", 3),
        ("spapi", "getItemOffersBatch", "US", "ok", 0),
    ]


def test_the_keys_are_shown_by_nothing(spapi: SPAPIProvider, upstream: Amazon) -> None:
    upstream.usually = says({"errors": [{"code": "x", "message": " ".join(SECRETS.values())}]}, status=400)
    error = failure(spapi)
    shown = f"{error} {error!r} {spapi!r} {vars(spapi)!r} {vars(spapi._session)!r}"
    assert not [secret for secret in (*SECRETS.values(), "Atza|") if secret in shown]


def test_what_is_missing_is_named_with_its_remedy() -> None:
    assert SPAPIProvider.problems(CREDENTIALS) == []
    problems = SPAPIProvider.problems({})
    assert [wrong for wrong, _ in problems] == [
        "it has no client id", "it has no client secret", "it has no refresh token", "it has no region",
    ]  # fmt: skip
    assert "SPAPI_CLIENT_SECRET" in problems[1][1]
    [(wrong, remedy)] = SPAPIProvider.problems(CREDENTIALS | {"region": "US"})
    assert wrong == "its region 'US' is none"
    assert remedy.startswith("Set SPAPI_REGION to NA (the Americas), EU (")


def carrying(asin: str, **numbers: str) -> dict[str, Any]:
    """Return an item with these numbers by their type."""
    listed = [{"identifierType": kind, "identifier": number} for kind, number in numbers.items()]
    return item(asin, identifiers=[{"marketplaceId": "ATVPDKIKX0DER", "identifiers": listed}])


def test_finds_the_products_that_carry_a_number(spapi: SPAPIProvider, upstream: Amazon) -> None:
    upstream.usually = says(
        page(
            carrying("B0PALLET01", EAN="4006381333931"),
            carrying("B0PALLET02", GTIN="04006381333931", UPC="036000291452"),
            carrying("B0PALLET03", EAN="5099999999999"),
            carrying("x", EAN="4006381333931"),
        )
    )
    codes = ["4006381333931", "036000291452", "14006381333938", "9784003201237", "96385074"]
    found = spapi.resolve(codes, marketplace="US")
    assert list(found) == codes
    assert {code: match and match.asins for code, match in found.items()} == {
        "4006381333931": ("B0PALLET01", "B0PALLET02"),
        "036000291452": ("B0PALLET02",),
        "14006381333938": None,
        "9784003201237": None,
        "96385074": None,
    }
    match = found["4006381333931"]
    assert match is not None
    assert (match.title, match.source.provider) == ("Ratchet Strap Set, 4 Pack & Bag", "spapi")
    queries = {call.query["identifiersType"]: call.query["identifiers"] for call in upstream.calls}
    assert queries == {
        "EAN": "4006381333931,9784003201237,96385074", "UPC": "036000291452", "GTIN": "14006381333938",
    }  # fmt: skip
    assert upstream.calls[0].query["includedData"] == "identifiers,summaries"


def test_numbers_are_asked_for_in_batches_and_one_that_fails_stands_alone(
    spapi: SPAPIProvider, upstream: Amazon
) -> None:
    upstream.script = [says(page()), says({}, status=400)]
    codes = [f"{number:013}" for number in range(30)]
    assert spapi.resolve(codes, marketplace="US") == dict.fromkeys(codes[:20])
    assert [len(asked(call)) for call in upstream.calls] == [20, 10]


def test_a_number_with_pages_unread_is_not_called_unknown(spapi: SPAPIProvider, upstream: Amazon) -> None:
    upstream.usually = says(page(carrying("B0PALLET01", EAN="4006381333931"), next_token="again"))
    found = spapi.resolve(["4006381333931", "9784003201237"], marketplace="US")
    assert list(found) == ["4006381333931"]
    assert len(upstream.calls) == MOST_PAGES


def test_a_failure_for_all_numbers_is_raised(spapi: SPAPIProvider, upstream: Amazon) -> None:
    upstream.usually = says({}, status=400)
    with pytest.raises(ProviderError) as caught:
        spapi.resolve(["4006381333931"], marketplace="US")
    assert caught.value.reason is ErrorClass.INVALID_REQUEST


def test_its_own_codes_are_looked_up_among_its_listings(spapi: SPAPIProvider, upstream: Amazon) -> None:
    summary = {"marketplaceId": "ATVPDKIKX0DER", "asin": "B0PALLET01", "fnSku": "X0001ABCDE"}
    listings = {"items": [{"sku": "STRAP-4", "summaries": [summary]}], "pagination": {}}
    upstream.usually = by_call(search=says(page()), pricing=says(listings))
    found = spapi.resolve(["X0001ABCDE", "4006381333931", "X0001OTHER"], marketplace="US")
    assert {code: match and match.asins for code, match in found.items()} == {
        "X0001ABCDE": ("B0PALLET01",), "4006381333931": None, "X0001OTHER": None,
    }  # fmt: skip
    assert upstream.calls[1].path == "/listings/2021-08-01/items/A1SELLER"
    assert upstream.calls[1].query["identifiers"] == "X0001ABCDE,X0001OTHER"


def test_when_its_listings_fail_the_numbers_are_answered_all_the_same(
    spapi: SPAPIProvider, upstream: Amazon
) -> None:
    upstream.usually = by_call(search=says(page()), pricing=says({}, status=400))
    assert spapi.resolve(["X0001ABCDE", "4006381333931"], marketplace="US") == {"4006381333931": None}


def test_without_a_seller_id_its_own_codes_are_left_out(upstream: Amazon) -> None:
    spapi = SPAPIProvider(**upstream.options)
    upstream.usually = says(page(carrying("B0PALLET01", EAN="4006381333931")))
    found = spapi.resolve(["X0001ABCDE", "4006381333931"], marketplace="US")
    assert list(found) == ["4006381333931"]
    with pytest.raises(ProviderError) as caught:
        spapi.resolve(["X0001ABCDE"], marketplace="US")
    assert caught.value.reason is ErrorClass.NOT_ENTITLED
