"""The finish of the API's description: what the views cannot say of themselves. A hook of drf-spectacular.

Every operation gets its tag and summary, headers, the problems it can end in, and examples.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from api.renderers import dumps
from config.described_headers import HEADERS, request_headers, response_headers
from config.described_problems import examples_of_problems, failures, names, problem_schema

Json = dict[str, Any]
JSON = "application/json"
# The first step of a path below /api/v1/: how its calls are called together, and what they are about.
TAGS = {
    "auth": ("Authentication", "Sign up, log in, keep a session up, end it."),
    "keys": ("API keys", "Keys for programs: made, limited, replaced, revoked."),
    "products": ("Products", "What is known about an ASIN, now and before."),
    "conversion": ("Conversion", "What a code is, and which product it stands for."),
    "jobs": ("Jobs", "Many codes in one call: how far it has come, and what became of each row."),
    "webhooks": ("Webhooks", "Being told of what happens, at an address of your own."),
    "credits": ("Credits", "What there is to spend, and where it went."),
    "charges": ("Credits", ""),
    "payments": ("Credits", ""),
    "requests": ("Usage", "What was called, and what it took."),
    "analytics": ("Usage", ""),
    "pricing": ("Catalogue", "What things cost, and where they can be looked up."),
    "marketplaces": ("Catalogue", ""),
}
STATUS = {"type": "string", "const": "success"}
REQUEST_ID = {"type": "string", "description": "The same as in the header Request-Id."}
DONE = {
    "type": "object",
    "description": "It went well; there is nothing more to say.",
    "required": ["status", "request_id"],
    "properties": {"status": STATUS, "request_id": REQUEST_ID},
}
NOTHING = {
    "type": "object",
    "description": "An empty object, or no body at all.",
    "additionalProperties": False,
}
OUTCOMES = {"200": "It went well.", "201": "It was made.", "202": "It was taken on.", "204": "It is done."}


def mark_successes(result: Json, generator: Any, request: Any, public: bool) -> Json:
    """Return the description in which `success` is a mark and no list of choices that wants a name."""
    for schema in result["components"]["schemas"].values():
        told = schema.get("properties", {})
        if told.get("status", {}).get("enum") == ["success"]:
            told["status"] = STATUS
    return result


def complete(result: Json, generator: Any, request: Any, public: bool) -> Json:
    """Return the description with all that every call has in common."""
    components = result["components"]
    components["schemas"] |= {"Problem": problem_schema(), "Done": DONE}
    components["headers"] = HEADERS
    components["examples"] = examples_of_problems()
    components["responses"] = {}
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            finish(operation, path, method, components)
    result["tags"] = tags(result["paths"])
    prune(result)
    return result


def finish(operation: Json, path: str, method: str, components: Json) -> None:
    """Complete one operation."""
    operation["tags"] = [tag_of(path)]
    operation["summary"] = operation["description"].partition(". ")[0].partition(".\n")[0].rstrip(".")
    operation["security"] = [way for way in operation.get("security", []) if way]
    if extra := request_headers(operation, method):
        operation["parameters"] = [*operation.get("parameters", []), *extra]
    if method == "post":
        operation.setdefault("requestBody", {"content": {"application/json": {"schema": NOTHING}}})
    if "requestBody" in operation:
        refuse_unknown(operation["requestBody"], components)
    example = examples().get(operation["operationId"], {})
    if "request" in example:
        first_content(operation["requestBody"])["example"] = example["request"]
    for parameter in operation.get("parameters", []):
        if parameter["name"] in example.get("parameters", {}):
            parameter["example"] = example["parameters"][parameter["name"]]
    for status, response in operation["responses"].items():
        succeed(operation, status, response, components)
        if status in example.get("responses", {}) and "content" in response:
            response["content"]["application/json"]["example"] = example["responses"][status]
    if "If-None-Match" in names(operation, "header"):
        kept = {
            "description": "You have this answer already; free.",
            "headers": response_headers(operation, "304"),
        }
        operation["responses"]["304"] = kept
    operation["responses"] |= failures(operation, path, method, components["responses"])


def first_content(body: Json) -> Json:
    """Return the usual form of an input: JSON, or the first of those in which a file may be sent."""
    content: Json = body["content"]
    found: Json = content.get(JSON) or next(iter(content.values()))
    return found


def refuse_unknown(body: Json, components: Json) -> None:
    """Say of an input that it takes no members but its own. Files have none."""
    if JSON not in body["content"]:
        return
    body["content"] = {JSON: body["content"][JSON]}
    close(body["content"][JSON]["schema"], components["schemas"])


def close(schema: Json, schemas: Json) -> None:
    """Let the objects that a schema refers to, and those within them, have no other members."""
    for name in re.findall(r'"#/components/schemas/(\w+)"', dumps(schema).decode()):
        if schemas[name].get("type") == "object" and "additionalProperties" not in schemas[name]:
            schemas[name]["additionalProperties"] = False
            close(schemas[name], schemas)


def succeed(operation: Json, status: str, response: Json, components: Json) -> None:
    """Say of a success what is really sent: the marks around what the view gives, and the headers."""
    if response["description"] in ("", "No response body"):
        response["description"] = OUTCOMES.get(status, "It went well.")
    response["headers"] = response_headers(operation, status)
    if status in ("204", "304"):
        return
    content = response.setdefault("content", {"application/json": {"schema": {}}})["application/json"]
    reference = content["schema"].get("$ref")
    if reference is None:
        content["schema"] = {"$ref": "#/components/schemas/Done"}
        return
    mark(reference, components)


def mark(reference: str, components: Json) -> None:
    """Put the marks of success around a schema, or around each of those it leaves the choice of."""
    schema = components["schemas"][reference.rpartition("/")[2]]
    if "oneOf" in schema:
        for one in schema["oneOf"]:
            mark(one["$ref"], components)
        return
    schema["properties"] = {
        "status": STATUS,
        **{name: told for name, told in schema["properties"].items() if name not in ("status", "request_id")},
        "request_id": REQUEST_ID,
    }
    schema["required"] = sorted({*schema.get("required", []), "status", "request_id"})


def tag_of(path: str) -> str:
    """Return what the calls of this path are called together."""
    step = path.removeprefix("/api/v1/").partition("/")[0]
    return TAGS[step][0] if step in TAGS else step.capitalize()


def tags(paths: Json) -> list[Json]:
    """Return the tags in use, in the order of their table, each with what it is about."""
    about = {name: text for name, text in reversed(TAGS.values()) if text}
    used = dict.fromkeys(name for name, _ in TAGS.values()) | dict.fromkeys(map(tag_of, paths))
    return [
        {"name": name, "description": about.get(name, name)}
        for name in used
        if name in set(map(tag_of, paths))
    ]


def prune(result: Json) -> None:
    """Leave out schemas that nothing refers to any more."""
    schemas = result["components"]["schemas"]
    while unused := set(schemas) - set(re.findall(r'"#/components/schemas/(\w+)"', dumps(result).decode())):
        for name in unused:
            del schemas[name]


@cache
def examples() -> Json:
    """Return requests and answers by operation; a test makes each request and compares the answer."""
    text = (Path(settings.BASE_DIR) / "docs" / "examples.json").read_text(encoding="utf-8")
    found: Json = json.loads(text)
    return found
