"""The Creators API's adapter against servers that speak its format."""

import threading
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from providers.attempts import Attempt
from providers.base import Part
from providers.creators.paths import RESOURCES
from providers.creators.provider import CreatorsProvider
from providers.creators.tests import amazon
from providers.creators.tests.amazon import body, error, fixture, item, knows_all, refuses
from providers.creators.versions import VERSIONS
from providers.errors import ErrorClass, ProviderError
from providers.http import Patience
from providers.limits import Rate
from providers.marketplaces import MARKETPLACES
from providers.tests import loopback
from providers.tests.clocks import Stopped
from providers.tests.loopback import BROKEN, QUICK, Behaviour, Server, says

CORE = frozenset({Part.CORE})
OPTIONS: dict[str, Any] = {
    "credential_id": "amzn1.pallet",
    "credential_secret": "s3cr3t",
    "partner_tag": "pallet-20",
    "version": "3.1",
    "accepts_licence": True,
}


def asins(count: int) -> list[str]:
    return [f"B0{number:08}" for number in range(count)]


def failure(creators: CreatorsProvider) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        creators.products(["B0PALLET01"], marketplace="US", parts=CORE)
    return caught.value


def test_answers_about_a_product(creators: CreatorsProvider, catalogue: Server) -> None:
    found = creators.products(["B0PALLET01"], marketplace="US", parts=CORE)["B0PALLET01"]
    assert found is not None
    assert found.title == "Ratchet Strap Set, 4 Pack & Bag"
    assert found.offers is None
    (request,) = catalogue.requests
    assert (request.method, request.path) == ("POST", "/catalog/v1/getItems")
    assert request.headers["Authorization"] == "Bearer Atc|t0k3n"
    assert request.headers["x-marketplace"] == "www.amazon.com"
    assert request.json == {
        "partnerTag": "pallet-20",
        "itemIds": ["B0PALLET01"],
        "condition": "New",
        "resources": list(RESOURCES),
    }


def test_gives_offers_when_they_are_wanted(creators: CreatorsProvider) -> None:
    found = creators.products(["B0PALLET01"], marketplace="US", parts=frozenset(Part))["B0PALLET01"]
    assert found is not None
    assert len(found.offers or ()) == 2
    assert found.reviews is None


@pytest.mark.parametrize("version", sorted(VERSIONS))
def test_asks_each_marketplace_of_its_group_by_its_domain(
    catalogue: Server, exchange: Server, version: str
) -> None:
    creators = amazon.provider(catalogue, exchange, version=version)
    for code in sorted(creators.marketplaces):
        assert creators.products(["B0PALLET01"], marketplace=code, parts=CORE)["B0PALLET01"]
    asked = [request.headers["x-marketplace"] for request in catalogue.requests]
    assert asked == [f"www.{MARKETPLACES[code].domain}" for code in sorted(creators.marketplaces)]
    suffix = f", Version {version}" if version.startswith("2") else ""
    assert {r.headers["Authorization"] for r in catalogue.requests} == {f"Bearer Atc|t0k3n{suffix}"}
    assert len(exchange.requests) == 1


def test_asks_in_batches_of_ten(creators: CreatorsProvider, catalogue: Server) -> None:
    found = creators.products(asins(25), marketplace="US", parts=CORE)
    assert [len(request.json["itemIds"]) for request in catalogue.requests] == [10, 10, 5]
    assert list(found) == asins(25)
    assert all(found.values())


def test_asks_nobody_about_nothing(creators: CreatorsProvider, catalogue: Server, exchange: Server) -> None:
    assert creators.products([], marketplace="US", parts=CORE) == {}
    assert not catalogue.requests
    assert not exchange.requests


def test_an_unknown_asin_is_no_product(creators: CreatorsProvider, catalogue: Server) -> None:
    catalogue.usually = says(fixture("not_found"))
    assert creators.products(["B0NOTHING1"], marketplace="US", parts=CORE) == {"B0NOTHING1": None}


