"""Tokens that are not good: each is refused with its own reason, and never with a 500."""

import base64
import hmac
import json
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.sessions import SignedIn
from accounts.tests.factories import a_user, bearing, logged_in

pytestmark = pytest.mark.django_db
ME = "/api/v1/auth/me"
FOREIGN_KEY = "a key of somebody else, long enough for every algorithm that signs with a shared secret"


@pytest.fixture
def ann() -> SignedIn:
    """Ann, logged in."""
    return logged_in(a_user())


def claims(token: str) -> dict[str, Any]:
    read: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return read


def signed(payload: dict[str, Any], *, key: str = "", algorithm: str = "HS256", **headers: Any) -> str:
    return jwt.encode(payload, key or settings.SECRET_KEY, algorithm=algorithm, headers=headers)


def unsigned(payload: dict[str, Any], header: dict[str, Any]) -> str:
    return f"{part(header)}.{part(payload)}."


def with_our_secret(payload: dict[str, Any], header: dict[str, Any]) -> str:
    """A token with a right HMAC of ours below a header that says something else."""
    body = f"{part(header)}.{part(payload)}"
    digest = hmac.digest(settings.SECRET_KEY.encode(), body.encode(), "sha256")
    return f"{body}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def part(values: dict[str, Any]) -> str:
    """One of the parts of a token."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()


def changed(**changes: Any) -> Callable[[SignedIn], str]:
    """A token of Ann's, rightly signed, with other claims."""
    return lambda ann: signed({**claims(ann.access_token), **changes})


def without(claim: str) -> Callable[[SignedIn], str]:
    """A token of Ann's, rightly signed, that lacks a claim."""
    return lambda ann: signed({k: v for k, v in claims(ann.access_token).items() if k != claim})


def forged(**headers: Any) -> Callable[[SignedIn], str]:
    """Ann's claims signed by someone else, whose key the header names."""
    return lambda ann: signed(claims(ann.access_token), key=FOREIGN_KEY, **headers)


HOUR = 3600
LACKS = "The token lacks a claim it must have."
NAMES_A_KEY = "The token's header names a key. Keys are never taken from a token."
BAD_TOKENS: dict[str, tuple[Callable[[SignedIn], str], str]] = {
    "refresh as access": (
        lambda ann: ann.refresh_token,
        "This is no access token: of the two that a log-in gives, send the other one.",
    ),
    "of no type": (
        changed(token_type="other"),
        "This is no access token: of the two that a log-in gives, send the other one.",
    ),
    "no type": (
        without("token_type"),
        "This is no access token: of the two that a log-in gives, send the other one.",
    ),
    "alg none": (
        lambda ann: unsigned(claims(ann.access_token), {"alg": "none", "typ": "JWT"}),
        "The token's algorithm is not accepted.",
    ),
    "alg None": (
        lambda ann: unsigned(claims(ann.access_token), {"alg": "nOnE", "typ": "JWT"}),
        "The token's algorithm is not accepted.",
    ),
    "another algorithm with our key": (
        lambda ann: signed(claims(ann.access_token), algorithm="HS512"),
        "The token's algorithm is not accepted.",
    ),
    "our secret taken for a public key": (
        lambda ann: with_our_secret(claims(ann.access_token), {"alg": "RS256", "typ": "JWT"}),
        "The token's algorithm is not accepted.",
    ),
    "no algorithm named": (
        lambda ann: with_our_secret(claims(ann.access_token), {"typ": "JWT"}),
        "The token's algorithm is not accepted.",
    ),
    "signature cut off": (
        lambda ann: ann.access_token.rpartition(".")[0] + ".",
        "The token's signature is not ours.",
    ),
    "signature of another token": (
        lambda ann: ann.access_token.rpartition(".")[0] + "." + ann.refresh_token.rpartition(".")[2],
        "The token's signature is not ours.",
    ),
    "foreign key": (forged(), "The token's signature is not ours."),
    "jku": (forged(jku="https://evil.example/keys.json"), NAMES_A_KEY),
    "jwk": (forged(jwk={"kty": "oct", "k": "eA"}), NAMES_A_KEY),
    "kid": (forged(kid="../../dev/null"), NAMES_A_KEY),
    "x5u": (forged(x5u="https://evil.example/cert"), NAMES_A_KEY),
    "expired": (changed(exp=int(time.time()) - HOUR), "The token has expired."),
    "not valid yet": (changed(nbf=int(time.time()) + HOUR), "The token is not valid yet."),
    "issued in the future": (changed(iat=int(time.time()) + HOUR), "The token is not valid yet."),
    "wrong audience": (changed(aud="another-api"), "The token was made for another service."),
    "wrong issuer": (changed(iss="someone"), "The token was made by another issuer."),
    "no audience": (without("aud"), LACKS),
    "no issuer": (without("iss"), LACKS),
    "no session": (without("sid"), LACKS),
    "no user": (without("sub"), LACKS),
    "no version": (without("ver"), LACKS),
    "version of another kind": (
        changed(ver=None),
        "The password or the state of the account has changed: log in again.",
    ),
    "session of another kind": (changed(sid=5), LACKS),
    "no uuid": (changed(sid="five"), LACKS),
    "unknown session": (changed(sid=str(uuid.uuid4())), "This session has ended: log in again."),
    "another version": (
        changed(ver="0.0"),
        "The password or the state of the account has changed: log in again.",
    ),
    "garbage": (lambda ann: "garbage", "This is not a token."),
    "three parts of garbage": (lambda ann: "a.b.c", "This is not a token."),
    "a header no token of ours has": (
        lambda ann: f"{part({'alg': 'HS256', 'crit': ['x']})}.{part({'sub': 'x'})}.c2ln",
        "This is not a token.",
    ),
    "not ASCII": (lambda ann: "é.é.é", "This is not a token."),
    "very long": (lambda ann: "e" * 100_000, "This is not a token."),
}


