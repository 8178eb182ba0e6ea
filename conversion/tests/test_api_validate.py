"""`POST conversion/validate`: what codes are, for nothing."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from accounts.scopes import SCOPES
from accounts.tests.factories import bearing, key_of
from credits.models import LedgerEntry, Wallet

URL = "/api/v1/conversion/validate"


def ask(client: APIClient, codes: Any) -> Any:
    return client.post(URL, {"codes": codes}, format="json")


def told(client: APIClient, *codes: str) -> list[dict[str, Any]]:
    answer = ask(client, list(codes))
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["data"]["codes"]
    return found


def test_each_code_is_told_in_its_place(as_alice: APIClient) -> None:
    assert told(as_alice, "x003 tkcfcf", "LPNRRAB1234567") == [
        {
            "code": "x003 tkcfcf",
            "kind": "fnsku",
            "normal": "X003TKCFCF",
            "valid": True,
            "repaired": ["spaces removed", "put in capitals"],
            "suggestions": [],
            "flaw": None,
            "gtin": None,
            "sentence": "This is an FNSKU: convert it to find the ASIN.",
        },
        {
            "code": "LPNRRAB1234567",
            "kind": "lpn",
            "normal": "LPNRRAB1234567",
            "valid": False,
            "repaired": [],
            "suggestions": [],
            "flaw": None,
            "gtin": None,
            "sentence": "This is an LPN return sticker; the FNSKU is usually beneath it.",
        },
    ]


def test_what_is_no_code_is_an_answer_and_no_failure(as_alice: APIClient) -> None:
    empty, rounded, unseen = told(as_alice, "", "6.19E+11", "B07\u0001ZPKCJ6X")
    assert (empty["flaw"], empty["normal"], empty["valid"]) == ("empty", None, False)
    assert rounded["flaw"] == "rounded"
    assert (unseen["code"], unseen["suggestions"]) == ("B07\ufffdZPKCJ6X", ["B07ZPKCJ6X"])


def test_the_gtin_inside_is_given(as_alice: APIClient) -> None:
    (label,) = told(as_alice, "\u001d010088727630219521A1b2C3")
    assert (label["kind"], label["gtin"], label["valid"]) == ("transparency", "00887276302195", True)


def test_what_was_sent_is_shortened(as_alice: APIClient) -> None:
    (long,) = told(as_alice, "A" * 4096)
    assert long["code"] == "A" * 37 + "..."
    assert len(str(long)) < 400


def test_it_is_free_for_everyone(alice: User, as_alice: APIClient, as_bob: APIClient) -> None:
    before = Wallet.objects.get(pk=alice.pk).balance
    for client in (as_alice, as_bob):
        answer = ask(client, ["X003IDW07X"])
        assert (answer.status_code, answer.json()["credits_used"]) == (200, 0)
        assert "X-Credits-Charged" not in answer
    assert Wallet.objects.get(pk=alice.pk).balance == before
    assert not LedgerEntry.objects.of_kind("charge").exists()


def test_a_thousand_codes_take_no_more_queries_than_one(as_alice: APIClient) -> None:
    counts = []
    for codes in (["B07ZPKCJ6X"], ["X003IDW07X"], ["X0048XOI7H"] * 1_000):
        with CaptureQueriesContext(connection) as queries:
            assert ask(as_alice, codes).status_code == 200
        counts.append(len(queries))
    assert counts[1] == counts[2]  # the first one also finds out who calls


@pytest.mark.parametrize(
    ("codes", "pointer", "code"),
    [
        (["X003IDW07X", 5], "#/codes/1", "invalid"),
        ([["X003IDW07X"]], "#/codes/0", "invalid"),
        (["a", "b", {"code": "c"}], "#/codes/2", "invalid"),
        ([True], "#/codes/0", "invalid"),
        ([None], "#/codes/0", "null"),
        (["ok", "A" * 4097], "#/codes/1", "max_length"),
        ([], "#/codes", "min_length"),
        (["A"] * 1_001, "#/codes", "max_length"),
        ("X003IDW07X", "#/codes", "not_a_list"),
        ({"0": "X003IDW07X"}, "#/codes", "not_a_list"),
        (None, "#/codes", "null"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(
    as_alice: APIClient, codes: Any, pointer: str, code: str
) -> None:
    answer = ask(as_alice, codes)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]


def test_the_codes_are_needed_and_nothing_else_is_taken(as_alice: APIClient) -> None:
    missing = as_alice.post(URL, {}, format="json").json()["errors"]
    assert [(error["pointer"], error["code"]) for error in missing] == [("#/codes", "required")]
    more = as_alice.post(URL, {"codes": ["A"], "text": "A"}, format="json").json()["errors"]
    assert [(error["pointer"], error["code"]) for error in more] == [("#/text", "unknown_field")]


def test_a_body_that_is_too_large_is_refused(as_alice: APIClient) -> None:
    assert ask(as_alice, ["A" * 4000] * 300).status_code == 413


def test_a_key_needs_the_scope_and_has_it_by_default(alice: User) -> None:
    assert ask(bearing(key_of(alice)[1]), ["A"]).status_code == 200
    assert ask(bearing(key_of(alice, scopes=["conversion:read"])[1]), ["A"]).status_code == 200
    without = bearing(key_of(alice, scopes=[scope for scope in SCOPES if scope != "conversion:read"])[1])
    assert ask(without, ["A"]).json()["code"] == "scope_missing"


@pytest.mark.django_db
def test_who_says_nothing_of_themselves_is_refused(anyone: APIClient) -> None:
    assert anyone.post(URL, {"codes": ["A"]}, format="json").status_code == 401


def test_there_is_nothing_to_get(as_alice: APIClient) -> None:
    assert as_alice.get(URL).status_code == 405