def test_of_a_batch_each_is_told_apart(creators: CreatorsProvider, catalogue: Server) -> None:
    doubtful = item("B0PALLET02", customerReviews={"count": -1})
    errors = [error(about="B0NOTHING1"), error("ItemNotAccessible", about="B0PALLET03")]
    catalogue.usually = says(body(item("B0PALLET01"), doubtful, item("B0STRANGER"), errors=errors))
    asked = ["B0PALLET01", "B0PALLET02", "B0PALLET03", "B0NOTHING1"]
    found = creators.products(asked, marketplace="US", parts=CORE)
    assert {asin: product is not None for asin, product in found.items()} == {
        "B0PALLET01": True,
        "B0NOTHING1": False,
    }


def test_a_failed_batch_does_not_take_the_others_along(creators: CreatorsProvider, catalogue: Server) -> None:
    catalogue.script = [knows_all, refuses(403, "Other")]
    assert list(creators.products(asins(15), marketplace="US", parts=CORE)) == asins(10)


def test_a_404_that_names_the_asin_is_no_product(creators: CreatorsProvider, catalogue: Server) -> None:
    missing = {"message": "none", "resourceId": "B0PALLET01", "resourceType": "Item"}
    catalogue.usually = says(missing, status=404)
    assert creators.products(["B0PALLET01", "B0PALLET02"], marketplace="US", parts=CORE) == {
        "B0PALLET01": None
    }


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (refuses(400, "FieldValidationFailed"), ErrorClass.INVALID_REQUEST),
        (refuses(400, "CannotParse"), ErrorClass.INVALID_REQUEST),
        (refuses(400, "InvalidPartnerTag"), ErrorClass.INVALID_REQUEST),
        (refuses(400, "InvalidAssociate"), ErrorClass.NOT_ENTITLED),
        (refuses(401, "TokenExpired"), ErrorClass.AUTH_FAILED),
        (refuses(401, "InvalidToken"), ErrorClass.AUTH_FAILED),
        (refuses(401, "InvalidIssuer"), ErrorClass.AUTH_FAILED),
        (says(b"<html>", status=401), ErrorClass.AUTH_FAILED),
        (says(fixture("not_eligible"), status=403), ErrorClass.NOT_ENTITLED),
        (refuses(403, "AuthorizationFailed"), ErrorClass.NOT_ENTITLED),
        (refuses(403, "Other"), ErrorClass.AUTH_FAILED),
        (says({"reason": ["AssociateNotEligible"]}, status=403), ErrorClass.AUTH_FAILED),
        (says({"resourceId": "B0STRANGER"}, status=404), ErrorClass.NOT_FOUND),
        (says({"resourceId": ["B0PALLET01"]}, status=404), ErrorClass.NOT_FOUND),
        (says(b"<html>", status=404), ErrorClass.NOT_FOUND),
        (says(fixture("throttled"), status=429), ErrorClass.RATE_LIMITED),
        (says({"quotaCode": None}, status=429), ErrorClass.RATE_LIMITED),
        (says(b"slow down", status=429), ErrorClass.RATE_LIMITED),
        (says({"quotaCode": "TPD"}, status=429), ErrorClass.OUT_OF_CREDIT),
        (says({"quotaCode": "RequestsPerDay"}, status=429), ErrorClass.OUT_OF_CREDIT),
        (says({"quotaCode": "DAILY_QUOTA"}, status=429), ErrorClass.OUT_OF_CREDIT),
        (says({"message": "x"}, status=500), ErrorClass.UPSTREAM_DOWN),
        (says(b"<html>", status=502, Content_Type="text/html"), ErrorClass.UPSTREAM_DOWN),
        (says({}), ErrorClass.INVALID_ANSWER),
        (says({"itemsResult": {"items": "none"}}), ErrorClass.INVALID_ANSWER),
        (says(body(item("B0STRANGER"))), ErrorClass.INVALID_ANSWER),
        (says(body(item(customerReviews={"count": -1}))), ErrorClass.INVALID_ANSWER),
        (says(b'{"itemsResult": {"items": [{"asin": NaN}]}}'), ErrorClass.INVALID_ANSWER),
        (says(body()), ErrorClass.PARTIAL),
        (says({"errors": [error("ItemNotAccessible", about="B0PALLET01")]}), ErrorClass.PARTIAL),
        *BROKEN,
    ],
)
def test_names_every_failure(
    creators: CreatorsProvider, catalogue: Server, behaviour: Behaviour, reason: ErrorClass
) -> None:
    catalogue.usually = behaviour
    told = failure(creators)
    assert told.reason is reason
    assert "S3CRET" not in str(told)


