"""The Keepa adapter against a server that speaks its format."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from providers.attempts import Attempt
from providers.base import Money, Part
from providers.errors import ErrorClass, ProviderError
from providers.keepa.provider import KeepaProvider, TokenBalance
from providers.keepa.tests.upstream import asked, body, fixture, knows, knows_all, product
from providers.limits import Rate
from providers.marketplaces import MARKETPLACES
from providers.tests import loopback
from providers.tests.loopback import BROKEN, QUICK, Behaviour, Server, says

CORE = frozenset({Part.CORE})
WITH_OFFERS = frozenset({Part.CORE, Part.OFFERS})


@pytest.fixture
def server() -> Iterator[Server]:
    with loopback.serving(knows_all) as running:
        yield running


@pytest.fixture
def keepa(server: Server) -> KeepaProvider:
    return KeepaProvider(api_key="s3cr3t", base_url=server.url, patience=QUICK)


def asins(count: int) -> list[str]:
    return [f"B0{number:08}" for number in range(count)]


def failure(keepa: KeepaProvider) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        keepa.products(["B0PALLET01"], marketplace="US", parts=CORE)
    return caught.value


def test_answers_about_a_product(keepa: KeepaProvider, server: Server) -> None:
    found = keepa.products(["B0PALLET01"], marketplace="US", parts=CORE)["B0PALLET01"]
    assert found is not None
    assert found.price == Money(Decimal("18.49"), "USD")
    request = server.requests[0]
    assert request.path == "/product"
    assert request.query == {
        "key": "s3cr3t", "domain": "1", "asin": "B0PALLET01", "stats": "90", "rating": "1", "history": "1",
    }  # fmt: skip


def test_asks_for_offers_only_when_they_are_wanted(keepa: KeepaProvider, server: Server) -> None:
    server.usually = says(fixture("offers"))
    found = keepa.products(["B0PALLET01"], marketplace="US", parts=WITH_OFFERS)["B0PALLET01"]
    assert found is not None
    assert len(found.offers or ()) == 2
    assert server.requests[0].query["offers"] == "20"
    assert server.requests[0].query["only-live-offers"] == "1"


def test_asks_each_marketplace_by_its_domain_id(keepa: KeepaProvider, server: Server) -> None:
    for code in sorted(keepa.marketplaces):
        assert keepa.products(["B0PALLET01"], marketplace=code, parts=CORE)["B0PALLET01"]
    asked = {int(request.query["domain"]) for request in server.requests}
    assert asked == {1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12}
    assert keepa.marketplaces == {code for code, place in MARKETPLACES.items() if place.keepa_domain}


@pytest.mark.parametrize(("parts", "sizes"), [(CORE, [100, 100, 50]), (WITH_OFFERS, [20] * 12 + [10])])
def test_asks_in_batches(
    keepa: KeepaProvider, server: Server, parts: frozenset[Part], sizes: list[int]
) -> None:
    found = keepa.products(asins(250), marketplace="US", parts=parts)
    assert [len(asked(request)) for request in server.requests] == sizes
    assert list(found) == asins(250)
    assert all(found.values())


def test_asks_nobody_about_nothing(keepa: KeepaProvider, server: Server) -> None:
    assert keepa.products([], marketplace="US", parts=CORE) == {}
    assert not server.requests


def test_an_unknown_asin_is_no_product(keepa: KeepaProvider, server: Server) -> None:
    server.usually = says(fixture("not_found"))
    assert keepa.products(["B0NOTHING1"], marketplace="US", parts=CORE) == {"B0NOTHING1": None}


def test_an_asin_that_is_left_out_is_a_failure_and_not_an_unknown_product(
    keepa: KeepaProvider, server: Server
) -> None:
    server.usually = knows()
    assert failure(keepa).reason is ErrorClass.PARTIAL


def test_of_a_batch_the_good_answers_are_kept(keepa: KeepaProvider, server: Server) -> None:
    server.usually = says(
        body(product("B0PALLET01"), product("B0PALLET02", stats={"buyBoxPrice": -5}), product("B0STRANGER"))
    )
    asked = ["B0PALLET01", "B0PALLET02", "B0PALLET03"]
    assert list(keepa.products(asked, marketplace="US", parts=CORE)) == ["B0PALLET01"]


def test_a_failed_batch_does_not_take_the_others_along(keepa: KeepaProvider, server: Server) -> None:
    server.script = [knows_all, says({}, status=401)]
    assert list(keepa.products(asins(150), marketplace="US", parts=CORE)) == asins(100)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (says(body(product("B0STRANGER"))), ErrorClass.INVALID_ANSWER),
        (says(body(product(domainId=3))), ErrorClass.INVALID_ANSWER),
        (says(body(product(stats={"buyBoxPrice": -5}))), ErrorClass.INVALID_ANSWER),
        (says(body({"productType": 0})), ErrorClass.INVALID_ANSWER),
        (says({"products": None}), ErrorClass.INVALID_ANSWER),
        (says({"products": {"asin": "B0PALLET01"}}), ErrorClass.INVALID_ANSWER),
        (says({}), ErrorClass.INVALID_ANSWER),
        (says({"products": ["text", None]}), ErrorClass.PARTIAL),
        (says(b'{"products": [{"asin": "B0PALLET01", "csv": NaN}]}'), ErrorClass.INVALID_ANSWER),
        (says({"error": {"type": "x"}}, status=500), ErrorClass.UPSTREAM_DOWN),
        (says({"error": {"type": "x"}}, status=400), ErrorClass.INVALID_REQUEST),
        (says({}, status=404), ErrorClass.INVALID_REQUEST),
        (says({}, status=405), ErrorClass.INVALID_REQUEST),
        (says(fixture("no_access"), status=402), ErrorClass.NOT_ENTITLED),
        (says(fixture("bad_key"), status=402), ErrorClass.AUTH_FAILED),
        (says(b"<html>", status=402), ErrorClass.NOT_ENTITLED),
        (says(fixture("no_tokens"), status=429), ErrorClass.RATE_LIMITED),
        *BROKEN,
    ],
)
def test_names_every_failure(
    keepa: KeepaProvider, server: Server, behaviour: Behaviour, reason: ErrorClass
) -> None:
    server.usually = behaviour
    assert failure(keepa).reason is reason


def test_a_lack_of_tokens_says_how_long_to_wait_and_waits_for_nobody(
    keepa: KeepaProvider, server: Server
) -> None:
    server.usually = says(fixture("no_tokens"), status=429)
    error = failure(keepa)
    assert error.retry_after == pytest.approx(43.21 + 3 / 5 * 60)
    assert error.retryable
    assert len(server.requests) == 1


def test_after_a_lack_of_tokens_nobody_asks_until_the_refill(keepa: KeepaProvider, server: Server) -> None:
    server.script = [says(fixture("no_tokens"), status=429)]
    failure(keepa)
    error = failure(keepa)
    assert error.reason is ErrorClass.RATE_LIMITED
    assert error.retry_after == pytest.approx(43.21 + 3 / 5 * 60, abs=1)
    assert len(server.requests) == 1


def test_a_short_lack_of_tokens_is_waited_out(keepa: KeepaProvider, server: Server) -> None:
    server.script = [says(fixture("no_tokens") | {"tokensLeft": 0, "refillIn": 5}, status=429)]
    assert keepa.products(["B0PALLET01"], marketplace="US", parts=CORE)["B0PALLET01"]
    assert len(server.requests) == 2


def test_a_429_from_someone_before_keepa_is_heeded_too(keepa: KeepaProvider, server: Server) -> None:
    server.usually = says(b"slow down", status=429, Retry_After="77")
    assert failure(keepa).retry_after == 77
    assert [one.rate for one in keepa.standings()] == [None]


def left(keepa: KeepaProvider) -> tuple[Rate | None, int]:
    [standing] = keepa.standings()
    return standing.rate, int((standing.tokens or 0) + 0.5)


def test_the_balance_of_tokens_is_that_of_the_last_answer(keepa: KeepaProvider, server: Server) -> None:
    keepa.products(["B0PALLET01"], marketplace="US", parts=CORE)
    assert left(keepa) == (Rate(5 / 60, 300), 299)
    server.usually = says(body(product()) | {"tokensLeft": "many"})
    keepa.products(["B0PALLET01"], marketplace="US", parts=CORE)
    assert left(keepa) == (Rate(5 / 60, 300), 298)  # what the call cost, as far as we know


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({"tokensLeft": 3, "refillIn": 1500, "refillRate": 5}, 1.5),
        ({"tokensLeft": -10, "refillIn": 0, "refillRate": 5}, 120),
        ({"tokensLeft": -10, "refillIn": 500}, 0.5),
        ({"tokensLeft": 0}, 0),
    ],
)
def test_the_wait_is_the_next_refill_and_what_is_owed(told: dict[str, Any], seconds: float) -> None:
    balance = TokenBalance.of(told)
    assert balance is not None
    assert balance.wait == seconds


def test_what_a_call_cost_is_told(server: Server) -> None:
    told: list[Attempt] = []
    keepa = KeepaProvider(api_key="s3cr3t", base_url=server.url, observe=told.append)
    keepa.products(asins(3), marketplace="US", parts=CORE)
    assert [(one.provider, one.operation, one.outcome, one.cost) for one in told] == [
        ("keepa", "products", "ok", 3)
    ]


def test_the_key_is_shown_by_nothing(keepa: KeepaProvider, server: Server) -> None:
    server.usually = says({"error": {"message": "bad key s3cr3t"}}, status=402)
    error = failure(keepa)
    assert "s3cr3t" not in f"{error} {error!r} {keepa!r} {vars(keepa)!r} {vars(keepa._client)!r}"


def test_without_a_key_it_says_what_to_do() -> None:
    assert KeepaProvider.problems({"api_key": "x"}) == []
    assert [hint for _, hint in KeepaProvider.problems({"api_key": ""})] == [
        "Set KEEPA_API_KEY, or take keepa out of PROVIDERS."
    ]


def test_finds_the_products_that_carry_a_code(keepa: KeepaProvider, server: Server) -> None:
    server.usually = says(
        body(
            product("B0PALLET01"),
            product("B0PALLET02", upcList=None),
            product("B0PALLET03", productType=4),
            product("B0PALLET04", eanList=["9784003201237"], upcList=None),
        )
    )
    found = keepa.resolve(["4006381333931", "036000291452", "5012345678900"], marketplace="US")
    assert {code: match and match.asins for code, match in found.items()} == {
        "4006381333931": ("B0PALLET01", "B0PALLET02"),
        "036000291452": ("B0PALLET01",),
        "5012345678900": None,
    }
    query = server.requests[0].query
    assert query["code"] == "4006381333931,036000291452,5012345678900"
    assert query["history"] == "0"
    assert "asin" not in query


def test_asks_for_codes_in_batches(keepa: KeepaProvider, server: Server) -> None:
    server.usually = says(body())
    keepa.resolve([f"{number:013}" for number in range(150)], marketplace="US")
    assert [len(request.query["code"].split(",")) for request in server.requests] == [100, 50]
