"""The description of the API is kept in the repository, and grows only."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from drf_spectacular.generators import SchemaGenerator

from config.contract import breaking
from config.described_problems import MEMBER_SCHEMAS
from config.errors import MEMBERS
from config.management.commands import schema
from config.management.commands.schema import CONTRACT, described

Json = dict[str, Any]
LIST = "/things"
PAGE: Json = {
    "type": "object",
    "required": ["data", "kind"],
    "properties": {
        "data": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
        "kind": {"enum": ["a", "b"]},
        "note": {"oneOf": [{"$ref": "#/components/schemas/Thing"}, {"type": "null"}]},
    },
}
BEFORE: Json = {
    "paths": {
        LIST: {
            "get": {
                "operationId": "things",
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 200}},
                    {"name": "kind", "in": "query", "schema": {"type": "string", "enum": ["a", "b"]}},
                ],
                "responses": {
                    "200": {"headers": {"ETag": {}}, "content": {"application/json": {"schema": PAGE}}},
                    "404": {"$ref": "#/components/responses/404"},
                },
            },
            "post": {
                "operationId": "make",
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}
                },
                "responses": {"201": {}},
            },
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string"}, "size": {"type": ["integer", "null"]}},
            }
        },
        "responses": {"404": {"content": {"application/problem+json": {"schema": {}}}}},
    },
}


def get(new: Json) -> Json:
    found: Json = new["paths"][LIST]["get"]
    return found


def thing(new: Json) -> Json:
    found: Json = new["components"]["schemas"]["Thing"]
    return found


def page(new: Json) -> Json:
    found: Json = get(new)["responses"]["200"]["content"]["application/json"]["schema"]
    return found


def optional(name: str, **schema: Any) -> Json:
    return {"name": name, "in": "query", "schema": schema}


BREAKS: dict[str, Callable[[Json], object]] = {
    "a path that is gone": lambda new: new["paths"].pop(LIST),
    "a method that is gone": lambda new: new["paths"][LIST].pop("get"),
    "another operation id": lambda new: get(new).update(operationId="other"),
    "a credential that was not wanted": lambda new: get(new).update(security=[{"bearer": []}]),
    "a parameter that is gone": lambda new: get(new)["parameters"].pop(),
    "a new parameter that is required": lambda new: get(new)["parameters"].append(
        optional("x", type="string") | {"required": True}
    ),
    "a parameter that is required now": lambda new: get(new)["parameters"][0].update(required=True),
    "another type of a parameter": lambda new: get(new)["parameters"][0]["schema"].update(type="string"),
    "a lower maximum": lambda new: get(new)["parameters"][0]["schema"].update(maximum=100),
    "a minimum": lambda new: get(new)["parameters"][0]["schema"].update(minimum=1),
    "a pattern": lambda new: get(new)["parameters"][1]["schema"].update(pattern="a"),
    "a choice that is refused": lambda new: get(new)["parameters"][1]["schema"].update(enum=["a"]),
    "choices where anything was taken": lambda new: get(new)["parameters"][0]["schema"].update(enum=[1]),
    "a status that is gone": lambda new: get(new)["responses"].pop("200"),
    "a header that is gone": lambda new: get(new)["responses"]["200"]["headers"].pop("ETag"),
    "another media type": lambda new: get(new)["responses"]["200"].update(
        content={"text/csv": {"schema": {}}}
    ),
    "a member that is gone": lambda new: page(new)["properties"].pop("data"),
    "a member that can be missing": lambda new: page(new).update(required=["data"]),
    "a value that is never given": lambda new: page(new)["properties"].update(kind={"enum": ["a"]}),
    "a member deep down that is gone": lambda new: thing(new)["properties"].pop("size"),
    "a member that may be null": lambda new: thing(new)["properties"].update(id={"type": ["string", "null"]}),
    "a body that is required": lambda new: new["paths"][LIST]["post"]["requestBody"].update(required=True),
    "a body that is gone": lambda new: new["paths"][LIST]["post"].pop("requestBody"),
    "a member that must be sent": lambda new: thing(new).update(required=["id", "size"]),
}
GROWS: dict[str, Callable[[Json], object]] = {
    "nothing": lambda new: None,
    "a new path": lambda new: new["paths"].update({"/more": new["paths"][LIST]}),
    "a new optional parameter": lambda new: get(new)["parameters"].append(optional("x", type="string")),
    "a higher maximum": lambda new: get(new)["parameters"][0]["schema"].update(maximum=500),
    "a wider type": lambda new: get(new)["parameters"][0]["schema"].update(type="number"),
    "one more choice": lambda new: get(new)["parameters"][1]["schema"].update(enum=["a", "b", "c"]),
    "one more member": lambda new: thing(new)["properties"].update(more={"type": "string"}),
    "one more value in answers": lambda new: page(new)["properties"].update(kind={"enum": ["a", "b", "c"]}),
    "one more header": lambda new: get(new)["responses"]["200"]["headers"].update(Age={}),
    "a failure less": lambda new: get(new)["responses"].pop("404"),
    "other words": lambda new: thing(new).update(description="Something."),
}


def changed(change: Callable[[Json], object]) -> Json:
    new = copy.deepcopy(BEFORE)
    change(new)
    return new


@pytest.mark.parametrize("name", BREAKS)
def test_what_breaks_a_caller_is_seen(name: str) -> None:
    assert breaking(BEFORE, changed(BREAKS[name]))


@pytest.mark.parametrize("name", GROWS)
def test_what_only_adds_is_let_through(name: str) -> None:
    assert breaking(BEFORE, changed(GROWS[name])) == []


def test_the_file_is_what_the_code_gives() -> None:
    assert json.loads(CONTRACT.read_text()) == described(), "run `make schema`"


def test_no_promise_of_the_file_is_broken() -> None:
    assert breaking(json.loads(CONTRACT.read_text()), described()) == []


def test_the_command_refuses_to_break_a_promise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    promised = described()
    promised["paths"]["/api/v1/old"] = promised["paths"]["/api/v1/pricing"]
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(promised))
    monkeypatch.setattr(schema, "CONTRACT", file)
    with pytest.raises(CommandError, match="GET /api/v1/old is gone"):
        call_command("schema")
    assert json.loads(file.read_text()) == promised
    call_command("schema", may_break=True, verbosity=0)
    assert json.loads(file.read_text()) == described()


def test_the_description_is_made_without_a_doubt() -> None:
    reset_generator_stats()
    SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    assert not GENERATOR_STATS, [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache]


def test_every_member_that_a_problem_can_have_is_described() -> None:
    assert {name for names in MEMBERS.values() for name in names} <= set(MEMBER_SCHEMAS)


def test_every_operation_is_whole() -> None:
    for path, methods in described()["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert operation["operationId"], where
            assert operation["summary"], where
            assert operation["description"], where
            assert len(operation["tags"]) == 1, where
            assert "security" in operation, where
            for status, response in operation["responses"].items():
                is_problem = int(status) >= 400
                assert is_problem == response.get("$ref", "").startswith("#/components/responses/"), (
                    where,
                    status,
                )
                assert is_problem or "Request-Id" in response["headers"], (where, status)
