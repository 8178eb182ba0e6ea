"""manage.py providers: lists what is configured, and tries it: the stand-in, and a Keepa on this machine."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from pytest_django import Settings

from monitoring import recording
from monitoring.models import UpstreamCall
from monitoring.tests.conftest import KEY, elsewhere, keepa_at
from monitoring.tests.factories import an_attempt, failed, written
from products.tests.factories import a_product, sample, upstream
from providers.breaker import FIRST_PAUSE
from providers.errors import ErrorClass, ProviderError
from providers.http import credential_name
from providers.keepa.provider import KeepaProvider
from providers.keepa.tests.upstream import body, product
from providers.quest import CHECK
from providers.sample import failures
from providers.tests.loopback import Server, html, says

pytestmark = pytest.mark.django_db

ASIN = "B0PALLET01"


@dataclass
class Run:
    """What the command printed, and why it failed if it did."""

    out: str
    failure: str | None = None

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return [" ".join(line.split()) for line in self.out.splitlines()]


def run(*arguments: str) -> Run:
    """Run the command."""
    out = StringIO()
    try:
        call_command("providers", *arguments, stdout=out)
    except CommandError as error:
        return Run(out.getvalue(), str(error))
    return Run(out.getvalue())


@pytest.fixture
def still() -> Iterator[None]:
    """A clock that stands still: no bucket fills, no pause ends."""
    with time_machine.travel(datetime.now(UTC), tick=False):
        yield


@pytest.fixture
def keepa(server: Server, settings: Settings) -> Server:
    """The one upstream that is configured: a Keepa on this machine."""
    settings.PROVIDERS = [keepa_at(server.url)]
    return server


# --- what is configured ---


def test_the_stand_in_is_listed_with_what_it_can_do() -> None:
    (listed,) = run("--json").json["providers"]
    assert (listed["provider"], listed["credential"], listed["unit"]) == ("sample", "", "call")
    assert listed["offers"] is listed["reviews"] is listed["history"] is True
    assert {"title", "price", "offers"} <= set(listed["fields"])
    assert listed["codes"] == ["fnsku"]
    assert (len(listed["marketplaces"]), listed["batch"]) == (23, 100)
    assert (listed["limits"], listed["circuits"], listed["last_24_hours"]) == ([], [], None)


@pytest.mark.usefixtures("still")
def test_an_upstream_is_listed_with_how_it_stands(keepa: Server) -> None:
    answer = body(product(ASIN), tokensLeft=300, refillIn=1000, refillRate=20)
    keepa.usually = says(answer)
    assert run("--try", ASIN).failure is None
    (listed,) = run("--json").json["providers"]
    assert listed["credential"] == credential_name(KEY)
    assert (listed["reviews"], listed["offers"], listed["codes"]) == (False, True, ["gtin"])
    (limit,) = listed["limits"]
    assert limit["per_second"] == pytest.approx(1 / 3)
    assert (limit["bucket"], limit["burst"]) == ("tokens", 1200)
    assert limit["tokens"] == 300
    assert [(one["circuit"], one["state"]) for one in listed["circuits"]] == [
        ("products", "closed"),
        ("identifiers", "closed"),
    ]


@pytest.mark.usefixtures("still")
def test_an_upstream_that_fails_time_after_time_is_seen_to(keepa: Server) -> None:
    keepa.usually = html
    for _ in range(5):
        run("--try", ASIN)
    circuit = run("--json").json["providers"][0]["circuits"][0]
    assert (circuit["circuit"], circuit["state"], circuit["failures"]) == ("products", "open", 5)
    assert circuit["retry_after"] == FIRST_PAUSE
    assert any("products: open after 5 failures, tries again in" in line for line in run().lines)


def test_the_last_day_is_that_of_the_account(keepa: Server) -> None:
    mine = {"credential": credential_name(KEY)}
    written(
        an_attempt(cost=3, delivered=2, **mine), failed("timeout", **mine), an_attempt(credential="other")
    )
    written(an_attempt(**mine), at=datetime.now(UTC) - timedelta(hours=25))
    told = run("--json").json["providers"][0]["last_24_hours"]
    assert (told["calls"], told["succeeded"], told["failures"]) == (2, 1, {"timeout": 1})
    assert (told["cost"], told["delivered"], told["cost_per_answer"]) == (3.0, 2, 1.5)


def test_people_read_the_same_in_lines(keepa: Server) -> None:
    mine = {"credential": credential_name(KEY), "seconds": 1.5}
    written(an_attempt(cost=3, delivered=2, **mine), failed("timeout", **mine))
    fields = len(KeepaProvider.delivers)
    assert run().lines == [
        f"keepa, account {credential_name(KEY)}",
        f"knows products: {fields} of {fields + 1} fields, with offers and history; the ASIN behind: gtin",
        "marketplaces 11: BR CA DE ES FR IN IT JP MX UK US",
        "batch up to 100 a call; costs are counted in tokens",
        "limits tokens: not known",
        "circuits products: closed; identifiers: closed",
        "last 24 h 2 calls, 50.0% succeeded, p50 1,500 ms, p95 1,500 ms",
        "3 tokens for 2 answers, 1.5 each",
        "failed: timeout 1",
    ]


def test_an_upstream_nobody_asked_has_no_figures() -> None:
    assert "last 24 h no calls" in run().lines


def test_accounts_of_one_upstream_are_listed_apart(settings: Settings, server: Server) -> None:
    second = keepa_at(server.url)
    second["OPTIONS"]["api_key"] = "another"
    settings.PROVIDERS = [keepa_at(server.url), second, sample()]
    listed = run("--json").json["providers"]
    assert [(one["provider"], one["credential"]) for one in listed] == [
        ("keepa", credential_name(KEY)),
        ("keepa", credential_name("another")),
        ("sample", ""),
    ]
    assert len(run("--json", "--provider", "keepa").json["providers"]) == 2


def test_an_upstream_that_is_not_configured_is_told() -> None:
    told = run("--provider", "keepa")
    assert (told.out, told.failure) == ("", "no upstream called 'keepa' is configured; there are: sample")


# --- what answers ---


def test_the_stand_in_answers(settings: Settings) -> None:
    settings.PROVIDERS = [sample(latency_ms=20)]
    told = run("--try", "b07zpkcj6x", "--marketplace", "de", "--json")
    assert told.failure is None
    assert (told.json["asin"], told.json["marketplace"]) == ("B07ZPKCJ6X", "DE")
    (tried,) = told.json["tried"]
    assert (tried["provider"], tried["outcome"], tried["why"]) == ("sample", "ok", None)
    assert tried["title"]
    assert tried["price"]["currency"] == "EUR"
    assert {"title", "price", "rating"} <= set(tried["fields"])
    assert tried["seconds"] >= 0.02


def test_an_upstream_that_answers_is_told_in_lines(keepa: Server) -> None:
    told = run("--try", ASIN)
    assert told.failure is None
    assert told.lines[0] == f"keepa, account {credential_name(KEY)}"
    assert re.fullmatch(r"outcome ok, \d+\.\d+ s", told.lines[1])
    assert any(line.startswith("fields ") and "availability, brand" in line for line in told.lines)
    assert "price 18.49 USD" in told.lines
    assert keepa.requests[0].query["domain"] == "1"


def test_it_is_asked_past_the_store_each_time(keepa: Server) -> None:
    for _ in range(2):
        run("--try", ASIN)
    assert len(keepa.requests) == 2
    recording.writer.flush()
    assert UpstreamCall.objects.filter(provider="keepa", operation="products").count() == 2


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("B0FAIL0401", ErrorClass.AUTH_FAILED),
        ("B0FAIL0402", ErrorClass.OUT_OF_CREDIT),
        ("B0FAIL0429", ErrorClass.RATE_LIMITED),
        ("B0FAIL0500", ErrorClass.UPSTREAM_DOWN),
        (failures.PRODUCT_LEFT_OUT, ErrorClass.PARTIAL),
        (failures.PRODUCT_OF_ANOTHER_ASIN, ErrorClass.INVALID_ANSWER),
        (failures.PRODUCT_WITH_NEGATIVE_PRICE, ErrorClass.INVALID_ANSWER),
    ],
)
def test_why_nobody_answered_is_told(code: str, reason: ErrorClass) -> None:
    told = run("--try", code, "--json")
    assert told.failure == "no upstream answered"
    (tried,) = told.json["tried"]
    assert tried["outcome"] == reason
    assert tried["why"]
    assert (tried["fields"], tried["title"], tried["price"]) == ([], None, None)


def test_an_answer_that_is_not_believed_is_counted_as_it_is_for_a_lookup() -> None:
    run("--try", failures.PRODUCT_WITH_NEGATIVE_PRICE)
    recording.writer.flush()
    [check] = UpstreamCall.objects.filter(operation=CHECK)
    assert (check.outcome, check.delivered) == ("invalid_answer", -1)


def test_a_failure_is_told_in_lines(keepa: Server) -> None:
    keepa.usually = says({"error": f"no access with {KEY}"}, status=402)
    told = run("--try", ASIN)
    assert told.failure == "no upstream answered"
    assert re.fullmatch(r"outcome auth_failed, \d+\.\d+ s", told.lines[1])
    assert told.lines[2] == "why payment required, or a key without access"


def test_that_there_is_no_such_product_is_an_answer() -> None:
    told = run("--try", failures.PRODUCT_NOT_FOUND)
    assert told.failure is None
    assert told.lines[1].startswith("outcome no such product, ")


def test_a_marketplace_that_is_not_served_is_not_asked_about(keepa: Server) -> None:
    told = run("--try", ASIN, "--marketplace", "SE", "--json")
    assert told.failure == "no upstream answered"
    assert told.json["tried"][0]["outcome"] == "marketplace_not_served"
    assert keepa.requests == []


def test_one_that_answers_is_enough_and_one_that_breaks_stops_no_other(settings: Settings) -> None:
    def breaks(*_: object) -> None:
        raise KeyError(ASIN)

    def fails(*_: object) -> None:
        raise ProviderError("out of order", retryable=False, reason=ErrorClass.UPSTREAM_DOWN)

    def dirty(*_: object) -> Any:
        return a_product(asin=ASIN, title="<b>Bold</b>\x1b[31m thing", price=None)

    settings.PROVIDERS = [upstream("one", breaks), upstream("two", fails), upstream("three", dirty)]
    told = run("--try", ASIN, "--json")
    assert told.failure is None
    assert [(one["outcome"], one["why"]) for one in told.json["tried"]] == [
        ("invalid_answer", "the adapter broke (KeyError)"),
        ("upstream_down", "out of order"),
        ("ok", None),
    ]
    assert told.json["tried"][2]["title"] == "Bold[31m thing"
    assert "price not known" in run("--try", ASIN).lines


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--try", "X0001ABCDE"), "FNSKU"),
        (("--try", ASIN, "--marketplace", "XX"), "'XX' is not a marketplace"),
        (("--try", ASIN, "--provider", "keepa"), "no upstream called 'keepa'"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: tuple[str, ...], why: str) -> None:
    told = run(*arguments)
    assert told.out == ""
    assert why in (told.failure or "")


def test_where_nobody_knows_products_nobody_is_asked(settings: Settings) -> None:
    codes_only = f"{KeepaProvider.__module__.replace('keepa', 'sample')}.SampleIdentifierProvider"
    settings.PROVIDERS = [{"NAME": "sample", "BACKEND": codes_only, "OPTIONS": {}}]
    assert run("--try", ASIN).failure == "none of these upstreams knows products"
    assert "knows the ASIN behind: fnsku" in run().lines


# --- as a process ---


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("is_well", "outcome"), [(True, "ok"), (False, "invalid_request")])
def test_the_exit_code_says_whether_anybody_answered(server: Server, is_well: bool, outcome: str) -> None:
    if not is_well:
        server.usually = says({}, status=404)
    options = {"PROVIDERS": "keepa", "KEEPA_API_KEY": KEY, "KEEPA_URL": server.url}
    done = subprocess.run(
        [sys.executable, "manage.py", "providers", "--try", ASIN, "--json"],
        env={**elsewhere(), **options},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == (0 if is_well else 1), done.stderr
    assert json.loads(done.stdout)["tried"][0]["outcome"] == outcome
    assert UpstreamCall.objects.get().outcome == outcome  # written when the command ended


# --- secrets ---


def test_no_key_is_shown(keepa: Server, caplog: pytest.LogCaptureFixture) -> None:
    keepa.usually = says({"error": f"your key {KEY} is bad"}, status=402)
    shown = [run(*arguments, *form) for arguments in ((), ("--try", ASIN)) for form in ((), ("--json",))]
    assert [told.failure for told in shown] == [None, None, *["no upstream answered"] * 2]
    assert all(KEY not in told.out + (told.failure or "") for told in shown)
    assert KEY not in caplog.text
