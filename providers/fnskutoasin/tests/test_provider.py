"""The adapter of fnskutoasin.com against a server that speaks its format."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from providers import deadline
from providers.attempts import Attempt
from providers.base import Match, Source
from providers.errors import ErrorClass, ProviderError
from providers.fnskutoasin.provider import ASK_AGAIN_SECONDS, PATIENCE, RATE, FnskuToAsinProvider
from providers.fnskutoasin.tests.test_parse import CODE, answer, fixture
from providers.http import Patience
from providers.kinds import Kind
from providers.tests import loopback
from providers.tests.clocks import START, Stopped
from providers.tests.loopback import QUICK, Behaviour, Handler, Query, Server, says
from providers.turns import turns


def finds(handler: Handler, query: Query) -> None:
    """Answer that the search for the code asked about is over."""
    says(answer(barCode=handler.request_now.json["barCode"]))(handler, query)


def finds_all_but(*pending: str) -> Behaviour:
    """Go on searching for these codes."""

    def behaviour(handler: Handler, query: Query) -> None:
        code = handler.request_now.json["barCode"]
        state = {"taskState": 0, "asin": None} if code in pending else {}
        says(answer(barCode=code, **state))(handler, query)

    return behaviour


@pytest.fixture
def server() -> Iterator[Server]:
    with loopback.serving(finds) as running:
        yield running


@pytest.fixture
def time() -> Stopped:
    return Stopped()


@pytest.fixture
def finder(server: Server, time: Stopped) -> FnskuToAsinProvider:
    return made(server, time)


def made(server: Server, time: Stopped, **options: Any) -> FnskuToAsinProvider:
    usual: dict[str, Any] = {"base_url": server.url, "patience": QUICK, "clock": time.clock}
    return FnskuToAsinProvider(api_key="s3cr3t", **usual | options)


def failure(finder: FnskuToAsinProvider, *codes: str) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        finder.resolve(codes or [CODE], marketplace="US")
    return caught.value


def asked(server: Server) -> list[str]:
    return [request.json["barCode"] for request in server.requests]


def test_finds_the_asin_behind_a_code(finder: FnskuToAsinProvider, server: Server) -> None:
    at = datetime.fromtimestamp(START, UTC)
    match = Match(code=CODE, asins=("B0PALLET01",), source=Source("fnskutoasin", at))
    assert finder.resolve([CODE], marketplace="US") == {CODE: match}
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/api/v1/ScanTask/AddOrGet")
    assert request.json == {"barCode": CODE, "callbackUrl": ""}
    assert request.headers["Api-Key"] == "s3cr3t"
    assert request.headers["Accept-Language"] == "en-US"
    assert request.headers["Content-Type"] == "application/json"


def test_says_what_it_resolves() -> None:
    assert FnskuToAsinProvider.kinds == {Kind.FNSKU}
    assert FnskuToAsinProvider.marketplaces == {"US"}


@pytest.mark.parametrize("name", ["failed", "finished"])
def test_a_search_without_result_is_no_match(finder: FnskuToAsinProvider, server: Server, name: str) -> None:
    whole = fixture(name)
    server.usually = says(whole | {"data": whole["data"] | {"asin": "None"}})
    assert finder.resolve([CODE], marketplace="US") == {CODE: None}


def test_asks_again_while_the_search_goes_on(
    finder: FnskuToAsinProvider, server: Server, time: Stopped
) -> None:
    server.script = [says(fixture("pending")), says(fixture("pending"))]
    assert finder.resolve([CODE], marketplace="US")[CODE]
    assert time.waits == [1.2, 1.2]
    assert len({request.sent for request in server.requests}) == 1


def test_a_web_page_means_that_the_search_goes_on(
    finder: FnskuToAsinProvider, server: Server, time: Stopped
) -> None:
    server.script = [loopback.html, loopback.html]
    assert finder.resolve([CODE], marketplace="US")[CODE]
    assert time.waits == [1.2, 1.2]


@pytest.mark.parametrize("behaviour", [says(fixture("pending")), loopback.html])
def test_a_search_that_takes_longer_is_pending(
    finder: FnskuToAsinProvider, server: Server, time: Stopped, behaviour: Behaviour
) -> None:
    server.usually = behaviour
    error = failure(finder)
    assert (error.reason, error.retryable) == (ErrorClass.PENDING, False)
    assert error.retry_after == ASK_AGAIN_SECONDS
    assert len(server.requests) == 3
    assert time.waits == [1.2, 1.2]


@pytest.mark.parametrize(("polls", "expected"), [(0, 1), (1, 1), (2, 2), (6, 6)])
def test_how_often_it_asks_can_be_set(server: Server, time: Stopped, polls: int, expected: int) -> None:
    server.usually = says(fixture("pending"))
    failure(made(server, time, polls=polls, poll_seconds=0.5))
    assert len(server.requests) == expected
    assert time.waits == [0.5] * (expected - 1)


def test_a_pause_longer_than_the_question_has_time_is_not_made(
    finder: FnskuToAsinProvider, server: Server, time: Stopped
) -> None:
    server.usually = says(fixture("pending"))
    with deadline.within(1.1):
        assert failure(finder).reason is ErrorClass.PENDING
    assert len(server.requests) == 1
    assert not time.waits


def test_others_work_during_a_pause(server: Server, time: Stopped) -> None:
    taken: list[bool] = []

    def other() -> None:
        with turns.taken():
            taken.append(True)

    def during(seconds: float) -> None:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(5)

    clock = replace(time.clock, sleep=during)
    server.script = [says(fixture("pending"))]
    with turns.taken():
        made(server, time, clock=clock).resolve([CODE], marketplace="US")
        assert taken == [True]


def test_asks_about_one_code_after_the_other(finder: FnskuToAsinProvider, server: Server) -> None:
    codes = [f"X00{number:07}" for number in range(5)]
    assert list(finder.resolve(codes, marketplace="US")) == codes
    assert asked(server) == codes


def test_asks_nobody_about_nothing(finder: FnskuToAsinProvider, server: Server) -> None:
    assert finder.resolve([], marketplace="US") == {}
    assert not server.requests


def test_those_still_searched_for_are_asked_about_together_after_a_pause(
    finder: FnskuToAsinProvider, server: Server, time: Stopped
) -> None:
    server.script = [finds_all_but("X001WAITS1"), finds, finds_all_but("X001WAITS2")]
    assert len(finder.resolve(["X001WAITS1", CODE, "X001WAITS2"], marketplace="US")) == 3
    assert asked(server) == ["X001WAITS1", CODE, "X001WAITS2", "X001WAITS1", "X001WAITS2"]
    assert time.waits == [1.2]


def test_codes_still_searched_for_are_left_out(finder: FnskuToAsinProvider, server: Server) -> None:
    server.usually = finds_all_but("X001WAITS1")
    assert list(finder.resolve(["X001WAITS1", CODE], marketplace="US")) == [CODE]


def test_when_all_are_searched_for_it_is_pending(finder: FnskuToAsinProvider, server: Server) -> None:
    server.usually = finds_all_but("X001WAITS1", "X001WAITS2")
    assert failure(finder, "X001WAITS1", "X001WAITS2").reason is ErrorClass.PENDING


def test_a_failure_among_those_searched_for_is_the_one_to_tell(
    finder: FnskuToAsinProvider, server: Server
) -> None:
    server.script = [says({}, status=400)]
    server.usually = finds_all_but("X001WAITS1")
    assert failure(finder, CODE, "X001WAITS1").reason is ErrorClass.INVALID_REQUEST


@pytest.mark.parametrize(
    ("later", "wait"),
    [
        (says({}, status=503), ASK_AGAIN_SECONDS),
        (says({}, status=429, Retry_After="3"), ASK_AGAIN_SECONDS),
        (says({}, status=429, Retry_After="60"), 60),
    ],
)
def test_a_failure_on_asking_again_does_not_end_the_search(
    finder: FnskuToAsinProvider, server: Server, later: Behaviour, wait: float
) -> None:
    server.script = [says(fixture("pending"))]
    server.usually = later
    error = failure(finder)
    assert (error.reason, error.retry_after) == (ErrorClass.PENDING, wait)


def test_a_failure_does_not_take_the_others_along(finder: FnskuToAsinProvider, server: Server) -> None:
    server.script = [says({}, status=400)]
    assert list(finder.resolve(["X001WRONG1", CODE], marketplace="US")) == [CODE]


def test_a_limit_that_is_reached_ends_the_asking(finder: FnskuToAsinProvider, server: Server) -> None:
    server.usually = says({}, status=429, Retry_After="60")
    error = failure(finder, CODE, "X001OTHER1")
    assert (error.reason, error.retry_after) == (ErrorClass.RATE_LIMITED, 60)
    assert asked(server) == [CODE]


def test_after_a_limit_was_reached_nobody_asks_before_its_end(
    finder: FnskuToAsinProvider, server: Server, time: Stopped
) -> None:
    server.script = [says({}, status=429, Retry_After="60")]
    failure(finder)
    assert failure(finder).reason is ErrorClass.RATE_LIMITED
    assert len(server.requests) == 1
    time.passes(60)
    assert finder.resolve([CODE], marketplace="US")[CODE]


def test_a_429_without_a_word_is_tried_again(server: Server, time: Stopped) -> None:
    server.script = [says({}, status=429)]
    finder = made(server, time, patience=Patience(attempts=2, wait_initial=0.001, wait_max=1))
    assert finder.resolve([CODE], marketplace="US")[CODE]
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (says({}, status=400), ErrorClass.INVALID_REQUEST),
        (says({}, status=404), ErrorClass.INVALID_REQUEST),
        (says({}, status=401), ErrorClass.AUTH_FAILED),
        (says({}, status=403), ErrorClass.AUTH_FAILED),
        (says({}, status=402), ErrorClass.OUT_OF_CREDIT),
        (says({}, status=429), ErrorClass.RATE_LIMITED),
        (says({}, status=500), ErrorClass.UPSTREAM_DOWN),
        (says(b"<html>", status=500, Content_Type="text/html"), ErrorClass.UPSTREAM_DOWN),
        (says(b"<html>", status=502), ErrorClass.UPSTREAM_DOWN),
        (says(b"<x/>", Content_Type="text/xml"), ErrorClass.UPSTREAM_DOWN),
        (says({}, status=302, Location="http://192.168.0.1/login"), ErrorClass.INVALID_ANSWER),
        (says(answer() | {"succeeded": False, "messages": ["S3CRET"]}), ErrorClass.INVALID_REQUEST),
        (says(answer(barCode="X001OTHER1")), ErrorClass.INVALID_ANSWER),
        (says(answer(asin="S3CRET")), ErrorClass.INVALID_ANSWER),
        (says({}), ErrorClass.INVALID_ANSWER),
        (says(b"not JSON"), ErrorClass.INVALID_ANSWER),
        (loopback.silent, ErrorClass.UPSTREAM_DOWN),
        (loopback.truncated, ErrorClass.UPSTREAM_DOWN),
        (loopback.bomb, ErrorClass.INVALID_ANSWER),
    ],
)
def test_names_every_failure(
    finder: FnskuToAsinProvider, server: Server, behaviour: Behaviour, reason: ErrorClass
) -> None:
    server.usually = behaviour
    error = failure(finder)
    assert error.reason is reason
    assert "S3CRET" not in str(error)


def test_what_may_pass_is_tried_again(finder: FnskuToAsinProvider, server: Server) -> None:
    server.script = [says({}, status=500), loopback.resets]
    assert finder.resolve([CODE], marketplace="US")[CODE]


def test_follows_no_redirect(finder: FnskuToAsinProvider, server: Server) -> None:
    server.usually = says({}, status=308, Location=f"{server.url}/elsewhere")
    failure(finder)
    assert [request.path for request in server.requests] == ["/api/v1/ScanTask/AddOrGet"]


def test_an_answer_that_drips_ends_in_time(server: Server) -> None:
    over = threading.Event()
    server.usually = loopback.drips(over)
    patience = Patience(connect=0.1, read=5, total=0.3, attempts=1)
    finder = FnskuToAsinProvider(api_key="s3cr3t", base_url=server.url, patience=patience)
    assert failure(finder).reason is ErrorClass.TIMEOUT
    over.set()


def test_no_pause_is_made_beyond_its_patience(server: Server, time: Stopped) -> None:
    server.usually = says(fixture("pending"))
    patience = Patience(connect=0.1, read=5, total=5, attempts=1)
    failure(made(server, time, patience=patience, polls=6, poll_seconds=2))
    assert time.waits == [2, 2]


def test_its_usual_patience_is_half_a_minute() -> None:
    assert (PATIENCE.connect, PATIENCE.read, PATIENCE.total, PATIENCE.attempts) == (3, 20, 30, 3)


def test_a_search_is_paid_when_it_is_finished(server: Server, time: Stopped) -> None:
    told: list[Attempt] = []
    finder = made(server, time, observe=told.append)
    server.script = [says(fixture("pending")), loopback.html]
    finder.resolve([CODE], marketplace="US")
    assert [(one.outcome, one.cost, one.delivered) for one in told] == [
        ("ok", 0, 0),
        ("pending", None, 0),
        ("ok", 1, 1),
    ]
    assert {(one.provider, one.operation, one.marketplace) for one in told} == {
        ("fnskutoasin", "identifiers", "US")
    }
    assert finder.unit == "lookup"


def test_how_it_fares_is_told(finder: FnskuToAsinProvider, server: Server) -> None:
    server.script = [says({}, status=401)]
    failure(finder)
    assert [(one.circuit, one.failures) for one in finder.health()] == [("identifiers", 1)]
    [standing] = finder.standings()
    assert (standing.rate, standing.tokens) == (RATE, RATE.burst - 1)


def test_the_key_is_shown_by_nothing(finder: FnskuToAsinProvider, server: Server) -> None:
    server.usually = says({"messages": ["bad key s3cr3t"]}, status=401)
    error = failure(finder)
    assert "s3cr3t" not in f"{error} {error!r} {finder!r} {vars(finder)!r} {vars(finder._client)!r}"


def test_without_a_key_it_says_what_to_do() -> None:
    assert FnskuToAsinProvider.problems({"api_key": "x"}) == []
    assert [hint for _, hint in FnskuToAsinProvider.problems({"api_key": ""})] == [
        "Set FNSKUTOASIN_API_KEY, or take fnskutoasin out of PROVIDERS."
    ]
