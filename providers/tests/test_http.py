"""The HTTP client against a real server that misbehaves."""

import logging
import threading
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from providers import deadline
from providers.attempts import Attempt
from providers.breaker import FAILURES
from providers.errors import ErrorClass, ProviderError
from providers.http import Call, HTTPClient, Manners, Patience, Reply, credential_name
from providers.limits import KEPT_SECONDS, Lesson, Rate
from providers.tests import loopback
from providers.tests.clocks import Stopped
from providers.tests.loopback import Behaviour, Handler, Query, Server, says
from providers.transport import Secret

QUICK = Patience(connect=1, read=5, total=10, attempts=3, wait_initial=0.001, wait_max=0.01)
ONCE = Patience(connect=1, read=5, total=10, attempts=1)


@pytest.fixture
def server() -> Iterator[Server]:
    with loopback.serving() as running:
        yield running


def ask(server: Server, patience: Patience = ONCE, **options: Any) -> Reply:
    client = HTTPClient("test", server.url, patience=patience, **options)
    params: dict[str, str | Secret] = {"key": Secret("s3cr3t"), "domain": "1", "asin": "B0PALLET01"}
    return client.send(Call(operation="x", path="/product", params=params))


def failure(server: Server, behaviour: Behaviour, patience: Patience = ONCE) -> ProviderError:
    server.usually = behaviour
    with pytest.raises(ProviderError) as caught:
        ask(server, patience)
    return caught.value


def test_returns_the_json_object_of_a_gzipped_answer(server: Server) -> None:
    reply = ask(server)
    assert reply.status == 200
    assert reply.body["asked"]["asin"] == "B0PALLET01"
    assert server.requests[0].query["key"] == "s3cr3t"


def test_keeps_connections_for_the_next_call(server: Server) -> None:
    client = HTTPClient("test", server.url, patience=ONCE)
    for _ in range(3):
        client.send(Call(operation="x", path="/product", params={"domain": "1", "asin": "B0PALLET01"}))
    assert len({request.port for request in server.requests}) == 1


def test_sends_no_cookie_back(server: Server) -> None:
    server.usually = says({}, Set_Cookie="id=1; Path=/")
    client = HTTPClient("test", server.url, patience=ONCE)
    client.send(Call(operation="x", path="/"))
    client.send(Call(operation="x", path="/"))
    assert "Cookie" not in server.requests[1].headers


@pytest.mark.parametrize(
    ("behaviour", "reason", "retryable"),
    [
        (loopback.html, ErrorClass.UPSTREAM_DOWN, True),
        (loopback.silent, ErrorClass.UPSTREAM_DOWN, True),
        (loopback.resets, ErrorClass.UPSTREAM_DOWN, True),
        (loopback.truncated, ErrorClass.UPSTREAM_DOWN, True),
        (says(b""), ErrorClass.UPSTREAM_DOWN, True),
        (says(b"  \n"), ErrorClass.UPSTREAM_DOWN, True),
        (says(b"oops", status=500, Content_Type="text/html"), ErrorClass.UPSTREAM_DOWN, True),
        (says({}, status=503), ErrorClass.UPSTREAM_DOWN, True),
        (says({}, status=599), ErrorClass.UPSTREAM_DOWN, True),
        (says(b'{"products": [{"asin": "B0'), ErrorClass.INVALID_ANSWER, False),
        (says(b'{"price": NaN}'), ErrorClass.INVALID_ANSWER, False),
        (says(b'{"price": Infinity}'), ErrorClass.INVALID_ANSWER, False),
        (says(b'{"title": "\xff"}'), ErrorClass.INVALID_ANSWER, False),
        (says(b'{"a":' * 2000 + b"1" + b"}" * 2000), ErrorClass.INVALID_ANSWER, False),
        (says([1, 2]), ErrorClass.INVALID_ANSWER, False),
        (says("text"), ErrorClass.INVALID_ANSWER, False),
        (says(b"null"), ErrorClass.INVALID_ANSWER, False),
        (says(b"\x1f\x8bnot gzip", Content_Encoding="gzip"), ErrorClass.INVALID_ANSWER, False),
        (loopback.bomb, ErrorClass.INVALID_ANSWER, False),
        (loopback.endless, ErrorClass.INVALID_ANSWER, False),
        (says({}, status=302, Location="http://127.0.0.1:1/"), ErrorClass.INVALID_ANSWER, False),
        (says({}, status=400), ErrorClass.INVALID_REQUEST, False),
        (says({}, status=401), ErrorClass.AUTH_FAILED, False),
        (says({}, status=402), ErrorClass.OUT_OF_CREDIT, False),
        (says({}, status=403), ErrorClass.AUTH_FAILED, False),
        (says({}, status=404), ErrorClass.NOT_FOUND, False),
        (says({}, status=405), ErrorClass.INVALID_REQUEST, False),
        (says({}, status=408), ErrorClass.TIMEOUT, True),
        (says({}, status=429), ErrorClass.RATE_LIMITED, True),
    ],
)
def test_names_every_way_in_which_an_upstream_fails(
    server: Server, behaviour: Behaviour, reason: ErrorClass, retryable: bool
) -> None:
    error = failure(server, behaviour)
    assert (error.reason, error.retryable) == (reason, retryable)


