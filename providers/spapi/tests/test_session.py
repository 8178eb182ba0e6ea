"""Tokens, headers, rates and refusals, against a server that gives and takes tokens as Amazon does."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from providers.attempts import Attempt
from providers.deadline import within
from providers.errors import ErrorClass, ProviderError
from providers.http import Call, Reply
from providers.limits import Rate
from providers.marketplaces import MARKETPLACES
from providers.spapi.session import HOSTS, RATES, USER_AGENT, Session
from providers.spapi.tests.amazon import CREDENTIALS, REFUSED, SECRETS, Amazon, amazon, ends, header
from providers.spapi.tests.amazon import token_of as token
from providers.tests import loopback
from providers.tests.clocks import Stopped
from providers.tests.loopback import BROKEN, Behaviour, Handler, Query, says
from providers.turns import PATIENCE_SECONDS, turns

CALL = Call(operation="getListingsItem", path="/listings", marketplace="US", params={"a": "b"})
GOOD = says({"items": []})


@pytest.fixture
def upstream() -> Iterator[Amazon]:
    with amazon(GOOD) as running:
        yield running


@pytest.fixture
def session(upstream: Amazon) -> Session:
    return Session(**upstream.options)


def failure(session: Session, call: Call = CALL) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        session.send(call)
    return caught.value


def at_once(count: int, work: Any) -> list[Any]:
    """Do the work in so many threads that begin together; return what came of it."""
    together, ends_of = threading.Barrier(count), list[Any]()

    def begin() -> None:
        together.wait()
        try:
            ends_of.append(work())
        except ProviderError as error:
            ends_of.append(error)

    threads = [threading.Thread(target=begin) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends_of


def test_a_call_bears_a_token_a_date_and_who_asks(upstream: Amazon) -> None:
    stopped = Stopped(1_795_694_706.0)
    assert Session(**upstream.options, clock=stopped.clock).send(CALL).body == {"items": []}
    [call] = upstream.calls
    assert (call.path, call.query, token(call)) == ("/listings", {"a": "b"}, "Atza|1")
    assert header(call, "x-amz-date") == "20261126T120506Z"
    assert header(call, "user-agent") == USER_AGENT
    assert USER_AGENT.startswith("Pallet/1 (Language=Python/3.")


def test_a_token_is_asked_for_by_form(upstream: Amazon, session: Session) -> None:
    session.send(CALL)
    [exchange] = upstream.exchanges
    assert (exchange.method, exchange.path) == ("POST", "/auth/o2/token")
    assert header(exchange, "content-type") == "application/x-www-form-urlencoded;charset=UTF-8"
    assert exchange.form == {
        "grant_type": "refresh_token",
        "client_id": CREDENTIALS["client_id"],
        **SECRETS,
    }


def test_a_token_serves_until_shortly_before_its_end(upstream: Amazon) -> None:
    stopped = Stopped()
    session = Session(**upstream.options, clock=stopped.clock)
    for seconds in (0, 3569, 1, 3569, 1):
        stopped.passes(seconds)
        session.send(CALL)
    assert [token(call) for call in upstream.calls] == ["Atza|1", "Atza|1", "Atza|2", "Atza|2", "Atza|3"]


@pytest.mark.parametrize("lifetime", [None, "3600", 0, -1, True, 1.5])
def test_a_lifetime_that_is_none_means_an_hour(upstream: Amazon, lifetime: Any) -> None:
    stopped = Stopped()
    upstream.token_script = [says({"access_token": "Atza|odd", "expires_in": lifetime})]
    session = Session(**upstream.options, clock=stopped.clock)
    session.send(CALL)
    stopped.passes(3569)
    session.send(CALL)
    stopped.passes(1)
    session.send(CALL)
    assert len(upstream.exchanges) == 2


def test_sixteen_threads_make_one_exchange(upstream: Amazon, session: Session) -> None:
    replies = at_once(16, lambda: session.send(Call(operation="unlimited", path="/x")))
    assert all(isinstance(reply, Reply) for reply in replies)
    assert (len(upstream.exchanges), len(upstream.calls)) == (1, 16)


def test_threads_that_take_turns_do_not_wait_for_each_other_over_a_token(
    upstream: Amazon, session: Session
) -> None:
    def in_turn() -> Reply:
        with turns.taken():
            return session.send(Call(operation="unlimited", path="/x"))

    began = time.monotonic()
    assert all(isinstance(reply, Reply) for reply in at_once(4, in_turn))
    assert len(upstream.exchanges) == 1
    assert time.monotonic() - began < PATIENCE_SECONDS / 2


def test_nobody_waits_beyond_its_time_for_the_exchange_of_another(upstream: Amazon, session: Session) -> None:
    go_on = threading.Event()
    upstream.token_script = [loopback.waits_for(go_on, says({"access_token": "Atza|late"}))]
    first = threading.Thread(target=session.send, args=(CALL,))
    first.start()
    while not upstream.exchanges:
        first.join(0.01)
    with within(0.05):
        assert failure(session).reason is ErrorClass.TIMEOUT
    go_on.set()
    first.join()
    assert (len(upstream.exchanges), len(upstream.calls)) == (1, 1)


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_ended_too_early_is_replaced_once(
    upstream: Amazon, session: Session, status: int
) -> None:
    upstream.script = [GOOD, says(REFUSED, status=status)]
    session.send(CALL)
    session.send(CALL)
    assert [token(call) for call in upstream.calls] == ["Atza|1", "Atza|1", "Atza|2"]
    assert session.health("getListingsItem")[0].failures == 0


def test_sixteen_threads_whose_token_ends_at_once_make_one_more_exchange_and_open_no_circuit(
    upstream: Amazon, session: Session
) -> None:
    call = Call(operation="unlimited", path="/x")
    session.send(call)
    first_refused = threading.Barrier(16)

    def refuses_together(handler: Handler, query: Query) -> None:
        if token(handler.request_now) == "Atza|1":
            first_refused.wait(30)
            says(REFUSED, status=403)(handler, query)
        else:
            GOOD(handler, query)

    upstream.usually = refuses_together
    replies = at_once(16, lambda: session.send(call))
    assert all(isinstance(reply, Reply) for reply in replies)
    assert len(upstream.exchanges) == 2
    assert session.health("unlimited")[0].state == "closed"


@pytest.mark.parametrize(
    ("status", "reason"), [(401, ErrorClass.AUTH_FAILED), (403, ErrorClass.NOT_ENTITLED)]
)
def test_what_a_new_token_does_not_mend_is_final(
    upstream: Amazon, session: Session, status: int, reason: ErrorClass
) -> None:
    upstream.usually = says(REFUSED, status=status)
    error = failure(session)
    assert (error.reason, error.retryable) == (reason, False)
    assert [token(call) for call in upstream.calls] == ["Atza|1", "Atza|2"]
    assert len(upstream.exchanges) == 2


def test_refused_time_after_time_it_costs_no_more_tokens_and_opens_the_circuit(
    upstream: Amazon, session: Session
) -> None:
    upstream.usually = says(REFUSED, status=403)
    reasons = [failure(session).reason for _ in range(5)]
    assert reasons == [ErrorClass.NOT_ENTITLED] * 5
    assert (len(upstream.exchanges), len(upstream.calls)) == (2, 6)
    assert session.health("getListingsItem")[0].state == "open"
    assert failure(session).reason is ErrorClass.UPSTREAM_DOWN
    assert len(upstream.calls) == 6


def test_a_role_that_is_missing_for_one_operation_is_no_matter_for_another(
    upstream: Amazon, session: Session
) -> None:
    upstream.script = [says(REFUSED, status=403)] * 2
    failure(session)
    assert session.send(Call(operation="getReport", path="/reports")).body == {"items": []}
    assert token(upstream.calls[-1]) == "Atza|2"


def test_after_a_success_a_refusal_is_a_matter_of_the_token_again(upstream: Amazon, session: Session) -> None:
    refused = says(REFUSED, status=401)
    upstream.script = [refused, refused, GOOD, refused, GOOD]
    failure(session)
    session.send(CALL)
    session.send(CALL)
    assert [token(call) for call in upstream.calls] == ["Atza|1", "Atza|2", "Atza|2", "Atza|2", "Atza|3"]


def test_a_token_that_ends_in_a_long_run_is_not_noticed(upstream: Amazon) -> None:
    stopped = Stopped()
    upstream.usually = ends("Atza|2", then=GOOD)
    session = Session(**upstream.options, clock=stopped.clock)
    for _ in range(10):
        session.send(CALL)
        stopped.passes(1000)
    assert len(upstream.calls) == 11
    assert {token(call) for call in upstream.calls} == {"Atza|1", "Atza|2", "Atza|3", "Atza|4"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (says({"error": "invalid_grant"}, status=400), ErrorClass.AUTH_FAILED),
        (says({"error": "invalid_client"}, status=401), ErrorClass.AUTH_FAILED),
        (says({"error": "unauthorized_client"}, status=400), ErrorClass.AUTH_FAILED),
        (says({"error": "access_denied"}, status=403), ErrorClass.AUTH_FAILED),
        (says({"error": "invalid_scope"}, status=400), ErrorClass.AUTH_FAILED),
        (says({"error": "invalid_request"}, status=500), ErrorClass.AUTH_FAILED),
        (says(b"<html>", status=400), ErrorClass.AUTH_FAILED),
        (says({"access_token": 7}), ErrorClass.INVALID_ANSWER),
        (says({"access_token": "two\nlines"}), ErrorClass.INVALID_ANSWER),
        (says({"access_token": "x" * 2049}), ErrorClass.INVALID_ANSWER),
        (says({}), ErrorClass.INVALID_ANSWER),
    ],
)
def test_a_grant_that_is_not_accepted_is_final(
    upstream: Amazon, session: Session, answer: Behaviour, reason: ErrorClass
) -> None:
    upstream.token_script = [answer]
    error = failure(session)
    assert (error.reason, error.retryable) == (reason, False)
    assert (len(upstream.exchanges), len(upstream.calls)) == (1, 0)


@pytest.mark.parametrize(
    "answer",
    [
        says({"error": "server_error"}, status=500),
        says({"error": "temporarily_unavailable"}, status=400),
        says(b"<html>", status=503),
        says({"message": "slow down"}, status=429),
        loopback.silent,
    ],
)
def test_an_exchange_that_may_succeed_later_is_tried_again(
    upstream: Amazon, session: Session, answer: Behaviour
) -> None:
    upstream.token_script = [answer, answer]
    session.send(CALL)
    assert (len(upstream.exchanges), len(upstream.calls)) == (3, 1)


def test_a_grant_refused_time_after_time_is_left_alone(upstream: Amazon, session: Session) -> None:
    upstream.token_script = [says({"error": "invalid_grant"}, status=400)] * 9
    for _ in range(5):
        failure(session)
    assert failure(session).reason is ErrorClass.UPSTREAM_DOWN
    assert len(upstream.exchanges) == 5
    assert [one.state for one in session.health()] == ["open"]


@pytest.mark.parametrize("told", ["", "0", "-1", "0.0", "many", "nan", "inf", "1e9", "99999", "2.0,3.0"])
def test_a_rate_that_cannot_be_meant_is_ignored(upstream: Amazon, session: Session, told: str) -> None:
    upstream.usually = says({}, x_amzn_RateLimit_Limit=told)
    session.send(CALL)
    assert session.standings("getListingsItem")[0].rate == Rate(5, 10)


def test_the_rate_an_answer_tells_holds_for_its_operation(upstream: Amazon, session: Session) -> None:
    upstream.usually = says({"errors": []}, status=404, x_amzn_RateLimit_Limit="12.5")
    failure(session)
    rates = [one.rate for one in session.standings("getListingsItem", "getReport")]
    assert rates == [Rate(12.5, 10), RATES["getReport"]]


def test_a_quota_used_up_empties_the_bucket(upstream: Amazon, session: Session) -> None:
    upstream.usually = says({"errors": [{"code": "QuotaExceeded", "message": "."}]}, status=429)
    error = failure(session)
    assert error.reason is ErrorClass.RATE_LIMITED
    assert error.retry_after == pytest.approx(0.2, abs=0.1)
    assert len(upstream.calls) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (says({"errors": [{"code": "InvalidInput"}]}, status=400), ErrorClass.INVALID_REQUEST),
        (says({"errors": [{"code": "NotFound"}]}, status=404), ErrorClass.NOT_FOUND),
        (says({"errors": "?"}, status=413), ErrorClass.INVALID_REQUEST),
        (says({"errors": [{"code": "InternalFailure"}]}, status=500), ErrorClass.UPSTREAM_DOWN),
        (says(b"<html>Service Unavailable</html>", status=503), ErrorClass.UPSTREAM_DOWN),
        *BROKEN,
    ],
)
def test_names_every_failure(
    upstream: Amazon, session: Session, answer: Behaviour, reason: ErrorClass
) -> None:
    upstream.usually = answer
    assert failure(session).reason is reason


def test_the_id_of_a_refused_request_is_in_the_log_and_its_words_are_not(
    upstream: Amazon, session: Session
) -> None:
    words = {"errors": [{"code": "InvalidInput", "message": "Atza|1 is bad"}]}
    upstream.usually = says(words, status=400, x_amzn_RequestId="7c6-Ab")
    with capture_logs() as logs:
        error = failure(session)
    [refused] = [entry for entry in logs if entry["event"] == "upstream_refused"]
    assert (refused["code"], refused["request_id"]) == ("InvalidInput", "7c6-Ab")
    assert "Atza" not in f"{logs} {error} {error!r}"


def test_a_refusal_of_no_known_form_is_logged_without_its_words(upstream: Amazon, session: Session) -> None:
    upstream.usually = says({"errors": [{"code": "it is\nAtza|1"}]}, status=400)
    with capture_logs() as logs:
        failure(session)
    assert [one["code"] for one in logs if one["event"] == "upstream_refused"] == [None]


def test_secrets_are_shown_by_nothing(upstream: Amazon) -> None:
    told: list[Attempt] = []
    session = Session(**upstream.options, observe=told.append)
    upstream.usually = says({"errors": [{"code": "x", "message": SECRETS["client_secret"]}]}, status=401)
    error = failure(session)
    tokens, exchange, final = session._tokens, session._exchange, session._final
    parts = [session, tokens, tokens._kept, exchange, session._doubting, final]
    seen = [*parts, *map(vars, (session, tokens, exchange, final)), error, error.__context__, told]
    shown = " ".join(f"{one!s} {one!r}" for one in seen)
    assert not [secret for secret in (*SECRETS.values(), "Atza|") if secret in shown]
    assert len(told) == 4


def test_marketplaces_are_those_of_the_region() -> None:
    served = {region: Session(**CREDENTIALS | {"region": region}).marketplaces for region in HOSTS}
    assert served["FE"] == {"JP", "AU", "SG"}
    assert set().union(*served.values()) == set(MARKETPLACES)
    assert sum(map(len, served.values())) == len(MARKETPLACES)


def test_two_sellers_have_buckets_of_their_own(upstream: Amazon) -> None:
    one, other = (Session(**upstream.options | {"refresh_token": name}) for name in ("Atzr|1", "Atzr|2"))
    one.send(CALL)
    assert one.credential != other.credential
    assert [round(s.standings("getListingsItem")[0].tokens or 0) for s in (one, other)] == [9, 10]
