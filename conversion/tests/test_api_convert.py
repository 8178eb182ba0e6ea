"""From an FNSKU to its ASIN: what is answered, and what it costs."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import bearing, key_of
from conversion.models import Conversion, Mapping, Purchase
from conversion.tests.stand_ins import CODE, finder, own
from credits.models import LedgerEntry, Wallet
from providers.errors import ErrorClass, ProviderError

pytestmark = pytest.mark.django_db
URL = "/api/v1/conversion/fnsku-to-asin"


def balance(user: User) -> int:
    wallet = Wallet.objects.get(pk=user.pk)
    assert wallet.held == 0
    return wallet.balance


def convert(program: APIClient, code: str = CODE, **options: Any) -> Any:
    return program.post(URL, {"fnsku": code, **options}, format="json")


def test_the_sample_of_the_specification_converts_for_two_credits(as_alice: APIClient, alice: User) -> None:
    answer = convert(as_alice, "X0001ABCDE")
    body = answer.json()
    assert (answer.status_code, body["status"], body["credits_used"]) == (200, "success", 2)
    data = body["data"]
    assert data["fnsku"] == "X0001ABCDE"
    assert data["asin"] == data["evidence"][0]["asin"]
    assert 0 < data["confidence"] < 1
    assert data["verified_marketplace"] == "US"
    assert data["sample"] is True
    assert answer.headers["X-Credits-Charged"] == "2"
    assert answer.headers["X-Credits-Remaining"] == "98"
    assert balance(alice) == 98


def test_a_repeat_within_a_year_is_free_and_says_so(as_alice: APIClient, alice: User) -> None:
    first = convert(as_alice).json()
    again = convert(as_alice).json()
    assert (again["credits_used"], again["data"]["is_repeat"]) == (0, True)
    assert again["data"]["asin"] == first["data"]["asin"]
    assert balance(alice) == 98


def test_after_a_year_it_is_paid_for_again(alice: User, as_alice: APIClient) -> None:
    convert(as_alice)
    key = key_of(alice)[1]
    with time_machine.travel(timedelta(days=366), tick=False):
        assert convert(bearing(key)).json()["credits_used"] == 2
    assert balance(alice) == 96


def test_a_repeat_costs_nothing_even_with_an_empty_wallet(
    as_bob: APIClient, bob: User, as_alice: APIClient
) -> None:
    convert(as_alice)
    Purchase.objects.create(user=bob, code=CODE, asin=Mapping.objects.get(code=CODE).asin, charge="chg_old")
    assert convert(as_bob).json()["credits_used"] == 0


def test_who_has_no_credits_is_refused_before_anyone_is_asked(as_bob: APIClient, settings: Settings) -> None:
    calls: list[str] = []
    settings.PROVIDERS = [finder({CODE: "B07ZPKCJ6X"}, calls), *settings.KNOWN_PROVIDERS["sample"]]
    answer = convert(as_bob)
    assert (answer.status_code, answer.json()["code"]) == (402, "insufficient_credits")
    assert calls == []


@pytest.mark.parametrize("code", ["B07ZPKCJ6X", "0306406152"])
def test_a_code_that_is_an_asin_is_free(as_bob: APIClient, code: str) -> None:
    body = convert(as_bob, code).json()
    assert (body["credits_used"], body["data"]["asin"], body["data"]["is_asin_already"]) == (0, code, True)


def test_own_inventory_answers_for_nothing_and_asks_nobody(
    as_bob: APIClient, bob: User, settings: Settings
) -> None:
    calls: list[str] = []
    settings.PROVIDERS = [finder({CODE: "B07ZPKCJ6X"}, calls), *settings.KNOWN_PROVIDERS["sample"]]
    own(bob, CODE, "B000000001")
    data = convert(as_bob).json()["data"]
    assert (data["asin"], data["is_own"], data["confidence"]) == ("B000000001", True, 0.98)
    assert calls == []


def test_what_nobody_knows_is_a_free_404(as_alice: APIClient, alice: User) -> None:
    answer = convert(as_alice, "X00FAIL404")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_match")
    assert answer.json()["credits_charged"] == 0
    assert balance(alice) == 100


def test_an_answer_less_sure_than_wanted_is_free_and_not_told(as_alice: APIClient, alice: User) -> None:
    answer = convert(as_alice, min_confidence=0.999)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (404, "not_sure_enough")
    assert body["confidence"] < body["min_confidence"] == 0.999
    assert "B0" not in answer.content.decode()
    assert balance(alice) == 100
    assert not Purchase.objects.exists()


@pytest.mark.parametrize("code", ["X00FAIL400", "X00FAIL429", "X00FAIL500", "X00NOTJSON", "X00FAIL504"])
def test_a_failure_of_all_upstreams_is_a_free_503(as_alice: APIClient, alice: User, code: str) -> None:
    answer = convert(as_alice, code)
    assert (answer.status_code, answer.json()["code"]) == (503, "upstream_unavailable")
    assert balance(alice) == 100


def test_what_is_no_asin_is_not_believed(as_alice: APIClient, alice: User) -> None:
    assert convert(as_alice, "X00GARBAGE").status_code == 404
    assert balance(alice) == 100


def test_two_candidates_are_both_told(as_alice: APIClient) -> None:
    data = convert(as_alice, "X00TWOASIN").json()["data"]
    assert len(data["alternatives"]) == 1
    told = [data["confidence"], *(one["confidence"] for one in data["alternatives"])]
    assert told == sorted(told, reverse=True)
    assert sum(told) <= 1


def test_sources_that_contradict_each_other_are_a_conflict(as_alice: APIClient, alice: User) -> None:
    own(alice, CODE, "B000000001")
    own(alice, CODE, "B000000002", layout="other")
    data = convert(as_alice).json()["data"]
    assert {data["asin"], *(one["asin"] for one in data["alternatives"])} == {"B000000001", "B000000002"}


def test_the_product_comes_along_for_one_credit_more(as_alice: APIClient, alice: User) -> None:
    answer = convert(as_alice, include_product=True).json()
    assert answer["credits_used"] == 3
    assert answer["data"]["product"]["asin"] == answer["data"]["asin"]
    assert balance(alice) == 97


def test_a_label_that_fits_makes_the_answer_surer_and_one_that_does_not_less(as_alice: APIClient) -> None:
    plain = convert(as_alice, include_product=True).json()["data"]
    fits = convert(as_alice, label_title=plain["product"]["title"]).json()["data"]
    other = convert(as_alice, label_title="Something else entirely, 3 litres").json()["data"]
    assert other["confidence"] < plain["confidence"] < fits["confidence"]


def test_a_dry_run_and_a_limit_cost_nothing(as_alice: APIClient, alice: User) -> None:
    quote = convert(as_alice, dry_run=True, include_product=True).json()
    assert (quote["dry_run"], quote["data"]["quoted"], quote["data"]["available"]) == (True, 3, 100)
    refused = convert(as_alice, max_credits=1)
    assert (refused.status_code, refused.json()["code"]) == (402, "max_credits_exceeded")
    assert balance(alice) == 100


@pytest.mark.parametrize(
    "code", ["LPNRRHE12345678", "887276302195", "X0001ABCDEF", "", "X00", "hello", "\x00"]
)
def test_what_is_no_fnsku_is_refused_with_a_sentence(as_alice: APIClient, alice: User, code: str) -> None:
    answer = convert(as_alice, code)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert answer.json()["errors"][0]["detail"]
    assert balance(alice) == 100


def test_the_receipt_says_what_was_delivered(as_alice: APIClient) -> None:
    answer = convert(as_alice)
    receipt = as_alice.get(f"/api/v1/charges/{answer.headers['X-Charge-Id']}").json()["data"]
    assert (receipt["operation"], receipt["amount"], receipt["reference"]) == ("conversion.fnsku", 2, CODE)
    assert receipt["lines"] == [{"operation": "conversion.fnsku", "credits": 2}]
    assert receipt["delivered"]["asin"] == answer.json()["data"]["asin"]


def test_what_is_kept_of_one_account_is_never_told_to_another(
    as_alice: APIClient, alice: User, bob: User
) -> None:
    own(bob, CODE, "B000000001")
    answer = convert(as_alice)
    assert "B000000001" not in answer.content.decode()
    assert answer.json()["credits_used"] == 2


def test_the_same_code_from_32_threads_is_charged_once(
    transactional_db: None, alice: User, settings: Settings
) -> None:
    key, together, told = key_of(alice)[1], threading.Barrier(32), []

    def ask() -> None:
        together.wait()
        answer = convert(bearing(key))
        told.append((answer.status_code, answer.json()["credits_used"]))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [(200, 0)] * 31 + [(200, 2)]
    assert LedgerEntry.objects.of_kind("charge").count() == 1
    assert balance(alice) == 98
    assert Conversion.objects.count() == 32


# --- a source that needs time -----------------------------------------------------------------------------


def test_a_source_that_needs_time_is_waited_for_and_then_has_a_place_to_look(
    as_alice: APIClient, alice: User
) -> None:
    answer = as_alice.post(URL, {"fnsku": "X00PENDING"}, format="json", headers={"Prefer": "wait=0"})
    assert answer.status_code == 202
    assert answer.headers["Preference-Applied"] == "wait=0"
    assert int(answer.headers["Retry-After"]) == 5
    data = answer.json()["data"]
    assert data["status"] == "pending"
    assert answer.headers["Location"] == f"/api/v1/conversion/{data['id']}"
    assert (answer.json()["credits_used"], balance(alice)) == (0, 100)


def test_what_was_pending_is_paid_for_once_when_it_is_delivered(
    as_alice: APIClient, alice: User, settings: Settings
) -> None:
    pending = ProviderError("working", retryable=False, reason=ErrorClass.PENDING, retry_after=3)
    answers: dict[str, Any] = {CODE: pending}
    settings.PROVIDERS = [finder(answers), *settings.KNOWN_PROVIDERS["sample"]]
    settings.PROVIDER_RULES = "fnsku=finder"
    place = as_alice.post(URL, {"fnsku": CODE}, format="json", headers={"Prefer": "wait=0"}).headers[
        "Location"
    ]
    still = as_alice.get(place, headers={"Prefer": "wait=0"})
    assert (still.status_code, still.json()["credits_used"]) == (202, 0)
    answers[CODE] = "B07ZPKCJ6X"
    found = as_alice.get(place)
    assert (found.status_code, found.json()["credits_used"]) == (200, 2)
    again = as_alice.get(place)
    assert (again.status_code, again.json()["credits_used"]) == (200, 0)
    assert again.json()["data"] == found.json()["data"]
    assert balance(alice) == 98


def test_what_was_pending_and_comes_to_nothing_is_free(
    as_alice: APIClient, alice: User, settings: Settings
) -> None:
    answers: dict[str, Any] = {CODE: ProviderError("working", retryable=False, reason=ErrorClass.PENDING)}
    settings.PROVIDERS, settings.PROVIDER_RULES = [finder(answers)], "fnsku=finder"
    place = as_alice.post(URL, {"fnsku": CODE}, format="json", headers={"Prefer": "wait=0"}).headers[
        "Location"
    ]
    answers[CODE] = None
    assert as_alice.get(place).json()["code"] == "no_match"
    later = as_alice.get(place)
    assert (later.status_code, later.json()["data"]["status"]) == (200, "not_found")
    assert balance(alice) == 100


def test_nobody_sees_the_conversions_of_another(as_alice: APIClient, as_bob: APIClient) -> None:
    place = f"/api/v1/conversion/{convert(as_alice).json()['data']['id']}"
    assert as_alice.get(place).status_code == 200
    assert as_bob.get(place).status_code == 404
    assert as_bob.get("/api/v1/conversion/history").json()["data"] == []
    [row] = as_alice.get("/api/v1/conversion/history").json()["data"]
    assert (row["fnsku"], row["credits"], row["status"]) == (CODE, 2, "found")


def test_the_history_tells_the_confidence_as_the_answer_did(as_alice: APIClient) -> None:
    told = convert(as_alice, label_title="iPhone").json()["data"]["confidence"]
    [row] = as_alice.get("/api/v1/conversion/history").json()["data"]
    assert row["confidence"] == told
