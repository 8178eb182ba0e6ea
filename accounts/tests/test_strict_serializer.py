"""The strictness that every input of the API shares."""

from typing import Any

import pytest
from rest_framework import serializers

from accounts.serializers import StrictSerializer


class Inner(StrictSerializer):
    """Something inside."""

    code = serializers.CharField()


class Everything(StrictSerializer):
    """One field of each kind."""

    text = serializers.CharField(required=False)
    note = serializers.CharField(required=False, allow_null=True)
    flag = serializers.BooleanField(required=False)
    whole = serializers.IntegerField(required=False)
    number = serializers.FloatField(required=False)
    choice = serializers.ChoiceField(["1", "2"], required=False)
    chosen = serializers.MultipleChoiceField(choices=["a", "b"], required=False)
    id = serializers.UUIDField(required=False)
    texts = serializers.ListField(child=serializers.CharField(), required=False)
    few = serializers.ListField(child=serializers.CharField(), max_length=2, required=False)
    inner = Inner(required=False)
    inners = Inner(many=True, required=False)
    at = serializers.DateTimeField(required=False)
    shown = serializers.CharField(read_only=True)


class Query(StrictSerializer):
    """What comes from a query string."""

    strict_types = False
    whole = serializers.IntegerField(required=False)
    flag = serializers.BooleanField(required=False)


def codes(data: Any, form: type[StrictSerializer] = Everything) -> dict[str, Any]:
    filled = form(data=data)
    assert not filled.is_valid()
    return {
        name: [error.code for error in errors] if isinstance(errors, list) else errors
        for name, errors in filled.errors.items()
    }


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"text": "t", "note": None, "flag": True, "whole": 5, "number": 1.5, "choice": "1"},
        {"whole": 5.0},
        {"number": 2, "texts": ["a"], "inner": {"code": "c"}, "inners": [{"code": "c"}], "chosen": ["a"]},
        {"id": "7e9c9c74-6d2b-4a9c-9e36-3d70a7d9bb0a", "at": "2026-11-20T12:00:00Z"},
    ],
)
def test_takes_what_fits(data: dict[str, Any]) -> None:
    assert Everything(data=data).is_valid()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", 5),
        ("text", 5.5),
        ("text", True),
        ("text", ["t"]),
        ("text", {"t": 1}),
        ("flag", "true"),
        ("flag", 1),
        ("whole", "5"),
        ("whole", 5.5),
        ("whole", True),
        ("number", "1.5"),
        ("number", True),
        ("choice", 1),
        ("chosen", "a"),
        ("id", 5),
        ("texts", ["a", 5]),
        ("texts", [None, 5]),
        ("at", 5),
    ],
)
def test_refuses_another_json_type(field: str, value: Any) -> None:
    assert codes({field: value}) == {field: ["invalid"]}


@pytest.mark.parametrize(("field", "value"), [("texts", "a"), ("texts", {"a": 1})])
def test_refuses_what_is_no_list(field: str, value: Any) -> None:
    assert codes({field: value}) == {field: ["not_a_list"]}


@pytest.mark.parametrize("field", ["text", "flag", "whole", "texts", "inner"])
def test_refuses_null_where_none_is_allowed(field: str) -> None:
    assert codes({field: None}) == {field: ["null"]}


def test_names_every_unknown_field() -> None:
    assert codes({"text": "t", "balance": 5, "is_staff": True}) == {
        "balance": ["unknown_field"],
        "is_staff": ["unknown_field"],
    }


def test_a_field_that_is_only_shown_is_unknown_as_input() -> None:
    assert codes({"shown": "s"}) == {"shown": ["unknown_field"]}


def test_is_strict_inside_too() -> None:
    assert codes({"inner": {"code": "c", "more": 1}})["inner"]["more"][0].code == "unknown_field"
    assert codes({"inner": {"code": 5}})["inner"]["code"][0].code == "invalid"


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_refuses_characters_that_cannot_be_stored(text: str) -> None:
    assert list(codes({"text": text})) == ["text"]


@pytest.mark.parametrize("data", [[], "text", 5, None])
def test_refuses_what_is_no_object(data: Any) -> None:
    filled = Everything(data=data)
    assert not filled.is_valid()


def test_a_query_string_is_text_and_its_names_are_checked() -> None:
    filled = Query(data={"whole": "5", "flag": "true"})
    assert filled.is_valid()
    assert filled.validated_data == {"whole": 5, "flag": True}
    assert codes({"hole": "5"}, Query) == {"hole": ["unknown_field"]}


def test_a_list_that_is_too_long_is_refused_without_looking_at_what_is_in_it() -> None:
    assert codes({"few": ["a", "b", "c"]}) == {"few": ["max_length"]}
    assert codes({"few": [5] * 200_000}) == {"few": ["max_length"]}


def test_a_flood_of_unknown_names_is_answered_in_brief() -> None:
    assert len(codes({f"n{number}": 0 for number in range(5_000)})) == 100
