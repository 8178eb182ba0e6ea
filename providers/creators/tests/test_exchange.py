"""The exchange of a credential for a token."""

import threading
from typing import Any

import pytest

from providers.creators.provider import CreatorsProvider
from providers.creators.tests import amazon
from providers.errors import ErrorClass, ProviderError
from providers.http import Patience
from providers.tests import loopback
from providers.tests.clocks import Stopped
from providers.tests.loopback import BROKEN, Behaviour, Server, says
from providers.tokens import Tokens

COGNITO = {
    "grant_type": "client_credentials",
    "client_id": "amzn1.pallet",
    "client_secret": "s3cr3t",
    "scope": "creatorsapi/default",
}


@pytest.fixture
def time() -> Stopped:
    return Stopped()


@pytest.fixture
def tokens(catalogue: Server, exchange: Server, time: Stopped) -> Tokens:
    return amazon.provider(catalogue, exchange, clock=time.clock)._tokens


def token(text: str, **changes: Any) -> Behaviour:
    return says(amazon.fixture("token") | {"access_token": text} | changes)


def failure(tokens: Tokens) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        tokens.current()
    return caught.value


def test_a_credential_of_version_3_is_sent_as_json(tokens: Tokens, exchange: Server) -> None:
    assert tokens.current().reveal() == "Atc|t0k3n"
    (request,) = exchange.requests
    assert (request.method, request.path) == ("POST", "/auth/o2/token")
    assert request.headers["Content-Type"] == "application/json"
    assert request.json == COGNITO | {"scope": "creatorsapi::default"}


def test_a_credential_of_version_2_is_sent_as_a_form(catalogue: Server, exchange: Server) -> None:
    amazon.provider(catalogue, exchange, version="2.2")._tokens.current()
    (request,) = exchange.requests
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.form == COGNITO


@pytest.mark.parametrize("told", [None, "7200", True, [3600]])
def test_a_token_of_unknown_length_is_good_for_an_hour(
    tokens: Tokens, exchange: Server, time: Stopped, told: object
) -> None:
    exchange.script = [token("first", expires_in=told), token("second")]
    tokens.current()
    time.passes(3569)
    assert tokens.current().reveal() == "first"
    time.passes(1)
    assert tokens.current().reveal() == "second"


@pytest.mark.parametrize("told", [0, -5, 30])
def test_a_token_that_is_about_to_end_is_used_once(tokens: Tokens, exchange: Server, told: int) -> None:
    exchange.script = [token("first", expires_in=told), token("second")]
    assert [tokens.current().reveal(), tokens.current().reveal()] == ["first", "second"]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (says({"error": "invalid_client"}, status=400), ErrorClass.AUTH_FAILED),
        (says({"error": "invalid_scope"}, status=400), ErrorClass.AUTH_FAILED),
        (says({"error": "unauthorized_client"}, status=400), ErrorClass.AUTH_FAILED),
        (says({"error": "invalid_client"}, status=401), ErrorClass.AUTH_FAILED),
        (says({}, status=403), ErrorClass.AUTH_FAILED),
        (says({"error": "invalid_request"}, status=400), ErrorClass.INVALID_REQUEST),
        (says({"error": ["invalid_client"]}, status=400), ErrorClass.INVALID_REQUEST),
        (says(b"<html>", status=400), ErrorClass.INVALID_REQUEST),
        (says({}, status=429), ErrorClass.RATE_LIMITED),
        (says({}, status=500), ErrorClass.UPSTREAM_DOWN),
        (says(b"<html>", status=503, Content_Type="text/html"), ErrorClass.UPSTREAM_DOWN),
        (says({}), ErrorClass.INVALID_ANSWER),
        (token(""), ErrorClass.INVALID_ANSWER),
        (token("two words"), ErrorClass.INVALID_ANSWER),
        (token("x\r\nHost: evil"), ErrorClass.INVALID_ANSWER),
        (token("x" * 9000), ErrorClass.INVALID_ANSWER),
        (says({"access_token": 7}), ErrorClass.INVALID_ANSWER),
        *BROKEN,
    ],
)
def test_names_every_failure_of_the_exchange(
    tokens: Tokens, exchange: Server, behaviour: Behaviour, reason: ErrorClass
) -> None:
    exchange.usually = behaviour
    assert failure(tokens).reason is reason


def test_an_exchange_that_drips_ends_in_time(catalogue: Server, exchange: Server) -> None:
    over = threading.Event()
    exchange.usually = loopback.drips(over)
    patience = Patience(connect=0.1, read=5, total=0.3, attempts=1)
    creators = amazon.provider(catalogue, exchange, patience=patience)
    assert failure(creators._tokens).reason is ErrorClass.TIMEOUT
    over.set()


def test_a_failed_exchange_says_nothing_of_the_credential(
    creators: CreatorsProvider, exchange: Server
) -> None:
    exchange.usually = says({"error": "invalid_client", "error_description": "s3cr3t"}, status=400)
    error = failure(creators._tokens)
    inside = [creators, creators._tokens, creators._exchange, creators._exchange._client]
    told = f"{error} {error!r} " + " ".join(f"{vars(one)!r}" for one in inside)
    assert "s3cr3t" not in told
