"""No disguise gets more than the limit: forged headers, other spellings or methods, more keys, a crowd."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django_redis import get_redis_connection
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.caching import outage
from accounts.models import User
from accounts.tests.factories import a_user, bearing, key_of, logged_in
from products.tests.factories import ASIN

pytestmark = pytest.mark.django_db
OPEN = "/api/v1/pricing"
MINE = "/api/v1/auth/me"
KEY, USER, ADDRESS = 5, 8, 5
TRIES = 3 * USER


@pytest.fixture(autouse=True)
def surroundings(surroundings: None, settings: Settings) -> Iterator[None]:
    """Small numbers, and a clock that stands still, so that no window ends meanwhile."""
    settings.API_RATE_LIMITS = {"key": (KEY, 3600), "user": (USER, 3600), "address": (ADDRESS, 3600)}
    with time_machine.travel(datetime.now(UTC), tick=False):
        yield


def let_in(calls: int, call: Callable[[int], Any]) -> int:
    """How many of so many calls were not told to wait; those that were know how long."""
    answers = [call(number) for number in range(calls)]
    for answer in answers:
        if answer.status_code == 429:
            assert answer.json()["code"] == "rate_limited"
            assert int(answer.headers["Retry-After"]) > 0
    return sum(answer.status_code != 429 for answer in answers)


FORGED = [
    "x-forwarded-for",
    "x-real-ip",
    "forwarded",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-forwarded",
    "x-originating-ip",
    "x-remote-ip",
    "x-remote-addr",
    "remote-addr",
    "client-ip",
    "via",
    "x-forwarded-host",
    "user-agent",
    "cookie",
    "x-client-request-id",
    "idempotency-key",
]


@pytest.mark.parametrize("header", FORGED)
def test_no_header_makes_another_caller(header: str) -> None:
    def call(number: int) -> Any:
        address = f"198.51.100.{number}"
        value = f"for={address}" if header == "forwarded" else address
        return APIClient().get(OPEN, headers={header: value})

    assert let_in(TRIES, call) == ADDRESS


def test_all_forged_headers_together_do_not_either() -> None:
    def call(number: int) -> Any:
        return APIClient().get(OPEN, headers=dict.fromkeys(FORGED, f"198.51.100.{number}"))

    assert let_in(TRIES, call) == ADDRESS


def test_what_a_caller_puts_before_a_trusted_proxys_word_does_not_count(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]

    def call(number: int) -> Any:
        said = f"198.51.100.{number}, 203.0.113.5"
        return APIClient(REMOTE_ADDR="10.0.0.1").get(OPEN, headers={"x-forwarded-for": said})

    assert let_in(TRIES, call) == ADDRESS
    other = {"x-forwarded-for": "203.0.113.6"}
    assert APIClient(REMOTE_ADDR="10.0.0.1").get(OPEN, headers=other).status_code == 200


def test_hopping_through_a_network_of_ipv6_is_one_caller() -> None:
    assert let_in(TRIES, lambda n: APIClient(REMOTE_ADDR=f"2001:db8::{n + 1:x}:{n:x}").get(OPEN)) == ADDRESS
    assert APIClient(REMOTE_ADDR="2001:db8:0:1::1").get(OPEN).status_code == 200


def test_an_address_has_one_count_however_it_is_written() -> None:
    ways = ("192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201")
    assert let_in(TRIES, lambda n: APIClient(REMOTE_ADDR=ways[n % 3]).get(OPEN)) == ADDRESS


SPELLINGS = [
    OPEN,
    f"{OPEN}/",
    f"/{OPEN}",
    "/api//v1/pricing",
    "/API/V1/PRICING",
    "/api/v1/Pricing",
    "/api/v1/./pricing",
    "/api/v1/x/../pricing",
    "/api/v1/%70ricing",
    "/api/v1/pricing%20",
    "/api/v1/pricing;x=1",
    f"{OPEN}?x=1",
    f"{OPEN}?x=2",
]


def test_no_spelling_of_an_address_has_a_count_of_its_own() -> None:
    answers = [APIClient().get(SPELLINGS[n % len(SPELLINGS)]) for n in range(3 * len(SPELLINGS))]
    assert sum(answer.status_code == 200 for answer in answers) <= ADDRESS
    assert {answer.status_code for answer in answers} <= {200, 404, 429}
    assert APIClient().get(OPEN).status_code == 429


METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")


@pytest.mark.parametrize("method", METHODS)
def test_every_method_counts(method: str, alice: User) -> None:
    client = bearing(key_of(alice)[1])
    assert let_in(KEY, lambda _: client.generic(method.upper(), MINE)) == KEY
    assert client.get(MINE).status_code == 429
    assert let_in(ADDRESS, lambda _: APIClient().generic(method.upper(), OPEN)) == ADDRESS
    assert APIClient().get(OPEN).status_code == 429


NOWHERE = ("/api/v1/nothing", "/api/v1/pricing/", "/api/", "/api/schema/?format=nothing")


@pytest.mark.parametrize("address", NOWHERE)
def test_searching_for_addresses_counts(address: str) -> None:
    assert let_in(TRIES, lambda _: APIClient().get(address)) == ADDRESS
    assert APIClient().get(OPEN).status_code == 429


def test_a_call_refused_for_its_accept_header_counts(alice: User) -> None:
    client = bearing(key_of(alice)[1])
    wrong = {"accept": "text/html"}
    assert let_in(TRIES, lambda _: client.get(MINE, headers=wrong)) == KEY
    assert client.get(MINE).status_code == 429
    assert let_in(TRIES, lambda _: bearing("plt_live_x").get(MINE, headers=wrong)) == ADDRESS


def test_a_call_refused_for_too_many_fields_counts(alice: User) -> None:
    client = bearing(key_of(alice)[1])
    query = "&".join(f"f{number}=" for number in range(1500))
    assert let_in(TRIES, lambda _: client.get(f"/api/v1/products/{ASIN}?{query}")) == KEY


def test_changing_methods_and_calls_gets_no_more(alice: User) -> None:
    client = bearing(key_of(alice)[1])
    calls: list[Callable[[], Any]] = [
        lambda: client.get(f"/api/v1/products/{ASIN}"),
        lambda: client.post("/api/v1/products/asin", {"asin": ASIN}, format="json"),
        lambda: client.post("/api/v1/products/asin", {"asin": "?"}, format="json"),
        lambda: client.get("/api/v1/credits/balance"),
        lambda: client.delete("/api/v1/credits/history"),
        lambda: client.get(MINE, headers={"x-http-method-override": "DELETE"}),
    ]
    assert let_in(TRIES, lambda n: calls[n % len(calls)]()) == KEY


def test_a_key_has_one_count_in_whichever_header_it_comes(alice: User) -> None:
    key = key_of(alice)[1]
    ways = (
        {"authorization": f"Bearer {key}"},
        {"authorization": f"bearer  {key}"},
        {"x-api-key": key},
        {"x-api-key": f" {key}", "authorization": f"Bearer {key}"},
    )
    assert let_in(TRIES, lambda n: APIClient().get(MINE, headers=ways[n % len(ways)])) == KEY


def test_more_keys_give_no_more_than_the_user_has(alice: User) -> None:
    clients = [bearing(key_of(alice)[1]) for _ in range(TRIES)]
    assert let_in(TRIES, lambda n: clients[n].get(MINE)) == USER


def test_new_sessions_give_no_more_than_the_user_has(alice: User) -> None:
    clients = [bearing(logged_in(alice).access_token) for _ in range(TRIES)]
    assert let_in(TRIES, lambda n: clients[n].get(MINE)) == USER
    assert bearing(key_of(alice)[1]).get(MINE).status_code == 429


def test_calling_from_many_addresses_gives_a_key_no_more(alice: User) -> None:
    key = key_of(alice)[1]

    def call(number: int) -> Any:
        client = APIClient(REMOTE_ADDR=f"198.51.100.{number}")
        return client.get(MINE, headers={"x-api-key": key})

    assert let_in(TRIES, call) == KEY


def test_another_user_has_limits_of_their_own(alice: User) -> None:
    client = bearing(key_of(alice)[1])
    assert let_in(TRIES, lambda _: client.get(MINE)) == KEY
    assert bearing(key_of(a_user())[1]).get(MINE).status_code == 200


def test_guessing_credentials_is_counted_by_address(alice: User) -> None:
    guesses = [key_of(a_user())[1][:-7] + f"{n:07d}" for n in range(4)] + ["x", "plt_live_x", "eyJ.e30."]
    assert let_in(TRIES, lambda n: bearing(guesses[n % len(guesses)]).get(MINE)) == ADDRESS
    assert APIClient().get(OPEN).status_code == 429, "an open call is counted for the same address"


def test_who_guesses_does_not_use_up_what_the_owner_has(alice: User) -> None:
    key = key_of(alice)[1]
    assert bearing(key).get(MINE).status_code == 200
    thief = APIClient(REMOTE_ADDR="198.51.100.1")
    wrong = key[:25] + ("a" if key[25] != "a" else "b") + key[26:]
    assert let_in(TRIES, lambda _: thief.get(MINE, headers={"x-api-key": wrong})) == ADDRESS
    assert let_in(TRIES, lambda _: bearing(key).get(MINE)) == KEY - 1


def test_a_repeated_call_counts_as_a_call(alice: User) -> None:
    client = bearing(key_of(alice)[1])

    def call(number: int) -> Any:
        same = {"idempotency-key": "k" if number % 2 else "a b"}
        return client.post("/api/v1/products/asin", {"asin": ASIN}, format="json", headers=same)

    assert let_in(TRIES, call) == KEY


@pytest.mark.django_db(transaction=True)
def test_of_a_crowd_at_once_no_more_are_let_in(alice: User) -> None:
    key = key_of(alice)[1]
    barrier = threading.Barrier(TRIES, timeout=30)

    def call(_: int) -> int:
        barrier.wait()
        try:
            return int(bearing(key).get(MINE).status_code)
        finally:
            connection.close()

    bearing(key).get(MINE)
    with ThreadPoolExecutor(TRIES) as pool:
        assert sorted(pool.map(call, range(TRIES))).count(200) == KEY - 1


def test_a_redis_that_refuses_to_write_keeps_nobody_out_and_lets_no_more_in(alice: User) -> None:
    key, plaintext = key_of(alice)
    client = bearing(plaintext)
    assert client.get(MINE).status_code == 200  # Redis knows the caller from here on
    window = int(time.time()) // 3600
    counter, redis = f"pallet:limit:key:{key.pk}:{window}", get_redis_connection("default")
    redis.delete(counter)
    redis.lpush(counter, "no count")
    try:
        assert let_in(TRIES, lambda _: client.get(MINE)) == KEY
    finally:
        outage.end()


def test_without_redis_nothing_more_is_let_in(alice: User, redis_away: None) -> None:
    client = bearing(key_of(alice)[1])
    assert let_in(TRIES, lambda _: client.get(MINE)) == KEY
    headers = "x-forwarded-for"
    assert let_in(TRIES, lambda n: APIClient().get(OPEN, headers={headers: f"198.51.100.{n}"})) == ADDRESS
