"""The adapter of Rainforest API and ASIN Data API against a server that speaks their format."""

import logging
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from providers.attempts import Attempt
from providers.base import Money, Part, ProductData
from providers.errors import ErrorClass, ProviderError
from providers.http import Patience
from providers.kinds import Kind
from providers.marketplaces import MARKETPLACES
from providers.rainforest.provider import PATIENCE, ASINDataProvider, RainforestProvider
from providers.rainforest.tests.upstream import BROKEN, UNKNOWN, answer, box, by_type, fixture, offers, speaks
from providers.tests import loopback
from providers.tests.loopback import Behaviour, Server, says

CORE = frozenset({Part.CORE})
WITH_OFFERS = frozenset({Part.CORE, Part.OFFERS})
QUICK = Patience(connect=1, read=5, total=10, attempts=2, wait_initial=0.001, wait_max=0.05)
GTIN = "4006381333931"


@pytest.fixture
def server() -> Iterator[Server]:
    with loopback.serving(speaks) as running:
        yield running


@pytest.fixture(params=[RainforestProvider, ASINDataProvider], ids=lambda chosen: chosen.name)
def chosen(request: pytest.FixtureRequest) -> type[RainforestProvider]:
    found: type[RainforestProvider] = request.param
    return found


@pytest.fixture
def provider(chosen: type[RainforestProvider], server: Server) -> RainforestProvider:
    return chosen(api_key="s3cr3t", base_url=server.url, patience=QUICK)


def one(provider: RainforestProvider, parts: frozenset[Part] = CORE, marketplace: str = "US") -> ProductData:
    found = provider.products(["B0PALLET01"], marketplace=marketplace, parts=parts)["B0PALLET01"]
    assert found is not None
    return found


def failure(provider: RainforestProvider) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        provider.products(["B0PALLET01"], marketplace="US", parts=CORE)
    return caught.value


def unresolved(provider: RainforestProvider) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        provider.resolve([GTIN], marketplace="US")
    return caught.value


def test_answers_about_a_product(provider: RainforestProvider, server: Server) -> None:
    assert one(provider).price == Money(Decimal("18.49"), "USD")
    [request] = server.requests
    assert (request.method, request.path) == ("GET", "/request")
    assert request.query == {
        "api_key": "s3cr3t", "type": "product", "amazon_domain": "amazon.com", "asin": "B0PALLET01",
    }  # fmt: skip


def test_the_two_differ_in_name_and_address() -> None:
    told = [(one.name, one.home, one.variable) for one in (RainforestProvider, ASINDataProvider)]
    assert told == [
        ("rainforest", "https://api.rainforestapi.com", "RAINFOREST_API_KEY"),
        ("asindata", "https://api.asindataapi.com", "ASINDATA_API_KEY"),
    ]


def test_an_address_may_be_given_with_its_path(chosen: type[RainforestProvider], server: Server) -> None:
    one(chosen(api_key="x", base_url=f"{server.url}/request/", patience=QUICK))
    assert server.requests[0].path == "/request"


def test_is_patient_with_those_who_read_pages(chosen: type[RainforestProvider]) -> None:
    assert (PATIENCE.connect, PATIENCE.read, PATIENCE.total, PATIENCE.attempts) == (3, 60, 65, 2)
    assert chosen(api_key="x")._client._patience == PATIENCE


def test_asks_each_marketplace_by_its_domain(provider: RainforestProvider, server: Server) -> None:
    assert provider.marketplaces == set(MARKETPLACES)
    for code, place in MARKETPLACES.items():
        assert one(provider, marketplace=code).price == Money(Decimal("18.49"), place.currency)
        assert server.requests[-1].query["amazon_domain"] == place.domain


def test_asks_for_one_asin_after_another(provider: RainforestProvider, server: Server) -> None:
    asins = [f"B0{number:08}" for number in range(3)]
    assert list(provider.products(asins, marketplace="US", parts=CORE)) == asins
    assert [request.query["asin"] for request in server.requests] == asins


def test_asks_nobody_about_nothing(provider: RainforestProvider, server: Server) -> None:
    assert provider.products([], marketplace="US", parts=CORE) == {}
    assert provider.resolve([], marketplace="US") == {}
    assert not server.requests


def test_reviews_come_with_the_product(provider: RainforestProvider, server: Server) -> None:
    assert one(provider).reviews is None
    assert len(one(provider, CORE | {Part.REVIEWS}).reviews or ()) == 2
    assert [request.query["type"] for request in server.requests] == ["product", "product"]


