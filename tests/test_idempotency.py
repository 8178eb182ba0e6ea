"""A POST that is sent again under its Idempotency-Key is answered again, and neither done nor paid twice."""

import json
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import PASSWORD, a_user, bearing, key_of, logged_in
from api.models import IdempotentRequest
from api.tasks import forget_old_idempotent_requests
from products.tests.factories import ASIN, full, give, purse, sample, upstream
from providers.errors import ErrorClass, ProviderError

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("surroundings")]
LOOKUP = "/api/v1/products/asin"
LOGIN = "/api/v1/auth/login"
BODY = {"asin": ASIN, "marketplace": "US"}


def post(client: APIClient, body: Any = BODY, *, key: str = "k-1", path: str = LOOKUP) -> Any:
    """POST under a key."""
    return client.post(path, body, format="json", headers={"idempotency-key": key})


def age(**interval: int) -> None:
    """Make all records older."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE api_idempotentrequest SET created_at = created_at - make_interval(hours => %s)",
            [interval["hours"]],
        )


def is_replayed(answer: Any) -> bool:
    return bool(answer.headers.get("Idempotent-Replayed") == "true")


# --- the same answer again ---


def kept_headers(answer: Any) -> dict[str, str]:
    """The headers that belong to the answer and not to the request."""
    apart = {"Request-Id", "Idempotent-Replayed"}
    return {
        name: value for name, value in answer.headers.items() if name not in apart and "RateLimit" not in name
    }


def test_the_same_call_gets_the_same_answer_and_pays_once(program: APIClient, alice: User) -> None:
    first, again = post(program), post(program)
    assert (first.status_code, is_replayed(first)) == (200, False)
    assert (again.status_code, is_replayed(again)) == (200, True)
    assert again.content == first.content
    assert kept_headers(again) == kept_headers(first)
    assert again.headers["X-Charge-Id"] == "chg_" + first.headers["Request-Id"][4:]
    assert again.headers["Request-Id"] != first.headers["Request-Id"] == again.json()["request_id"]
    assert purse(alice) == full(99, charges=1)


def test_another_key_is_another_call(program: APIClient, alice: User) -> None:
    assert post(program, key="k-1").json()["request_id"] != post(program, key="k-2").json()["request_id"]
    assert purse(alice) == full(98, charges=2)


def test_how_the_body_is_spelled_does_not_matter(program: APIClient, alice: User) -> None:
    post(program)
    turned = json.dumps(dict(reversed(BODY.items())), indent=3)
    again = program.generic("POST", LOOKUP, turned, "application/json", headers={"idempotency-key": '"k-1"'})
    assert is_replayed(again)
    assert purse(alice) == full(99, charges=1)


def test_a_replay_needs_no_credits(program: APIClient, alice: User, settings: Settings) -> None:
    bob = a_user()
    give(bob, 1)
    client = bearing(key_of(bob)[1])
    first, again = post(client), post(client)
    assert again.content == first.content
    assert purse(bob) == full(0, charges=1)
    assert post(client, key="k-2").status_code == 402


def test_a_product_that_does_not_exist_is_not_looked_for_again(
    program: APIClient, settings: Settings
) -> None:
    calls: list[str] = []
    settings.PROVIDERS = [upstream("none", lambda *_: None, calls)]
    first, again = post(program), post(program)
    assert (first.status_code, again.status_code) == (404, 404)
    assert is_replayed(again)
    assert again.headers["Content-Type"] == "application/problem+json"
    assert again.content == first.content
    assert calls == [ASIN]


def test_a_session_is_begun_once(alice: User) -> None:
    credentials = {"email": alice.email, "password": PASSWORD}
    first, again = (post(APIClient(), credentials, path=LOGIN) for _ in range(2))
    assert is_replayed(again)
    assert again.json() == first.json()
    assert again.headers["Cache-Control"] == "no-store"
    assert alice.sessions.count() == 1


def test_the_answer_is_kept_for_72_hours(program: APIClient, alice: User) -> None:
    first = post(program)
    age(hours=71)
    assert post(program).content == first.content
    age(hours=2)
    anew = post(program, {"asin": ASIN, "marketplace": "DE"})
    assert (anew.status_code, is_replayed(anew)) == (200, False)
    assert anew.headers["X-Charge-Id"] != first.headers["X-Charge-Id"]
    assert is_replayed(post(program, {"asin": ASIN, "marketplace": "DE"}))
    assert purse(alice) == full(98, charges=2)


def test_old_answers_are_removed_by_the_clock(program: APIClient) -> None:
    post(program, key="old")
    age(hours=73)
    post(program, key="new")
    assert [forget_old_idempotent_requests() for _ in range(2)] == [1, 0]
    assert IdempotentRequest.objects.count() == 1
    assert is_replayed(post(program, key="new"))


# --- whose key it is ---


def test_keys_of_another_account_mean_nothing_here(program: APIClient, alice: User) -> None:
    bob = a_user()
    give(bob, 5)
    first, other = post(program), post(bearing(key_of(bob)[1]))
    assert not is_replayed(other)
    assert other.json()["request_id"] != first.json()["request_id"]
    assert purse(bob) == full(4, charges=1)


def test_an_account_may_repeat_a_call_with_another_credential(program: APIClient, alice: User) -> None:
    first = post(program)
    assert post(bearing(logged_in(alice).access_token)).content == first.content
    assert purse(alice) == full(99, charges=1)


def test_the_same_key_at_another_address_is_another_call(program: APIClient) -> None:
    post(program)
    other = post(program, {}, path="/api/v1/auth/logout")
    assert (other.status_code, other.json()["code"]) == (403, "session_required")


def test_whoever_has_lost_the_credential_gets_nothing_again(alice: User, program: APIClient) -> None:
    plaintext = key_of(alice)[1]
    client = bearing(plaintext)
    assert post(client).status_code == 200
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {plaintext[:-1]}~")
    assert post(client).json()["code"] == "invalid_key"
    assert post(APIClient()).json()["code"] == "authentication_required"
    assert IdempotentRequest.objects.count() == 1


def test_anonymous_calls_belong_to_their_address(alice: User, settings: Settings) -> None:
    credentials = {"email": alice.email, "password": PASSWORD}
    here = {"idempotency-key": "k"}

    def log_in(address: str) -> Any:
        return APIClient(REMOTE_ADDR=address).post(LOGIN, credentials, format="json", headers=here)

    assert not is_replayed(log_in("2001:db8::1"))
    assert is_replayed(log_in("2001:db8::ffff:2"))
    assert not is_replayed(log_in("2001:db8:0:1::1"))
    assert not is_replayed(log_in("192.0.2.1"))


def test_a_credential_does_not_matter_where_none_is_read(alice: User) -> None:
    credentials = {"email": alice.email, "password": PASSWORD}
    assert not is_replayed(post(bearing("stale"), credentials, path=LOGIN))
    assert is_replayed(post(APIClient(), credentials, path=LOGIN))


# --- what is refused ---

STRANGE_QUOTES = ['"', '""', '"a', '"a b"', 'a"b', '"a";x', r'"\x"', '"' + "x" * 256 + '"']


@pytest.mark.parametrize("other", [{"asin": ASIN, "marketplace": "DE"}, {"asin": ASIN}, {}, "x"])
def test_two_bodies_under_one_key_are_a_mistake(program: APIClient, alice: User, other: Any) -> None:
    post(program)
    answer = post(program, other)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")
    assert is_replayed(post(program))
    assert purse(alice) == full(99, charges=1)


def test_another_query_is_another_body(program: APIClient) -> None:
    post(program)
    assert post(program, path=f"{LOOKUP}?x=1").json()["code"] == "idempotency_mismatch"


@pytest.mark.parametrize(
    "key", ["k", "x" * 255, '"k"', '"a,b"', r'"a\"b\\c"', "{%$~}", "01M7YSP6DK3P5BHBPTWQVM6PWT"]
)
def test_a_key_is_visible_ascii(program: APIClient, key: str) -> None:
    assert not is_replayed(post(program, key=key))
    assert is_replayed(post(program, key=key))


@pytest.mark.parametrize(
    "key",
    ["", " ", "x" * 256, "x" * 10_000, "a b", "a\tb", "a\x7f", "ä", "a,b", "a, b", *STRANGE_QUOTES],
)
def test_any_other_key_is_refused(program: APIClient, alice: User, key: str) -> None:
    answer = post(program, key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")
    assert purse(alice) == full(100)
    assert not IdempotentRequest.objects.exists()


def test_other_methods_take_no_notice_of_a_key(program: APIClient, alice: User) -> None:
    answers = [program.get(f"/api/v1/products/{ASIN}", headers={"idempotency-key": "a b"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert not any(map(is_replayed, answers))
    assert purse(alice) == full(98, charges=2)


# --- what is not kept ---


def test_a_refusal_leaves_the_key_free(program: APIClient, alice: User) -> None:
    refused: list[tuple[Any, int]] = [
        ({"asin": "X"}, 422),
        ({"asin": ASIN, "colour": "red"}, 422),
    ]
    for body, status in refused:
        assert post(program, body).status_code == status
    headers = {"idempotency-key": "k-1"}
    assert program.generic("POST", LOOKUP, "{", "application/json", headers=headers).status_code == 400
    assert program.generic("POST", LOOKUP, "{}", "text/plain", headers=headers).status_code == 415
    large = program.generic("POST", LOOKUP, " " * 1_000_001, "application/json", headers=headers)
    assert large.status_code == 413
    assert post(program, path="/api/v1/marketplaces").status_code == 405
    assert post(program, path="/api/v1/nothing").status_code == 404
    assert not IdempotentRequest.objects.exists()
    assert post(program).status_code == 200
    assert purse(alice) == full(99, charges=1)


def test_without_credits_the_call_can_be_sent_again_after_a_top_up(program: APIClient) -> None:
    bob = a_user()
    client = bearing(key_of(bob)[1])
    assert post(client).status_code == 402
    give(bob, 1)
    assert post(client).status_code == 200
    assert is_replayed(post(client))
    assert purse(bob) == full(0, charges=1)


def test_when_no_upstream_answers_the_call_can_be_sent_again(
    program: APIClient, alice: User, settings: Settings
) -> None:
    def fail(*_: object) -> None:
        raise ProviderError("down", retryable=True, reason=ErrorClass.UPSTREAM_DOWN)

    settings.PROVIDERS = [upstream("down", fail)]
    assert post(program).status_code == 503
    settings.PROVIDERS = [sample()]
    answer = post(program)
    assert (answer.status_code, is_replayed(answer)) == (200, False)
    assert is_replayed(post(program))
    assert purse(alice) == full(99, charges=1)


# --- what it costs, and what it tells ---


@pytest.mark.django_db(transaction=True)
def test_what_it_asks_of_the_database(
    program: APIClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    program.post(LOOKUP, BODY, format="json")
    with django_assert_num_queries(1):  # without a key nothing but the charge
        program.post(LOOKUP, BODY, format="json")
    with django_assert_num_queries(3):  # claim, charge, store
        post(program)
    with django_assert_num_queries(2):  # no claim, read
        post(program)


def test_a_stolen_database_tells_nothing(alice: User) -> None:
    key = "order 4711".replace(" ", "-")
    answer = post(APIClient(), {"email": alice.email, "password": PASSWORD}, key=key, path=LOGIN)
    body = answer.json()
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(kept)::text, answer FROM api_idempotentrequest AS kept")
        text, sealed = cursor.fetchone()
    row = text.encode() + bytes(sealed) + bytes.fromhex(json.loads(text)["answer"].removeprefix("\\x"))
    told = (body["access_token"], body["refresh_token"], alice.email, str(alice.pk), PASSWORD, key, "login")
    for secret in told:
        for form in (secret.encode(), secret.encode().hex().encode()):
            assert form not in row
    for piece in body["refresh_token"].split("."):
        assert piece.encode() not in row


def test_an_answer_opens_for_its_own_call_only(program: APIClient, alice: User) -> None:
    post(program, key="mine")
    stolen = bytes(IdempotentRequest.objects.get().answer or b"")
    post(program, {"asin": ASIN, "marketplace": "DE"}, key="other")
    IdempotentRequest.objects.update(answer=stolen)
    answer = post(program, {"asin": ASIN, "marketplace": "DE"}, key="other")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert is_replayed(post(program, key="mine"))
