"""One product for one credit, by body or by path."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import bearing, key_of
from credits.caps import set_cap
from credits.models import LedgerEntry
from products.outputs import ProductOutput
from products.tests.factories import ASIN, a_product, full, purse, upstream
from providers.base import Part
from providers.errors import ErrorClass, ProviderError

pytestmark = pytest.mark.django_db
URL = "/api/v1/products/asin"
EVERYTHING = {"include_offers": True, "include_reviews": True}


def test_a_lookup_costs_one_credit_and_says_so(as_alice: APIClient, alice: User) -> None:
    answer = as_alice.post(URL, {"asin": ASIN, "marketplace": "US"}, format="json")
    body = answer.json()
    assert (answer.status_code, body["status"], body["credits_used"]) == (200, "success", 1)
    assert (body["data"]["asin"], body["data"]["marketplace"]) == (ASIN, "US")
    assert body["data"]["sample"] is True
    assert answer.headers["X-Credits-Charged"] == "1"
    assert answer.headers["X-Credits-Remaining"] == "99"
    assert purse(alice) == full(99, charges=1)


def test_what_was_paid_for_stays_with_who_paid(as_alice: APIClient) -> None:
    headers = as_alice.post(URL, {"asin": ASIN}, format="json").headers
    assert headers["Cache-Control"] == "private, max-age=3600"
    assert {"Authorization", "X-API-Key"} <= set(headers["Vary"].split(", "))


def test_to_ask_what_can_be_asked_is_free(as_alice: APIClient, alice: User) -> None:
    assert as_alice.options(f"/api/v1/products/{ASIN}").status_code == 200
    assert purse(alice) == full(100)


def test_the_charge_bears_the_name_of_the_request(as_alice: APIClient, alice: User) -> None:
    answer = as_alice.post(URL, {"asin": ASIN}, format="json")
    entry = LedgerEntry.objects.for_user(alice).of_kind("charge").get()
    assert entry.key == answer.headers["X-Charge-Id"] == "chg_" + answer.json()["request_id"][4:]
    assert (entry.operation, entry.reference, entry.amount) == ("product.lookup", ASIN, -1)


def test_the_path_asks_the_same_question(as_alice: APIClient, alice: User) -> None:
    by_body = as_alice.post(URL, {"asin": ASIN, "marketplace": "DE"}, format="json").json()
    by_path = as_alice.get(f"/api/v1/products/{ASIN}", {"marketplace": "de"}).json()
    ages = ("freshness", "age_seconds")
    assert {k: v for k, v in by_path["data"].items() if k not in ages} == {
        k: v for k, v in by_body["data"].items() if k not in ages
    }
    assert purse(alice) == full(98, charges=2)


def test_the_answer_has_exactly_the_fields_that_are_documented(as_alice: APIClient) -> None:
    data = as_alice.post(URL, {"asin": ASIN, **EVERYTHING}, format="json").json()["data"]
    assert_documented(data, ProductOutput())


def assert_documented(data: Any, output: Any) -> None:
    """Hold an answer, and whatever nests in it, to the declared fields."""
    assert set(data) == set(output.fields)
    for name, field in output.fields.items():
        value = data[name]
        assert value is not None or field.allow_null, name
        child = getattr(field, "child", field)
        if value is not None and hasattr(child, "fields"):
            values = value.values() if isinstance(value, dict) else value
            for one in values if hasattr(field, "child") else [value]:
                assert_documented(one, child)


def test_money_is_a_string_with_its_currency(as_alice: APIClient) -> None:
    data = as_alice.post(URL, {"asin": ASIN}, format="json").json()["data"]
    assert set(data["price"]) == {"amount", "currency"}
    assert isinstance(data["price"]["amount"], str)
    assert data["price"]["currency"] == "USD"


def test_each_field_says_who_told_it_and_fields_without_a_value_say_nothing(as_alice: APIClient) -> None:
    data = as_alice.post(URL, {"asin": ASIN}, format="json").json()["data"]
    told = data["provenance"]
    assert told["title"]["provider"] == "sample"
    assert told["title"]["fetched_at"][:16] == data["fetched_at"][:16]
    apart = {
        "asin",
        "marketplace",
        "provenance",
        "conflicts",
        "freshness",
        "fetched_at",
        "age_seconds",
        "sample",
    }
    assert set(told) == {name for name, value in data.items() if value is not None} - apart


def test_offers_and_reviews_cost_one_credit_each_and_only_when_asked_for(
    as_alice: APIClient, alice: User
) -> None:
    for extras, cost in (
        ({}, 1),
        ({"include_offers": True}, 2),
        ({"include_reviews": True}, 2),
        (EVERYTHING, 3),
    ):
        body = as_alice.post(URL, {"asin": ASIN, **extras}, format="json").json()
        assert body["credits_used"] == cost
        assert (body["data"]["offers"] is not None) == ("include_offers" in extras)
        assert (body["data"]["reviews"] is not None) == ("include_reviews" in extras)
    assert purse(alice) == full(92, charges=4)


def test_what_is_kept_from_another_call_is_neither_shown_nor_charged_unasked(as_alice: APIClient) -> None:
    as_alice.post(URL, {"asin": ASIN, **EVERYTHING}, format="json")
    body = as_alice.post(URL, {"asin": ASIN}, format="json").json()
    assert (body["credits_used"], body["data"]["offers"], body["data"]["reviews"]) == (1, None, None)
    assert not {"offers", "reviews"} & set(body["data"]["provenance"])


def test_what_was_asked_for_and_not_delivered_is_not_charged(
    as_alice: APIClient, alice: User, settings: Settings
) -> None:
    settings.PROVIDERS = [upstream("bare", lambda asin, place, parts: a_product())]
    answer = as_alice.post(URL, {"asin": ASIN, **EVERYTHING}, format="json")
    assert (answer.json()["credits_used"], answer.json()["data"]["offers"]) == (1, None)
    assert answer.headers["X-Credits-Remaining"] == "99"
    assert purse(alice) == full(99, charges=1)


def test_pictures_can_be_left_out(as_alice: APIClient) -> None:
    data = as_alice.post(URL, {"asin": ASIN, "include_images": False}, format="json").json()["data"]
    assert data["images"] is None
    assert "images" not in data["provenance"]
    assert as_alice.post(URL, {"asin": ASIN}, format="json").json()["data"]["images"]


def test_an_answer_from_the_store_says_how_old_it_is(as_alice: APIClient, settings: Settings) -> None:
    calls: list[str] = []
    settings.PROVIDERS = [upstream("counted", lambda asin, place, parts: a_product(), calls)]
    first = as_alice.post(URL, {"asin": ASIN}, format="json")
    assert (first.json()["data"]["freshness"], first.headers["Age"]) == ("fresh", "0")
    with time_machine.travel(timedelta(minutes=10), tick=False):
        later = as_alice.post(URL, {"asin": ASIN}, format="json")
    data = later.json()["data"]
    assert (data["freshness"], calls) == ("cached", [ASIN])
    assert 600 <= data["age_seconds"] == int(later.headers["Age"]) < 660


@pytest.mark.django_db(transaction=True)
def test_a_cached_lookup_asks_the_database_for_the_charge_and_nothing_else(
    as_alice: APIClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    as_alice.post(URL, {"asin": ASIN}, format="json")
    with django_assert_num_queries(1):
        as_alice.get(f"/api/v1/products/{ASIN}")


def test_spaces_case_and_addresses_are_mended(as_alice: APIClient) -> None:
    for text in (" b07zpkcj6x ", f"https://www.amazon.com/dp/{ASIN}?th=1"):
        body = as_alice.post(URL, {"asin": text, "marketplace": " us "}, format="json").json()
        assert (body["data"]["asin"], body["data"]["marketplace"]) == (ASIN, "US")


def test_gb_is_uk(as_alice: APIClient) -> None:
    body = as_alice.post(URL, {"asin": ASIN, "marketplace": "gb"}, format="json").json()
    assert (body["data"]["marketplace"], body["data"]["price"]["currency"]) == ("UK", "GBP")


def test_without_credits_nothing_is_asked_of_an_upstream(
    as_bob: APIClient, bob: User, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://pallet.example"
    calls: list[str] = []
    settings.PROVIDERS = [upstream("counted", lambda asin, place, parts: a_product(), calls)]
    answer = as_bob.post(URL, {"asin": ASIN, "include_offers": True}, format="json")
    body = answer.json()
    assert (answer.status_code, body["code"]) == (402, "insufficient_credits")
    assert (body["required"], body["available"]) == (2, 0)
    assert body["top_up_url"] == "https://pallet.example/api/v1/credits/packages"
    assert calls == []
    assert purse(bob) == full(0)


def test_without_credits_a_cached_answer_is_not_given_either(as_alice: APIClient, as_bob: APIClient) -> None:
    as_alice.post(URL, {"asin": ASIN}, format="json")
    answer = as_bob.post(URL, {"asin": ASIN}, format="json")
    assert answer.status_code == 402
    assert "data" not in answer.json()


def test_a_key_at_its_cap_is_refused_whatever_the_wallet_holds(alice: User) -> None:
    key, plaintext = key_of(alice, has_cap=True)
    set_cap(key.pk, limit=1, period="total")
    program = bearing(plaintext)
    assert program.post(URL, {"asin": ASIN}, format="json").status_code == 200
    answer = program.post(URL, {"asin": ASIN}, format="json")
    body = answer.json()
    assert (answer.status_code, body["code"]) == (403, "key_cap_reached")
    assert (body["limit"], body["available"], body["resets_at"]) == (1, 0, None)
    assert purse(alice) == full(99, charges=1)


def test_a_product_that_does_not_exist_is_free(as_alice: APIClient, alice: User) -> None:
    for _ in range(2):  # from the upstream, then from the store
        answer = as_alice.post(URL, {"asin": "B0FAIL0404"}, format="json")
        body = answer.json()
        assert (answer.status_code, body["code"], body["credits_charged"]) == (404, "product_not_found", 0)
    assert purse(alice) == full(100)


def test_head_is_refused_because_it_would_pay_for_what_is_not_sent(as_alice: APIClient, alice: User) -> None:
    answer = as_alice.head(f"/api/v1/products/{ASIN}")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, OPTIONS")
    assert purse(alice) == full(100)


def test_one_customers_answer_says_nothing_about_another(as_alice: APIClient, alice: User, bob: User) -> None:
    as_alice.post(URL, {"asin": ASIN}, format="json")
    assert (purse(alice), purse(bob)) == (full(99, charges=1), full(0))


def test_a_stale_answer_is_marked_and_free(as_alice: APIClient, alice: User, settings: Settings) -> None:
    as_alice.post(URL, {"asin": ASIN}, format="json")

    def fail(asin: str, place: str, parts: frozenset[Part]) -> None:
        raise ProviderError("down", retryable=True, reason=ErrorClass.UPSTREAM_DOWN)

    settings.PROVIDERS = [upstream("down", fail)]
    with time_machine.travel(timedelta(hours=2), tick=False):
        fresh_token = bearing(key_of(alice)[1])
        answer = fresh_token.post(URL, {"asin": ASIN}, format="json")
    body = answer.json()
    assert (answer.status_code, body["credits_used"], body["data"]["freshness"]) == (200, 0, "stale")
    assert body["data"]["age_seconds"] >= 7200
    assert answer.headers["X-Credits-Charged"] == "0"
    assert "X-Charge-Id" not in answer.headers
    assert purse(alice) == full(99, charges=1)
