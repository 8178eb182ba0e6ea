"""Whatever an upstream sends: the next one answers, or an old answer does for free, or it is a free 503."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from pytest_django import Settings

from accounts.models import User
from accounts.tests.factories import bearing, key_of
from products.tests.factories import ASIN, a_product, full, purse, sample, upstream
from providers.base import Part
from providers.http import Patience
from providers.keepa.tests.upstream import body, knows_all, product
from providers.tests import loopback
from providers.tests.loopback import Behaviour, Handler, Query, Server, says

pytestmark = pytest.mark.django_db
URL = f"/api/v1/products/{ASIN}"
MISBEHAVIOURS: dict[str, Behaviour] = {
    "a web page": loopback.html,
    "another ASIN": says(body(product("B000000000"))),
    "half an answer": loopback.truncated,
    "100 MB": loopback.bomb,
    "JSON without end": loopback.endless,
    "nothing at all": loopback.silent,
    "a reset": loopback.resets,
    "an empty object": says({}),
    "a list": says([]),
    "no JSON": says(b"not json"),
    "NaN": says(b'{"products": [{"asin": NaN}]}'),
    "400": says({"error": {"type": "invalidParameter"}}, status=400),
    "401": says({}, status=401),
    "402": says({"error": {"type": "paymentRequired"}}, status=402),
    "404": says({}, status=404),
    "429": says({"tokensLeft": -5, "refillIn": 60_000, "refillRate": 1}, status=429),
    "500": says({}, status=500),
    "503 as a web page": says(b"<html>", status=503, Content_Type="text/html"),
    "a redirect": says({}, status=302, Location="http://127.0.0.1:1/"),
}


@pytest.fixture
def keepa() -> Iterator[Server]:
    """An upstream on this machine that speaks Keepa's format and does as it is told."""
    with loopback.serving(knows_all) as server:
        yield server


def entry(server: Server) -> dict[str, Any]:
    """The entry of settings.PROVIDERS that leads there."""
    patience = Patience(connect=1, read=0.5, total=2, attempts=1)
    options = {"api_key": "k" * 64, "base_url": server.url, "patience": patience}
    return {"NAME": "keepa", "BACKEND": "providers.keepa.provider.KeepaProvider", "OPTIONS": options}


def test_a_good_answer_is_paid(keepa: Server, alice: User, settings: Settings) -> None:
    settings.PROVIDERS = [entry(keepa)]
    body = bearing(key_of(alice)[1]).get(URL).json()
    assert (body["credits_used"], body["data"]["sample"]) == (1, False)
    assert body["data"]["provenance"]["title"]["provider"] == "keepa"
    assert purse(alice) == full(99, charges=1)


@pytest.mark.parametrize("case", MISBEHAVIOURS)
def test_without_another_upstream_it_is_a_503_that_costs_nothing(
    case: str, keepa: Server, alice: User, settings: Settings
) -> None:
    settings.PROVIDERS = [entry(keepa)]
    keepa.usually = MISBEHAVIOURS[case]
    answer = bearing(key_of(alice)[1]).get(URL)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (503, "upstream_unavailable")
    assert int(answer.headers["Retry-After"]) == body["retry_after"] > 0
    assert "127.0.0.1" not in answer.content.decode()
    assert keepa.requests
    assert purse(alice) == full(100)


@pytest.mark.parametrize("case", MISBEHAVIOURS)
def test_the_next_upstream_answers_and_is_paid_for(
    case: str, keepa: Server, alice: User, settings: Settings
) -> None:
    settings.PROVIDERS = [entry(keepa), sample()]
    keepa.usually = MISBEHAVIOURS[case]
    body = bearing(key_of(alice)[1]).get(URL).json()
    assert (body["credits_used"], body["data"]["freshness"]) == (1, "fresh")
    assert body["data"]["provenance"]["title"]["provider"] == "sample"
    assert purse(alice) == full(99, charges=1)


@pytest.mark.parametrize("case", MISBEHAVIOURS)
def test_an_older_answer_serves_marked_as_such_and_free(
    case: str, keepa: Server, alice: User, settings: Settings
) -> None:
    settings.PROVIDERS = [entry(keepa)]
    program = bearing(key_of(alice)[1])
    program.get(URL)
    keepa.usually = MISBEHAVIOURS[case]
    with time_machine.travel(timedelta(hours=2), tick=False):
        body = program.get(URL).json()
    assert (body["credits_used"], body["data"]["freshness"]) == (0, "stale")
    assert purse(alice) == full(99, charges=1)


def test_an_upstream_that_says_nothing_in_time_is_passed_over(
    keepa: Server, alice: User, settings: Settings
) -> None:
    settings.PROVIDERS = [entry(keepa)]

    def wait_for_the_other_side(handler: Handler, query: Query) -> None:
        handler.rfile.read(1)

    keepa.usually = wait_for_the_other_side
    answer = bearing(key_of(alice)[1]).get(URL)
    assert (answer.status_code, answer.json()["code"]) == (503, "upstream_unavailable")
    assert purse(alice) == full(100)


def test_after_a_day_an_old_answer_is_too_old(keepa: Server, alice: User, settings: Settings) -> None:
    settings.PROVIDERS = [entry(keepa)]
    program = bearing(key_of(alice)[1])
    program.get(URL)
    keepa.usually = MISBEHAVIOURS["500"]
    with time_machine.travel(timedelta(hours=25), tick=False):
        assert program.get(URL).status_code == 503
    assert purse(alice) == full(99, charges=1)


def test_the_wait_an_upstream_names_is_passed_on(keepa: Server, alice: User, settings: Settings) -> None:
    settings.PROVIDERS = [entry(keepa)]
    keepa.usually = MISBEHAVIOURS["429"]
    answer = bearing(key_of(alice)[1]).get(URL)
    assert int(answer.headers["Retry-After"]) >= 60


def test_an_adapter_that_breaks_is_an_upstream_that_fails(alice: User, settings: Settings) -> None:
    def breaks(asin: str, place: str, parts: frozenset[Part]) -> None:
        raise KeyError("a fault of ours")

    settings.PROVIDERS = [upstream("broken", breaks)]
    answer = bearing(key_of(alice)[1]).get(URL)
    assert (answer.status_code, answer.json()["code"]) == (503, "upstream_unavailable")
    assert purse(alice) == full(100)


def test_an_answer_that_cannot_be_written_is_not_charged(alice: User, settings: Settings) -> None:
    settings.PROVIDERS = [
        upstream("odd", lambda asin, place, parts: a_product(title="half a character: \ud800"))
    ]
    answer = bearing(key_of(alice)[1]).get(URL)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert purse(alice) == full(100)


def test_a_marketplace_no_upstream_serves_is_said_so_and_free(
    keepa: Server, alice: User, settings: Settings
) -> None:
    settings.PROVIDERS = [entry(keepa)]
    answer = bearing(key_of(alice)[1]).get(URL, {"marketplace": "NL"})
    body = answer.json()
    assert (answer.status_code, body["code"], body["marketplace"]) == (422, "marketplace_not_served", "NL")
    assert "Retry-After" not in answer.headers
    assert purse(alice) == full(100)