def test_follows_no_redirect(server: Server) -> None:
    failure(server, says({}, status=301, Location=f"{server.url}/elsewhere"), QUICK)
    assert [request.path for request in server.requests] == ["/product"]


def test_a_port_where_nobody_listens_is_an_upstream_that_is_down() -> None:
    with loopback.serving() as gone:
        url = gone.url
    with pytest.raises(ProviderError) as caught:
        HTTPClient("test", url, patience=QUICK).send(Call(operation="x", path="/"))
    assert caught.value.reason is ErrorClass.UPSTREAM_DOWN


@pytest.mark.parametrize("url", ["nonsense://x", "http://", "http://[::1"])
def test_an_address_that_is_none_is_our_mistake(url: str) -> None:
    with pytest.raises(ProviderError) as caught:
        HTTPClient("test", url, patience=QUICK).send(Call(operation="x", path="/"))
    assert (caught.value.reason, caught.value.retryable) == (ErrorClass.INVALID_REQUEST, False)


def test_silence_ends_with_the_read_time_out(server: Server) -> None:
    release = threading.Event()
    patience = Patience(connect=0.2, read=0.1, total=30, attempts=1)
    error = failure(server, loopback.waits_for(release), patience)
    release.set()
    assert (error.reason, error.retryable) == (ErrorClass.TIMEOUT, True)


@pytest.mark.parametrize("headers", [True, False])
def test_dripping_does_not_outlast_the_total_time(server: Server, headers: bool) -> None:
    release = threading.Event()
    patience = Patience(connect=0.2, read=20, total=0.3, attempts=1)
    error = failure(server, loopback.drips(release, headers=headers), patience)
    release.set()
    assert error.reason is ErrorClass.TIMEOUT


def test_tries_again_what_may_pass(server: Server) -> None:
    server.script = [says({}, status=500), loopback.silent]
    assert ask(server, QUICK).status == 200
    assert len(server.requests) == 3


def test_gives_up_after_the_last_attempt(server: Server) -> None:
    assert failure(server, says({}, status=503), QUICK).reason is ErrorClass.UPSTREAM_DOWN
    assert len(server.requests) == QUICK.attempts


def test_does_not_try_again_what_will_not_pass(server: Server) -> None:
    failure(server, says({}, status=401), QUICK)
    assert len(server.requests) == 1


def test_does_not_try_again_when_no_time_is_left(server: Server) -> None:
    failure(server, says({}, status=503), Patience(connect=5, read=5, total=5, attempts=3))
    assert len(server.requests) == 1


def test_waits_as_long_as_the_upstream_asks_when_that_is_short(server: Server) -> None:
    server.script = [says({}, status=429, Retry_After="0")]
    assert ask(server, QUICK).status == 200


def test_passes_a_long_wait_on_instead_of_waiting(server: Server) -> None:
    error = failure(server, says({}, status=429, Retry_After="43"), QUICK)
    assert (error.reason, error.retry_after) == (ErrorClass.RATE_LIMITED, 43)
    assert len(server.requests) == 1


@pytest.mark.parametrize("told", ["", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "-1", "١"])
def test_a_wait_that_is_no_number_of_seconds_is_no_wait(server: Server, told: str) -> None:
    headers = {"Retry_After": told} if told.isascii() else {}
    assert failure(server, says({}, status=429, **headers)).retry_after is None


@pytest.mark.parametrize("told", ["999999999", "9" * 400])
def test_a_wait_is_no_longer_than_what_is_learned_is_remembered(server: Server, told: str) -> None:
    assert failure(server, says({}, status=429, Retry_After=told)).retry_after == KEPT_SECONDS


