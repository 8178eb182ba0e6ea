"""What a caller can say about an answer: which fields, how new, how dear, whether they have it already."""

import gzip
from datetime import timedelta
from typing import Any

import orjson
import pytest
import time_machine
from django.core.cache import cache
from django_redis import get_redis_connection
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.caps import Cap
from accounts.models import User
from accounts.tests.factories import bearing, key_of
from accounts.tests.watching import asked_of_redis
from products.tests.factories import ASIN, a_product, full, purse, upstream

pytestmark = pytest.mark.django_db
PATH = f"/api/v1/products/{ASIN}"
ALWAYS = {"asin", "marketplace", "freshness", "fetched_at", "age_seconds", "sample"}


@pytest.fixture
def calls(settings: Settings) -> list[str]:
    """The ASINs that were asked for upstream."""
    asked: list[str] = []
    settings.PROVIDERS = [upstream("counted", lambda asin, place, parts: a_product(), asked)]
    return asked


# --- fields ---


@pytest.mark.parametrize("names", ["title,price", " title , price ", "price,title,title"])
def test_only_the_fields_asked_for_are_sent(as_alice: APIClient, names: str) -> None:
    data = as_alice.get(PATH, {"fields": names}).json()["data"]
    assert set(data) == ALWAYS | {"title", "price"}
    assert data == {name: as_alice.get(PATH).json()["data"][name] for name in data} | {
        "freshness": data["freshness"],
        "age_seconds": data["age_seconds"],
    }


def test_provenance_comes_for_the_fields_that_are_sent(as_alice: APIClient) -> None:
    data = as_alice.get(PATH, {"fields": "title,provenance"}).json()["data"]
    assert set(data["provenance"]) == {"title"}


def test_a_list_in_the_body_asks_the_same_as_names_in_the_address(as_alice: APIClient) -> None:
    by_body = as_alice.post("/api/v1/products/asin", {"asin": ASIN, "fields": ["title"]}, format="json")
    assert set(by_body.json()["data"]) == ALWAYS | {"title"}


def test_what_costs_extra_is_sent_only_when_it_is_a_field_that_is_wanted(as_alice: APIClient) -> None:
    body = as_alice.get(PATH, {"fields": "title,offers", "include_offers": "true"}).json()
    assert (body["credits_used"], set(body["data"])) == (2, ALWAYS | {"title", "offers"})
    assert body["data"]["offers"]


@pytest.mark.parametrize("names", ["colour", "title,colour", "", ",", "title,", "TITLE"])
def test_a_field_that_is_none_is_named_and_free(as_alice: APIClient, alice: User, names: str) -> None:
    answer = as_alice.get(PATH, {"fields": names})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/fields")
    assert purse(alice) == full(100)


