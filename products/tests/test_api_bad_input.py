"""Whatever is wrong with a call: a 4xx that names field or reason, costs nothing and holds nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import time_machine
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts import services as accounts
from accounts.models import User
from accounts.tests.factories import PASSWORD, bearing, key_of, logged_in
from products.tests.factories import ASIN, full, purse

pytestmark = pytest.mark.django_db
URL = "/api/v1/products/asin"
JSON = "application/json"


def assert_refused(answer: Any, status: int, code: str, *words: str) -> None:
    """Hold an answer to be this problem, and to say these words."""
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code), body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Request-Id"] == body["request_id"]
    assert [word for word in words if word not in answer.content.decode()] == []


def send(client: Any, body: bytes, content_type: str) -> Any:
    """Post these very bytes."""
    return client.generic("POST", URL, body, content_type)


WRONG_FIELDS: dict[str, tuple[dict[str, Any], str, str]] = {
    # name: body, pointer, code
    "no ASIN": ({}, "#/asin", "required"),
    "an empty ASIN": ({"asin": ""}, "#/asin", "blank"),
    "an ASIN that is null": ({"asin": None}, "#/asin", "null"),
    "an ASIN that is a number": ({"asin": 123456789}, "#/asin", "invalid"),
    "an ASIN that is a list": ({"asin": [ASIN]}, "#/asin", "invalid"),
    "an ASIN that is an object": ({"asin": {"value": ASIN}}, "#/asin", "invalid"),
    "an ASIN that is true": ({"asin": True}, "#/asin", "invalid"),
    "a short ASIN": ({"asin": "B07ZPKCJ6"}, "#/asin", "invalid_asin"),
    "a long ASIN": ({"asin": "B07ZPKCJ6X1"}, "#/asin", "invalid_asin"),
    "an ISBN with a wrong check digit": ({"asin": "0306406153"}, "#/asin", "invalid_asin"),
    "an FNSKU": ({"asin": "X0001ABCDE"}, "#/asin", "invalid_asin"),
    "an EAN": ({"asin": "4006381333931"}, "#/asin", "invalid_asin"),
    "an EAN with a wrong check digit": ({"asin": "4006381333932"}, "#/asin", "invalid_asin"),
    "an LPN sticker": ({"asin": "LPNRR1234567890"}, "#/asin", "invalid_asin"),
    "an address that is not Amazon's": (
        {"asin": "https://evil.example/dp/B07ZPKCJ6X"},
        "#/asin",
        "invalid_asin",
    ),
    "a foreign letter": ({"asin": "В07ZPKCJ6X"}, "#/asin", "invalid_asin"),
    "an endless ASIN": ({"asin": "B" * 5000}, "#/asin", "invalid_asin"),
    "an injection": ({"asin": "' OR 1=1 --"}, "#/asin", "invalid_asin"),
    "an unknown marketplace": ({"asin": ASIN, "marketplace": "XX"}, "#/marketplace", "unknown_marketplace"),
    "an empty marketplace": ({"asin": ASIN, "marketplace": ""}, "#/marketplace", "blank"),
    "a marketplace that is null": ({"asin": ASIN, "marketplace": None}, "#/marketplace", "null"),
    "a marketplace that is a number": ({"asin": ASIN, "marketplace": 1}, "#/marketplace", "invalid"),
    "a marketplace that is a list": ({"asin": ASIN, "marketplace": ["US"]}, "#/marketplace", "invalid"),
    "a flag that is a text": ({"asin": ASIN, "include_offers": "yes"}, "#/include_offers", "invalid"),
    "a flag that is a number": ({"asin": ASIN, "include_reviews": 1}, "#/include_reviews", "invalid"),
    "a flag that is null": ({"asin": ASIN, "include_images": None}, "#/include_images", "null"),
    "an unknown field": ({"asin": ASIN, "colour": "red"}, "#/colour", "unknown_field"),
    "a field with another case": ({"asin": ASIN, "Marketplace": "US"}, "#/Marketplace", "unknown_field"),
    "a field that would set the price": (
        {"asin": ASIN, "price": 0, "credits": 0},
        "#/price",
        "unknown_field",
    ),
    "a field that would set the payer": (
        {"asin": ASIN, "user": "bob", "parts": []},
        "#/user",
        "unknown_field",
    ),
    "a NUL character": ({"asin": ASIN + "\0"}, "#/asin", "null_characters_not_allowed"),
}


@pytest.mark.parametrize("case", WRONG_FIELDS)
def test_a_wrong_field_is_named_and_free(case: str, as_alice: APIClient, alice: User) -> None:
    body, pointer, code = WRONG_FIELDS[case]
    answer = as_alice.post(URL, body, format="json")
    assert_refused(answer, 422, "validation_error", pointer.removeprefix("#/"))
    assert (pointer, code) in {(error["pointer"], error["code"]) for error in answer.json()["errors"]}
    assert purse(alice) == full(100)


def test_all_that_is_wrong_is_told_at_once(as_alice: APIClient) -> None:
    wrong = {"asin": "X0001ABCDE", "marketplace": "XX", "include_offers": "yes"}
    errors = as_alice.post(URL, wrong, format="json").json()["errors"]
    assert {error["pointer"] for error in errors} >= {"#/include_offers"}


def test_an_fnsku_is_told_what_it_is(as_alice: APIClient) -> None:
    detail = as_alice.post(URL, {"asin": "X0001ABCDE"}, format="json").json()["detail"]
    assert detail.startswith("asin: X0001ABCDE is an FNSKU")


DEEP = b'{"asin":' + b"[" * 60 + b"]" * 60 + b"}"
BAD_BODIES: dict[str, tuple[bytes, str, int, str, str]] = {
    # name: body, content type, status, code, words
    "no JSON": (b"{asin: B07ZPKCJ6X}", JSON, 400, "malformed_request", "line 1, column 2"),
    "half an object": (b'{"asin": "B07', JSON, 400, "malformed_request", "not valid JSON"),
    "only spaces": (b"   ", JSON, 400, "malformed_request", "empty"),
    "an array": (b'["B07ZPKCJ6X"]', JSON, 400, "malformed_request", "an array"),
    "a string": (b'"B07ZPKCJ6X"', JSON, 400, "malformed_request", "a string"),
    "a number": (b"7", JSON, 400, "malformed_request", "a number"),
    "null": (b"null", JSON, 400, "malformed_request", "null"),
    "NaN": (b'{"asin": NaN}', JSON, 400, "malformed_request", "not valid JSON"),
    "a name twice": (
        b'{"asin": "B07ZPKCJ6X", "asin": "B000000000"}',
        JSON,
        400,
        "malformed_request",
        "'asin'",
    ),
    "bad UTF-8": (b'{"asin": "B07\xff"}', JSON, 400, "malformed_request", "UTF-8: see byte 13"),
    "UTF-16": ('{"asin": "B07ZPKCJ6X"}'.encode("utf-16"), JSON, 400, "malformed_request", "UTF-8"),
    "a raw NUL": (b'{"asin": "B07\x00"}', JSON, 400, "malformed_request", "not valid JSON"),
    "a lone surrogate": (b'{"asin": "\\ud800"}', JSON, 400, "malformed_request", "not valid JSON"),
    "deep JSON": (DEEP, JSON, 400, "malformed_request", "20 levels"),
    "absurdly deep JSON": (b"[" * 200_000, JSON, 400, "malformed_request", "20 levels"),
    "10 MB of JSON": (b'{"asin": "' + b"x" * 10_000_000 + b'"}', JSON, 413, "payload_too_large", "1,000,000"),
    "a form": (
        b"asin=B07ZPKCJ6X",
        "application/x-www-form-urlencoded",
        415,
        "unsupported_media_type",
        "JSON",
    ),
    "XML": (b"<asin/>", "application/xml", 415, "unsupported_media_type", "JSON"),
    "no content type": (b'{"asin": "B07ZPKCJ6X"}', "", 415, "unsupported_media_type", "JSON"),
    "nothing": (b"", JSON, 422, "validation_error", "asin"),
}


@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_bad_body_is_refused_with_the_reason_and_free(case: str, as_alice: APIClient, alice: User) -> None:
    body, content_type, status, code, words = BAD_BODIES[case]
    answer = send(as_alice, body, content_type)
    assert_refused(answer, status, code, words)
    assert purse(alice) == full(100)


def test_a_query_on_a_post_is_refused_rather_than_overlooked(as_alice: APIClient, alice: User) -> None:
    answer = as_alice.post(f"{URL}?marketplace=DE", {"asin": ASIN}, format="json")
    assert_refused(answer, 422, "validation_error", "#/marketplace")
    assert purse(alice) == full(100)


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("X0001ABCDE", "#/asin"),
        ("nonsense", "#/asin"),
        ("%00", "#/asin"),
        ("%FF%FE", "#/asin"),
        (f"{ASIN}?marketplace=XX", "#/marketplace"),
        (f"{ASIN}?marketplace=US&marketplace=DE", "#/marketplace"),
        (f"{ASIN}?colour=red", "#/colour"),
        (f"{ASIN}?asin=B000000000", "#/asin"),
        (f"{ASIN}?include_offers=maybe", "#/include_offers"),
        (f"{ASIN}?include_offers=", "#/include_offers"),
        (f"{ASIN}?format=xml", "#/format"),
    ],
)
def test_a_wrong_query_is_named_and_free(path: str, pointer: str, as_alice: APIClient, alice: User) -> None:
    answer = as_alice.get(f"/api/v1/products/{path}")
    assert_refused(answer, 422, "validation_error", pointer)
    assert purse(alice) == full(100)


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head"])
def test_another_method_is_refused_and_told_which_there_are(
    method: str, as_alice: APIClient, alice: User
) -> None:
    answer = getattr(as_alice, method)(URL)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, OPTIONS")
    assert purse(alice) == full(100)


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "application/json;q=0"])
def test_an_answer_in_another_form_is_refused_before_anything_is_paid(
    accept: str, as_alice: APIClient, alice: User
) -> None:
    answer = as_alice.post(URL, {"asin": ASIN}, format="json", headers={"accept": accept})
    assert_refused(answer, 406, "not_acceptable", "application/json")
    assert purse(alice) == full(100)


@pytest.mark.parametrize(
    "path", [f"{URL}/", "/api/v1//products/asin", "/API/v1/products/asin", "/api/v2/products/asin"]
)
def test_another_spelling_of_the_address_is_none_and_nobody_is_sent_on(
    path: str, as_alice: APIClient, alice: User
) -> None:
    answer = as_alice.post(path, {"asin": ASIN}, format="json")
    assert answer.status_code == 404
    assert purse(alice) == full(100)


def test_the_address_without_its_last_slash_is_suggested(as_alice: APIClient) -> None:
    answer = as_alice.post(f"{URL}/", {"asin": ASIN}, format="json")
    assert_refused(answer, 404, "not_found", f"Did you mean {URL}?")
    assert answer.json()["suggestion"] == URL


def forged(user: User, settings: Settings, *, key: str = "", algorithm: str = "HS256", **claims: Any) -> str:
    """A token like those we give out, but for what is named."""
    genuine = jwt.decode(logged_in(user).access_token, options={"verify_signature": False})
    return jwt.encode({**genuine, **claims}, key or settings.SIMPLE_JWT["SIGNING_KEY"], algorithm)


def test_a_token_that_is_not_good_is_refused_with_the_reason_and_free(
    alice: User, settings: Settings
) -> None:
    past = datetime.now(UTC) - timedelta(hours=1)
    tokens = {
        "expired": forged(alice, settings, exp=past),
        "of another service": forged(alice, settings, aud="another"),
        "signed with another key": forged(alice, settings, key="x" * 64),
        "not signed": jwt.encode(
            jwt.decode(logged_in(alice).access_token, options={"verify_signature": False}), "", "none"
        ),
        "for refreshing": logged_in(alice).refresh_token,
        "no token": "nonsense",
        "half a token": logged_in(alice).access_token[:-10],
        "a mistyped key": key_of(alice)[1][:-1] + "!",
    }
    answers = {
        name: bearing(token).post(URL, {"asin": ASIN}, format="json") for name, token in tokens.items()
    }
    for answer in answers.values():
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.json()["code"] in {"invalid_token", "invalid_key"}
        assert answer.json()["detail"]
    assert purse(alice) == full(100)


def test_no_token_is_told_how_to_send_one(anyone: APIClient) -> None:
    answer = anyone.post(URL, {"asin": ASIN}, format="json")
    assert_refused(answer, 401, "authentication_required", "Authorization: Bearer", "X-API-Key")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="pallet"'


def test_ten_megabytes_without_a_token_are_not_even_read(anyone: APIClient) -> None:
    answer = send(anyone, b" " * 10_000_000, JSON)
    assert_refused(answer, 401, "authentication_required")


def test_a_key_in_the_address_is_not_read(anyone: APIClient, alice: User) -> None:
    answer = anyone.get(f"/api/v1/products/{ASIN}", {"api_key": key_of(alice)[1]})
    assert_refused(answer, 401, "authentication_required")


def test_a_session_cookie_pays_for_nothing(alice: User) -> None:
    browser = APIClient()
    browser.force_login(alice)
    answer = browser.post(URL, {"asin": ASIN}, format="json")
    assert_refused(answer, 401, "authentication_required")
    assert purse(alice) == full(100)


def test_a_disabled_customer_is_refused_within_seconds(alice: User, as_alice: APIClient) -> None:
    assert as_alice.post(URL, {"asin": ASIN}, format="json").status_code == 200
    accounts.disable_user(user=alice)
    with time_machine.travel(timedelta(seconds=5)):
        answer = as_alice.post(URL, {"asin": ASIN}, format="json")
    assert_refused(answer, 401, "invalid_token")
    assert purse(alice) == full(99, charges=1)


def test_a_changed_password_ends_the_tokens_before_it(alice: User, as_alice: APIClient) -> None:
    accounts.change_password(user=alice, password=PASSWORD + "!")
    assert_refused(as_alice.post(URL, {"asin": ASIN}, format="json"), 401, "invalid_token")


def test_the_content_type_may_name_its_charset(as_alice: APIClient) -> None:
    body = b'\xef\xbb\xbf{"asin": "b07zpkcj6x"}'
    assert send(as_alice, body, "application/json; charset=utf-8").status_code == 200