def test_a_wait_beyond_all_numbers_leaves_a_bucket_that_fills_again(server: Server) -> None:
    server.script = [says({}, status=429, Retry_After="9" * 400)]
    time = Stopped()
    client = HTTPClient(
        "test", server.url, manners=Manners(rates={"x": Rate(2, 3)}), patience=ONCE, clock=time.clock
    )
    for _ in range(2):
        with pytest.raises(ProviderError):
            client.send(Call(operation="x", path="/product"))
    time.passes(KEPT_SECONDS)
    assert client.send(Call(operation="x", path="/product")).status == 200


def test_reads_no_more_of_a_refusal_than_it_needs(server: Server) -> None:
    error = failure(server, says(b" " * 1_000_000 + b"{}", status=500))
    assert error.reason is ErrorClass.UPSTREAM_DOWN


def test_the_size_limit_counts_what_comes_out_of_the_compression(server: Server) -> None:
    client = HTTPClient("test", server.url, patience=ONCE)
    params = {"domain": "1", "asin": "B0PALLET01"}
    size = len(orjson.dumps(client.send(Call(operation="x", path="/product", params=params)).body))
    with pytest.raises(ProviderError) as caught:
        client.send(Call(operation="x", path="/product", params=params, max_bytes=size // 2))
    assert caught.value.reason is ErrorClass.INVALID_ANSWER


def test_every_attempt_is_told_to_the_observer(server: Server) -> None:
    told: list[Attempt] = []
    server.script = [says({}, status=500), says({"tokensConsumed": 1})]
    ask(
        server,
        QUICK,
        observe=told.append,
        manners=Manners(cost=lambda reply: reply.body.get("tokensConsumed")),
    )
    assert [(one.provider, one.operation, one.outcome, one.status, one.cost) for one in told] == [
        ("test", "x", "upstream_down", 500, None),
        ("test", "x", "ok", 200, 1),
    ]
    assert all(one.seconds > 0 for one in told)


@pytest.mark.parametrize(
    "behaviour", [loopback.silent, loopback.truncated, loopback.html, says({}, status=402), says(b"\xff")]
)
def test_a_failure_does_not_carry_the_key(server: Server, behaviour: Behaviour) -> None:
    error: BaseException | None = failure(server, behaviour)
    while error is not None:
        assert "s3cr3t" not in f"{error!r} {error} {vars(error)}"
        error = error.__cause__ or error.__context__


def test_no_log_line_carries_the_key(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    bad_header = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n: oops\r\nbad\r\n\r\n{}"

    def malformed(handler: Handler, query: Query) -> None:
        handler.wfile.write(bad_header)
        handler.close_connection = True

    with caplog.at_level(logging.DEBUG):
        ask(server)
        server.script = [malformed, loopback.silent]
        ask(server, QUICK)
    assert "GET /product" in caplog.text
    assert "s3cr3t" not in caplog.text


def test_a_secret_shows_itself_on_the_wire_only() -> None:
    secret = Secret("s3cr3t")
    assert f"{secret} {secret!r} {[secret]}" == "Secret(***) Secret(***) [Secret(***)]"
    assert secret.reveal() == "s3cr3t"
    assert secret
    assert not Secret("")


def test_one_client_serves_many_threads(server: Server) -> None:
    client = HTTPClient("test", server.url, patience=ONCE)
    together, found = threading.Barrier(20), []

    def call(number: int) -> None:
        together.wait()
        asin = f"B0PALLET{number:02}"
        reply = client.send(Call(operation="x", path="/product", params={"domain": "1", "asin": asin}))
        found.append(reply.body["asked"]["asin"] == asin)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 20


# --- what can be sent and received ------------------------------------------------------------------------


def test_a_body_is_sent_as_json_with_its_secrets(server: Server) -> None:
    server.usually = says({"ok": True})
    client = HTTPClient("test", server.url, patience=ONCE)
    client.send(Call(operation="x", path="/t", method="POST", json={"id": "a", "secret": Secret("s3cr3t")}))
    [asked] = server.requests
    assert (asked.method, asked.json) == ("POST", {"id": "a", "secret": "s3cr3t"})
    assert asked.headers["Content-Type"] == "application/json"


def test_a_body_is_sent_as_a_form_with_its_secrets(server: Server) -> None:
    server.usually = says({"ok": True})
    client = HTTPClient("test", server.url, patience=ONCE)
    client.send(Call(operation="x", path="/t", method="POST", form={"id": "a b", "secret": Secret("s&3")}))
    [asked] = server.requests
    assert asked.form == {"id": "a b", "secret": "s&3"}
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_headers_carry_secrets_to_the_wire(server: Server) -> None:
    client = HTTPClient("test", server.url, patience=ONCE)
    params = {"domain": "1", "asin": "B0PALLET01"}
    client.send(Call(operation="x", path="/p", params=params, headers={"Api-Key": Secret("s3cr3t")}))
    assert server.requests[0].headers["Api-Key"] == "s3cr3t"


def test_a_file_comes_as_it_is(server: Server) -> None:
    server.usually = says(b"sku\tfnsku\r\n", Content_Type="text/html; charset=UTF-8")
    reply = HTTPClient("test", server.url).send(Call(operation="x", path="/f", is_raw=True))
    assert (reply.data, reply.body, reply.kind) == (b"sku\tfnsku\r\n", {}, "text/html")


def test_a_file_that_is_too_large_is_refused(server: Server) -> None:
    server.usually = loopback.endless
    with pytest.raises(ProviderError) as caught:
        HTTPClient("test", server.url).send(Call(operation="x", path="/f", is_raw=True, max_bytes=1000))
    assert caught.value.reason is ErrorClass.INVALID_ANSWER


def test_an_upstream_may_mean_something_by_a_web_page(server: Server) -> None:
    server.usually = loopback.html
    pending = ProviderError("still working", retryable=False, reason=ErrorClass.PENDING)
    with pytest.raises(ProviderError) as caught:
        ask(server, manners=Manners(no_json=lambda reply: pending))
    assert caught.value is pending


# --- limits and time --------------------------------------------------------------------------------------


def test_a_rate_that_is_told_in_a_header_is_learned(server: Server) -> None:
    server.usually = says({}, x_amzn_RateLimit_Limit="0.5")
    told = Manners(
        rates={"x": Rate(5, 2)},
        lesson=lambda call, reply: Lesson(per_second=float(reply.headers["x-amzn-RateLimit-Limit"])),
    )
    client = HTTPClient("test", server.url, manners=told, patience=ONCE)
    client.send(Call(operation="x", path="/"))
    assert [one.rate for one in client.standings("x")] == [Rate(0.5, 2)]


def test_a_429_without_a_word_empties_the_bucket(server: Server) -> None:
    server.script = [says({}, status=429)]
    client = HTTPClient("test", server.url, manners=Manners(rates={"x": Rate(0.1, 10)}), patience=ONCE)
    for _ in range(3):
        with pytest.raises(ProviderError) as caught:
            client.send(Call(operation="x", path="/"))
        assert caught.value.reason is ErrorClass.RATE_LIMITED
    assert len(server.requests) == 1


def test_when_no_time_is_left_nobody_is_asked(server: Server) -> None:
    with deadline.within(0), pytest.raises(ProviderError) as caught:
        ask(server)
    assert caught.value.reason is ErrorClass.TIMEOUT
    assert server.requests == []


def test_the_time_of_the_whole_question_ends_a_call(server: Server) -> None:
    over = threading.Event()
    server.usually = loopback.drips(over)
    with deadline.within(1), pytest.raises(ProviderError) as caught:
        ask(server, QUICK)
    over.set()
    assert caught.value.reason is ErrorClass.TIMEOUT
    assert len(server.requests) == 1


def test_a_deadline_within_another_never_lengthens_it() -> None:
    with deadline.within(5, wait=1), deadline.within(60):
        assert deadline.left() <= 5
        assert deadline.wait(9) == 1
    assert (deadline.left(), deadline.wait(9)) == (deadline.FOREVER, 9)


def test_after_failures_in_a_row_the_connection_is_not_even_opened(server: Server) -> None:
    server.usually = says({}, status=503)
    client = HTTPClient("test", server.url, patience=ONCE)
    for _ in range(FAILURES + 5):
        with pytest.raises(ProviderError):
            client.send(Call(operation="x", path="/"))
    assert len(server.requests) == FAILURES
    assert [one.state for one in client.health("x", "y")] == ["open", "closed"]


def test_a_credential_has_a_name_that_does_not_lead_back_to_it() -> None:
    assert credential_name("s3cr3t") == credential_name("s3cr3t") != credential_name("other")
    assert credential_name("a", "b") != credential_name("ab")
    assert "s3cr3t" not in credential_name("s3cr3t")