def test_offers_are_a_second_call_and_only_when_wanted(provider: RainforestProvider, server: Server) -> None:
    found = one(provider, WITH_OFFERS)
    assert len(found.offers or ()) == 3
    assert [request.query for request in server.requests] == [
        {"api_key": "s3cr3t", "type": kind, "amazon_domain": "amazon.com", "asin": "B0PALLET01"}
        for kind in ("product", "offers")
    ]


def test_of_an_unknown_product_no_offers_are_asked_for(provider: RainforestProvider, server: Server) -> None:
    assert provider.products([UNKNOWN], marketplace="US", parts=WITH_OFFERS) == {UNKNOWN: None}
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("behaviour", "may_pass"),
    [
        (says({}, status=500), True),
        (says({}, status=429), True),
        (says(fixture("failed"), status=402), False),
        (says(fixture("failed")), True),
        (says({"request_info": {"success": True}}), False),
        (says(offers(asin="B0STRANGER")), False),
        (says(offers({"price": {"value": -1, "currency": "USD"}})), False),
        (loopback.html, True),
        (loopback.truncated, True),
        (loopback.bomb, False),
    ],
)
def test_when_offers_fail_the_product_is_given_without_and_says_whether_that_may_pass(
    provider: RainforestProvider, server: Server, behaviour: Behaviour, may_pass: bool
) -> None:
    server.usually = by_type(says(answer()), behaviour)
    found = one(provider, WITH_OFFERS)
    assert found.title
    assert found.offers is None
    assert found.undelivered == ({Part.OFFERS} if may_pass else frozenset())
    assert found.price == Money(Decimal("18.49"), "USD")


def test_no_offers_are_a_statement(provider: RainforestProvider, server: Server) -> None:
    server.usually = by_type(says(answer()), says(offers(offers=[])))
    assert one(provider, WITH_OFFERS).offers == ()


def test_without_a_buy_box_the_lowest_new_offer_is_the_price(
    provider: RainforestProvider, server: Server
) -> None:
    server.usually = by_type(says(box(price=None)), says(offers()))
    assert one(provider).price is None
    assert one(provider, WITH_OFFERS).price == Money(Decimal("17.95"), "USD")


def test_one_that_fails_does_not_take_the_others_along(provider: RainforestProvider) -> None:
    found = provider.products([BROKEN, "B0PALLET01", UNKNOWN], marketplace="US", parts=CORE)
    assert list(found) == ["B0PALLET01", UNKNOWN]
    assert found["B0PALLET01"] is not None
    assert found[UNKNOWN] is None


@pytest.mark.parametrize(
    ("behaviour", "reason", "retryable"),
    [
        (says(fixture("failed")), ErrorClass.UPSTREAM_DOWN, True),
        (says(fixture("failed") | {"product": answer()["product"]}), ErrorClass.UPSTREAM_DOWN, True),
        (says(answer("B0STRANGER")), ErrorClass.INVALID_ANSWER, False),
        (says(answer(rating=9)), ErrorClass.INVALID_ANSWER, False),
        (says(box(price={"value": -1, "currency": "USD"})), ErrorClass.INVALID_ANSWER, False),
        (says(answer() | {"product": "text"}), ErrorClass.INVALID_ANSWER, False),
        (says({}), ErrorClass.INVALID_ANSWER, False),
        (says([]), ErrorClass.INVALID_ANSWER, False),
        (says(b'{"product": {"rating": NaN}}'), ErrorClass.INVALID_ANSWER, False),
        (loopback.bomb, ErrorClass.INVALID_ANSWER, False),
        (loopback.html, ErrorClass.UPSTREAM_DOWN, True),
        (loopback.silent, ErrorClass.UPSTREAM_DOWN, True),
        (loopback.resets, ErrorClass.UPSTREAM_DOWN, True),
        (loopback.truncated, ErrorClass.UPSTREAM_DOWN, True),
        (says(fixture("failed"), status=400), ErrorClass.INVALID_REQUEST, False),
        (says(fixture("failed"), status=401), ErrorClass.AUTH_FAILED, False),
        (says(fixture("failed"), status=402), ErrorClass.OUT_OF_CREDIT, False),
        (says(fixture("failed"), status=404), ErrorClass.INVALID_REQUEST, False),
        (says(b"<html>", status=404), ErrorClass.INVALID_REQUEST, False),
        (says(fixture("failed"), status=429), ErrorClass.RATE_LIMITED, True),
        (says(fixture("failed"), status=500), ErrorClass.UPSTREAM_DOWN, True),
        (says(b"<html>Bad gateway", status=502, Content_Type="text/html"), ErrorClass.UPSTREAM_DOWN, True),
        (says(fixture("failed"), status=503), ErrorClass.UPSTREAM_DOWN, True),
    ],
)
def test_names_every_failure(
    provider: RainforestProvider, server: Server, behaviour: Behaviour, reason: ErrorClass, retryable: bool
) -> None:
    server.usually = behaviour
    error = failure(provider)
    assert (error.reason, error.retryable) == (reason, retryable)