@pytest.mark.parametrize("reason", ["TokenExpired", "InvalidToken"])
def test_a_refused_token_is_replaced_once(
    creators: CreatorsProvider, catalogue: Server, exchange: Server, reason: str
) -> None:
    exchange.script = [says({"access_token": "old"}), says({"access_token": "new"})]
    catalogue.script = [refuses(401, reason)]
    assert creators.products(["B0PALLET01"], marketplace="US", parts=CORE)["B0PALLET01"]
    assert [r.headers["Authorization"] for r in catalogue.requests] == ["Bearer old", "Bearer new"]


def test_a_second_refusal_is_final(creators: CreatorsProvider, catalogue: Server, exchange: Server) -> None:
    catalogue.usually = refuses(401, "TokenExpired")
    told = failure(creators)
    assert (told.reason, told.retryable) == (ErrorClass.AUTH_FAILED, False)
    assert len(catalogue.requests) == len(exchange.requests) == 2


def test_a_refusal_that_another_token_does_not_mend_is_final_at_once(
    creators: CreatorsProvider, catalogue: Server, exchange: Server
) -> None:
    catalogue.usually = refuses(401, "InvalidClient")
    failure(creators)
    assert len(catalogue.requests) == len(exchange.requests) == 1


def test_a_failure_of_the_exchange_is_the_failure(
    creators: CreatorsProvider, catalogue: Server, exchange: Server
) -> None:
    exchange.usually = says({"error": "invalid_client"}, status=400)
    assert failure(creators).reason is ErrorClass.AUTH_FAILED
    assert not catalogue.requests


def test_what_may_pass_is_tried_again(creators: CreatorsProvider, catalogue: Server) -> None:
    catalogue.script = [says({}, status=500), says({}, status=503)]
    assert creators.products(["B0PALLET01"], marketplace="US", parts=CORE)["B0PALLET01"]


def test_a_429_is_waited_out_as_long_as_it_says(catalogue: Server, exchange: Server) -> None:
    time = Stopped()
    patience = Patience(connect=1, read=5, total=10, attempts=2, wait_max=5, wait_initial=0)
    creators = amazon.provider(catalogue, exchange, clock=time.clock, patience=patience)
    catalogue.script = [says(fixture("throttled"), status=429, Retry_After="3")]
    assert creators.products(["B0PALLET01"], marketplace="US", parts=CORE)["B0PALLET01"]
    assert sum(time.waits) == pytest.approx(3)


def test_a_429_without_a_word_is_passed_on_without_one(creators: CreatorsProvider, catalogue: Server) -> None:
    catalogue.usually = says(fixture("throttled"), status=429)
    told = failure(creators)
    assert (told.retryable, told.retry_after) == (True, None)
    assert len(catalogue.requests) == QUICK.attempts


def test_when_the_day_is_used_up_nobody_asks_again(creators: CreatorsProvider, catalogue: Server) -> None:
    catalogue.usually = says({"quotaCode": "TPD"}, status=429, Retry_After="7200")
    told = failure(creators)
    assert (told.retryable, told.retry_after) == (False, 7200)
    assert len(catalogue.requests) == 1


def test_no_more_than_one_call_is_made_in_a_second(catalogue: Server, exchange: Server) -> None:
    time = Stopped()
    options = {"clock": time.clock, "calls_per_second": 1.0, "patience": Patience(attempts=1)}
    creators = amazon.provider(catalogue, exchange, **options)
    assert creators.products(asins(30), marketplace="US", parts=CORE)
    assert time.waits == [pytest.approx(1)] * 2
    [standing] = creators.standings()
    assert standing.rate == Rate(1, 1)


def test_an_answer_that_drips_ends_in_time(catalogue: Server, exchange: Server) -> None:
    over = threading.Event()
    catalogue.usually = loopback.drips(over)
    patience = Patience(connect=0.1, read=5, total=0.3, attempts=1)
    assert failure(amazon.provider(catalogue, exchange, patience=patience)).reason is ErrorClass.TIMEOUT
    over.set()