@pytest.mark.parametrize("names", [[], [1], ["title", None], {"title": True}, 7, True, ["x" * 10_000]])
def test_what_is_no_list_of_names_is_refused(as_alice: APIClient, alice: User, names: Any) -> None:
    answer = as_alice.post("/api/v1/products/asin", {"asin": ASIN, "fields": names}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert len(answer.content) < 2000
    assert purse(alice) == full(100)


# --- how new ---


def test_max_age_asks_anew_what_is_older(as_alice: APIClient, alice: User, calls: list[str]) -> None:
    as_alice.get(PATH)
    with time_machine.travel(timedelta(seconds=100), tick=False):
        assert as_alice.get(PATH, {"max_age": "200"}).json()["data"]["freshness"] == "cached"
        assert as_alice.get(PATH, {"max_age": "50"}).json()["data"]["freshness"] == "fresh"
    assert len(calls) == 2
    assert purse(alice) == full(97, charges=3)


def test_max_age_also_takes_what_is_older_than_usual(alice: User, calls: list[str]) -> None:
    program = bearing(key_of(alice)[1])
    program.get(PATH)
    with time_machine.travel(timedelta(hours=5), tick=False):
        assert program.get(PATH, {"max_age": "86400"}).json()["data"]["freshness"] == "cached"
    assert len(calls) == 1


def test_max_age_of_nothing_always_asks(as_alice: APIClient, calls: list[str]) -> None:
    for _ in range(3):
        assert as_alice.get(PATH, {"max_age": "0"}).json()["data"]["freshness"] == "fresh"
    assert len(calls) == 3


@pytest.mark.parametrize(
    "age", ["-1", "86401", "x", "", "1.5", "1e3", "9" * 5000, "NaN", "1_0", "+5", "\u0663"]
)
def test_an_age_that_is_none_is_refused_and_free(as_alice: APIClient, alice: User, age: str) -> None:
    answer = as_alice.get(PATH, {"max_age": age})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/max_age")
    assert purse(alice) == full(100)


def test_only_if_cached_asks_no_upstream_and_a_miss_is_free(
    as_alice: APIClient, alice: User, calls: list[str]
) -> None:
    answer = as_alice.get(PATH, {"only_if_cached": "true"})
    body = answer.json()
    assert (answer.status_code, body["code"], body["credits_charged"]) == (504, "cache_miss", 0)
    assert calls == []
    as_alice.get(PATH)
    assert as_alice.get(PATH, {"only_if_cached": "true"}).json()["credits_used"] == 1
    assert purse(alice) == full(98, charges=2)


# --- how dear ---


@pytest.mark.parametrize(("allowed", "status"), [("0", 402), ("2", 402), ("3", 200), ("1000000", 200)])
def test_max_credits_is_compared_with_the_most_the_call_may_cost(
    as_alice: APIClient, alice: User, calls: list[str], allowed: str, status: int
) -> None:
    extras = {"include_offers": "true", "include_reviews": "true"}
    answer = as_alice.get(PATH, {**extras, "max_credits": allowed})
    assert answer.status_code == status
    if status == 402:
        body = answer.json()
        assert (body["code"], body["quoted"], body["max_credits"]) == (
            "max_credits_exceeded",
            3,
            int(allowed),
        )
        assert (calls, purse(alice)) == ([], full(100))


def test_a_dry_run_tells_the_price_and_does_nothing(as_bob: APIClient, bob: User, calls: list[str]) -> None:
    answer = as_bob.get(PATH, {"dry_run": "true", "include_offers": "true"})
    body = answer.json()
    assert (answer.status_code, body["dry_run"], body["credits_used"]) == (200, True, 0)
    assert body["data"] == {
        "operation": "product.lookup",
        "asin": ASIN,
        "marketplace": "US",
        "quoted": 2,
        "available": 0,
        "is_affordable": False,
    }
    assert (calls, purse(bob)) == ([], full(0))


def test_a_dry_run_with_a_key_tells_what_its_cap_leaves(alice: User) -> None:
    _, plaintext = key_of(alice, cap=Cap(1, "day"))
    ask = {"dry_run": "true"}
    told = bearing(plaintext).get(PATH, ask).json()["data"]
    assert (told["available"], told["is_affordable"]) == (1, True)
    bearing(plaintext).get(PATH)
    told = bearing(plaintext).get(PATH, ask).json()["data"]
    assert (told["available"], told["is_affordable"]) == (0, False)


def test_a_long_way_to_ask_is_answered_like_a_short_one(as_alice: APIClient) -> None:
    names = ",".join(["title"] * 500)
    assert set(as_alice.get(PATH, {"fields": names}).json()["data"]) == ALWAYS | {"title"}


# --- whoever has it already ---


def test_who_has_the_answer_already_is_told_so_for_nothing(as_alice: APIClient, alice: User) -> None:
    tag = as_alice.get(PATH).headers["ETag"]
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        answer = as_alice.get(PATH, headers={"if-none-match": known})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", tag)
        assert answer.headers["X-Credits-Charged"] == "0"
        assert answer.headers["Content-Type"] == "application/json"
        assert "X-Charge-Id" not in answer.headers
    assert purse(alice) == full(99, charges=1)


@pytest.mark.parametrize("query", [{}, {"max_age": "0"}])
def test_what_an_upstream_was_asked_for_is_paid_for_whatever_tag_is_named(
    as_alice: APIClient, alice: User, calls: list[str], query: dict[str, str]
) -> None:
    answer = as_alice.get(PATH, query, headers={"if-none-match": "*"})
    assert (answer.status_code, len(calls)) == (200, 1)
    assert purse(alice) == full(99, charges=1)


def test_another_tag_gets_the_answer(as_alice: APIClient, alice: User) -> None:
    as_alice.get(PATH)
    assert as_alice.get(PATH, headers={"if-none-match": '"other"'}).status_code == 200
    assert purse(alice) == full(98, charges=2)


def test_the_tag_is_the_same_whoever_asks_and_however_old_the_answer_is(alice: User, bob: User) -> None:
    program = bearing(key_of(alice)[1])
    first = program.get(PATH).headers["ETag"]
    with time_machine.travel(timedelta(minutes=30), tick=False):
        assert program.get(PATH).headers["ETag"] == first
        known = bearing(key_of(bob)[1]).get(PATH, headers={"if-none-match": first})
    assert known.status_code == 304


def test_another_choice_of_fields_has_another_tag(as_alice: APIClient) -> None:
    queries: list[dict[str, str]] = [{}, {"fields": "title"}, {"include_images": "false"}]
    assert len({as_alice.get(PATH, query).headers["ETag"] for query in queries}) == 3


def test_a_new_answer_has_a_new_tag_and_is_paid_for(as_alice: APIClient, alice: User) -> None:
    tag = as_alice.get(PATH).headers["ETag"]
    answer = as_alice.get(PATH, {"max_age": "0"}, headers={"if-none-match": tag})
    assert (answer.status_code, answer.headers["ETag"] == tag) == (200, False)
    assert purse(alice) == full(98, charges=2)


def test_a_post_is_answered_whatever_tag_it_names(as_alice: APIClient) -> None:
    tag = as_alice.get(PATH).headers["ETag"]
    answer = as_alice.post(
        "/api/v1/products/asin", {"asin": ASIN}, format="json", headers={"if-none-match": tag}
    )
    assert answer.status_code == 200


def test_the_caller_may_keep_an_answer_as_long_as_it_is_fresh(as_alice: APIClient) -> None:
    as_alice.get(PATH)
    with time_machine.travel(timedelta(minutes=10), tick=False):
        control = as_alice.get(PATH).headers["Cache-Control"]
    private, left = control.split(", max-age=")
    assert (private, 2900 < int(left) <= 3000) == ("private", True)


# --- in how many bytes, and how many questions ---


def test_an_answer_is_compressed_for_who_takes_it_so(as_alice: APIClient) -> None:
    plain = as_alice.get(PATH)
    packed = as_alice.get(PATH, headers={"accept-encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert orjson.loads(gzip.decompress(packed.content))["data"]["title"] == plain.json()["data"]["title"]
    assert len(packed.content) < len(plain.content) / 2
    assert int(packed.headers["Content-Length"]) == len(packed.content)


@pytest.mark.parametrize("header", ["gzip;q=0", "gzip; q=0.000, br", "identity", "xgzip", "br"])
def test_who_does_not_take_gzip_gets_none(as_alice: APIClient, header: str) -> None:
    answer = as_alice.get(PATH, headers={"accept-encoding": header})
    assert "Content-Encoding" not in answer.headers
    assert answer.json()["data"]["asin"] == ASIN


@pytest.mark.parametrize("by", ["path", "body"])
def test_a_cached_lookup_is_one_trip_to_redis(alice: User, by: str) -> None:
    program = bearing(key_of(alice)[1])

    def look_up() -> None:
        if by == "path":
            assert program.get(PATH).status_code == 200
        else:
            assert program.post("/api/v1/products/asin", {"asin": ASIN}, format="json").status_code == 200

    look_up()
    assert asked_of_redis(look_up) == ["EVALSHA"]


def test_a_redis_that_was_started_anew_learns_the_script_again(as_alice: APIClient, alice: User) -> None:
    as_alice.get(PATH)
    get_redis_connection("default").script_flush()
    assert as_alice.get(PATH).status_code == 200
    cache.clear()
    assert as_alice.get(PATH).status_code == 200
    assert purse(alice) == full(97, charges=3)