def test_the_words_of_a_failure_are_not_passed_on(provider: RainforestProvider, server: Server) -> None:
    server.usually = says(fixture("failed"))
    assert str(failure(provider)) == "it says it failed"
    server.usually = says(fixture("failed"), status=402)
    assert str(failure(provider)) == "status 402"


def test_tries_again_what_may_pass_and_once_only(provider: RainforestProvider, server: Server) -> None:
    server.script = [says({}, status=500)]
    assert one(provider).title
    server.usually = says({}, status=500)
    failure(provider)
    assert len(server.requests) == 4


@pytest.mark.parametrize("status", [400, 401, 402, 404])
def test_what_does_not_pass_is_asked_once(provider: RainforestProvider, server: Server, status: int) -> None:
    server.usually = says({}, status=status)
    failure(provider)
    assert len(server.requests) == 1


def test_a_429_with_a_hint_says_how_long_to_wait_and_waits_for_nobody(
    provider: RainforestProvider, server: Server
) -> None:
    server.usually = says(fixture("failed"), status=429, Retry_After="77")
    assert failure(provider).retry_after == 77
    assert len(server.requests) == 1


def test_a_429_without_a_hint_is_tried_once_more(provider: RainforestProvider, server: Server) -> None:
    server.script = [says(fixture("failed"), status=429)]
    assert one(provider).title
    server.usually = says(fixture("failed"), status=429)
    assert failure(provider).retry_after is None
    assert len(server.requests) == 4


def test_an_account_without_credits_is_left_alone_after_some_failures(
    provider: RainforestProvider, server: Server
) -> None:
    server.usually = says(fixture("failed"), status=402)
    asins = [f"B0{number:08}" for number in range(9)]
    with pytest.raises(ProviderError):
        provider.products(asins, marketplace="US", parts=CORE)
    assert len(server.requests) == 5
    assert {one.circuit: one.state for one in provider.health()}["products"] == "open"


@pytest.mark.parametrize("headers", [True, False])
def test_an_answer_that_drips_ends_in_time(
    chosen: type[RainforestProvider], server: Server, headers: bool
) -> None:
    event = threading.Event()
    server.usually = loopback.drips(event, headers=headers)
    hasty = Patience(connect=0.1, read=0.3, total=0.4, attempts=2, wait_initial=0.001, wait_max=0.01)
    try:
        error = failure(chosen(api_key="s3cr3t", base_url=server.url, patience=hasty))
    finally:
        event.set()
    assert error.reason is ErrorClass.TIMEOUT


def test_a_redirect_is_not_followed(provider: RainforestProvider, server: Server) -> None:
    with loopback.serving(speaks) as private:
        for status in (301, 302, 307):
            server.usually = says({}, status=status, Location=f"{private.url}/request?type=product")
            assert failure(provider).reason is ErrorClass.INVALID_ANSWER
        assert not private.requests


def test_what_a_call_cost_and_brought_is_told(chosen: type[RainforestProvider], server: Server) -> None:
    told: list[Attempt] = []
    provider = chosen(api_key="s3cr3t", base_url=server.url, patience=QUICK, observe=told.append)
    one(provider, WITH_OFFERS)
    provider.resolve([GTIN], marketplace="US")
    server.usually = says(fixture("no_product") | {"request_info": {"success": True}})
    provider.products([UNKNOWN], marketplace="DE", parts=CORE)
    assert [(one.provider, one.operation, one.marketplace, one.cost, one.delivered) for one in told] == [
        (chosen.name, "products", "US", 1, 1),
        (chosen.name, "offers", "US", 1, 0),
        (chosen.name, "identifiers", "US", 1, 1),
        (chosen.name, "products", "DE", None, 0),
    ]
    assert {one.credential for one in told} == {provider.credential}