def test_follows_no_redirect(creators: CreatorsProvider, catalogue: Server) -> None:
    catalogue.usually = says({}, status=301, Location=f"{catalogue.url}/elsewhere")
    failure(creators)
    assert [request.path for request in catalogue.requests] == ["/catalog/v1/getItems"]


def test_what_a_call_cost_is_told(catalogue: Server, exchange: Server) -> None:
    told: list[Attempt] = []
    creators = amazon.provider(catalogue, exchange, observe=told.append)
    creators.products(asins(12), marketplace="US", parts=CORE)
    calls = [(one.operation, one.outcome, one.marketplace, one.cost, one.delivered) for one in told]
    assert calls == [
        ("token", "ok", "", None, 0),
        ("products", "ok", "US", 1, 10),
        ("products", "ok", "US", 1, 2),
    ]
    assert {(one.provider, one.credential) for one in told} == {("creators", creators.credential)}


def test_how_it_fares_is_told_of_both_its_calls(creators: CreatorsProvider, exchange: Server) -> None:
    exchange.usually = says({"error": "invalid_client"}, status=400)
    failure(creators)
    assert [(one.circuit, one.failures) for one in creators.health()] == [("products", 0), ("token", 1)]


def test_the_secrets_are_shown_by_nothing(creators: CreatorsProvider, catalogue: Server) -> None:
    catalogue.usually = refuses(403, "Other", detail="s3cr3t Atc|t0k3n")
    error = failure(creators)
    exchange = creators._exchange
    inside = [creators, creators._client, creators._tokens, exchange, exchange._client]
    told = f"{error} {error!r} " + " ".join(f"{one!r} {vars(one)!r}" for one in inside)
    assert "s3cr3t" not in told
    assert "t0k3n" not in told


def test_with_everything_there_is_no_problem() -> None:
    assert CreatorsProvider.problems(OPTIONS) == []
    assert CreatorsProvider.problems(OPTIONS | {"version": "2.3"}) == []


@pytest.mark.parametrize(
    ("option", "variable"),
    [
        ("credential_id", "CREATORS_CREDENTIAL_ID"),
        ("credential_secret", "CREATORS_CREDENTIAL_SECRET"),
        ("partner_tag", "CREATORS_PARTNER_TAG"),
        ("version", "CREATORS_VERSION"),
        ("accepts_licence", "CREATORS_ACCEPT_LICENCE=true"),
    ],
)
def test_what_is_missing_is_told_with_the_variable_to_set(option: str, variable: str) -> None:
    [(_, remedy)] = CreatorsProvider.problems(OPTIONS | {option: ""})
    assert variable in remedy


@pytest.mark.parametrize("answer", [False, None, "", "false", "true", 1])
def test_anything_but_a_yes_to_the_licence_is_a_no(answer: object) -> None:
    [(problem, remedy)] = CreatorsProvider.problems(OPTIONS | {"accepts_licence": answer})
    assert "licence" in problem
    assert "only to advertise Amazon's products" in remedy
    with pytest.raises(ImproperlyConfigured, match="very likely outside"):
        CreatorsProvider(**OPTIONS | {"accepts_licence": answer})


def test_it_is_off_unless_somebody_turns_it_on() -> None:
    options = {name: value for name, value in OPTIONS.items() if name != "accepts_licence"}
    assert len(CreatorsProvider.problems(options)) == 1
    with pytest.raises(ImproperlyConfigured):
        CreatorsProvider(**options)


@pytest.mark.parametrize("version", ["", "1.0", "3", "4.1", "v3.1", "3.1 "])
def test_an_unknown_version_is_told_with_the_known_ones(version: str) -> None:
    [(_, remedy)] = CreatorsProvider.problems(OPTIONS | {"version": version})
    assert "2.1, 2.2, 2.3, 3.1, 3.2, 3.3" in remedy
    with pytest.raises(ImproperlyConfigured, match="CREATORS_VERSION"):
        CreatorsProvider(**OPTIONS | {"version": version})