@pytest.mark.parametrize(("make", "reason"), BAD_TOKENS.values(), ids=BAD_TOKENS.keys())
def test_a_bad_token_is_refused_with_its_reason(
    ann: SignedIn, make: Callable[[SignedIn], str], reason: str
) -> None:
    answer = bearing(make(ann)).get(ME)
    body = answer.json()
    assert (answer.status_code, body["code"], body["detail"]) == (401, "invalid_token", reason)
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == "application/problem+json"


def test_a_token_that_was_good_is_refused_when_its_time_is_over(ann: SignedIn, time_machine_at: Any) -> None:
    assert bearing(ann.access_token).get(ME).status_code == 200
    time_machine_at(timezone.now() + timedelta(minutes=29))
    assert bearing(ann.access_token).get(ME).status_code == 200
    time_machine_at(timezone.now() + timedelta(minutes=1, seconds=11))  # ten for clocks that are off
    assert bearing(ann.access_token).get(ME).json()["detail"] == "The token has expired."


@pytest.mark.parametrize("name", ["jku", "jwk", "kid", "x5u"])
def test_a_key_that_the_header_names_is_not_looked_at(ann: SignedIn, name: str) -> None:
    """No address is asked and no file is read: the token is as good as our own signature on it."""
    token = signed(claims(ann.access_token), **{name: "https://127.0.0.1:1/keys.json"})
    assert bearing(token).get(ME).status_code == 200


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer one two", "bearer  "])
def test_a_bearer_header_without_one_token_is_refused(api: APIClient, header: str) -> None:
    answer = api.get(ME, HTTP_AUTHORIZATION=header)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


@pytest.mark.parametrize("header", ["", "Basic YW5uOnB3", "Digest x", "Token abc"])
def test_another_scheme_is_no_credential(api: APIClient, header: str) -> None:
    answer = api.get(ME, HTTP_AUTHORIZATION=header)
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_required")


def test_the_scheme_is_read_in_any_case(ann: SignedIn, api: APIClient) -> None:
    assert api.get(ME, HTTP_AUTHORIZATION=f"bEARER {ann.access_token}").status_code == 200


def test_a_token_in_the_address_is_no_credential(ann: SignedIn, api: APIClient) -> None:
    assert api.get(ME, {"access_token": ann.access_token, "token": ann.access_token}).status_code == 401


def test_tokens_say_for_whom_by_whom_and_for_how_long_they_are(ann: SignedIn) -> None:
    access, refresh = claims(ann.access_token), claims(ann.refresh_token)
    assert access["exp"] - access["iat"] == 30 * 60
    assert refresh["exp"] - refresh["iat"] == 7 * 24 * 3600
    assert access["sub"] == refresh["sub"] == str(ann.user.pk)
    assert access["sid"] == refresh["sid"] == str(ann.session_id)
    assert (access["aud"], access["iss"]) == ("pallet-api", "pallet")
    assert jwt.get_unverified_header(ann.access_token) == {"alg": "HS256", "typ": "JWT"}
    assert "email" not in access