@pytest.mark.parametrize(
    ("credits", "cost"), [(2, 2), (0, 0), (1.5, 1.5), (-1, None), (True, None), ("1", None), (None, None)]
)
def test_the_cost_is_what_the_answer_says(
    chosen: type[RainforestProvider], server: Server, credits: object, cost: float | None
) -> None:
    told: list[Attempt] = []
    provider = chosen(api_key="s3cr3t", base_url=server.url, patience=QUICK, observe=told.append)
    info = {"success": True, "credits_used_this_request": credits}
    server.usually = says(answer() | {"request_info": info})
    one(provider)
    assert [one.cost for one in told] == [cost]


def test_the_key_is_shown_by_nothing(
    provider: RainforestProvider, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    one(provider, WITH_OFFERS)
    for behaviour in (says(fixture("failed")), says(fixture("failed"), status=401), loopback.resets):
        server.usually = behaviour
        error = failure(provider)
        assert "s3cr3t" not in f"{error} {error!r} {error.__cause__!r}"
    assert server.requests[-1].query["api_key"] == "s3cr3t"
    assert caplog.records
    assert "s3cr3t" not in caplog.text
    assert "s3cr3t" not in f"{provider!r} {vars(provider)!r} {vars(provider._client)!r} {provider.credential}"


def test_without_a_key_it_says_what_to_do(chosen: type[RainforestProvider]) -> None:
    assert chosen.problems({"api_key": "x"}) == []
    hint = f"Set {chosen.variable}, or take {chosen.name} out of PROVIDERS."
    for options in ({}, {"api_key": ""}):
        assert [told for _, told in chosen.problems(options)] == [hint]


def test_no_limit_is_known_and_all_is_well_at_first(provider: RainforestProvider) -> None:
    assert [(one.bucket, one.rate) for one in provider.standings()] == [
        ("products", None), ("offers", None), ("identifiers", None),
    ]  # fmt: skip
    assert [(one.circuit, one.state) for one in provider.health()] == [
        ("products", "closed"), ("offers", "closed"), ("identifiers", "closed"),
    ]  # fmt: skip


def test_finds_the_product_that_carries_a_code(provider: RainforestProvider, server: Server) -> None:
    assert provider.kinds == {Kind.GTIN}
    match = provider.resolve([GTIN], marketplace="UK")[GTIN]
    assert match is not None
    assert (match.code, match.asins, match.source.provider) == (GTIN, ("B0PALLET01",), provider.name)
    assert match.title == "Ratchet Strap Set, 4 Pack & Bag"
    assert server.requests[0].query == {
        "api_key": "s3cr3t", "type": "product", "amazon_domain": "amazon.co.uk", "gtin": GTIN,
    }  # fmt: skip


@pytest.mark.parametrize(
    "behaviour", [says(fixture("no_product")), says(fixture("failed"), status=404)], ids=["empty", "404"]
)
def test_a_code_that_nobody_carries_has_no_match(
    provider: RainforestProvider, server: Server, behaviour: Behaviour
) -> None:
    server.usually = behaviour
    assert provider.resolve([GTIN], marketplace="US") == {GTIN: None}


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (says(b"<html>", status=404), ErrorClass.INVALID_REQUEST),
        (says({}, status=404), ErrorClass.INVALID_REQUEST),
        (says(answer(asin=None)), ErrorClass.INVALID_ANSWER),
        (says(answer("not an ASIN")), ErrorClass.INVALID_ANSWER),
        (says({}), ErrorClass.INVALID_ANSWER),
        (says(fixture("failed")), ErrorClass.UPSTREAM_DOWN),
        (says({}, status=402), ErrorClass.OUT_OF_CREDIT),
    ],
)
def test_a_code_of_which_nothing_was_said_is_a_failure(
    provider: RainforestProvider, server: Server, behaviour: Behaviour, reason: ErrorClass
) -> None:
    server.usually = behaviour
    assert unresolved(provider).reason is reason


def test_a_code_that_fails_does_not_take_the_others_along(
    provider: RainforestProvider, server: Server
) -> None:
    server.script = [says({}, status=400), says(answer()), says(fixture("no_product"))]
    found: dict[str, Any] = dict(provider.resolve([GTIN, "036000291452", "5012345678900"], marketplace="US"))
    assert list(found) == ["036000291452", "5012345678900"]
    assert found["036000291452"].asins == ("B0PALLET01",)
    assert found["5012345678900"] is None
