"""The reference of the API as a page, made from its description; works without scripts."""

import json
import shlex
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from api.renderers import dumps
from api.schema import document
from config.described import JSON
from config.described_headers import BILLABLE
from config.docs import contents, kept_for_a_while
from config.markdown import inline, rendered
from products.catalogue import pricing

Json = dict[str, Any]
DEEPEST = 4  # levels of an answer that are shown
BODY = "In the body"
PLACES = (("path", "In the path"), ("query", "In the query"), ("body", BODY), ("header", "In the headers"))
LIMITS = {
    "maxLength": "up to {} characters",
    "minimum": "from {}",
    "maximum": "to {}",
    "maxItems": "up to {}",
}


class Field(NamedTuple):
    """A parameter, or a member of a body."""

    name: str
    kind: str
    is_required: bool
    about: SafeString
    facts: list[str]


@kept_for_a_while
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show every call."""
    return HttpResponse(written(settings.PUBLIC_URL))


@cache
def written(url: str) -> str:
    """Return the whole page: it is long, the same for all, and anybody may ask for it."""
    facts = {"tags": tags(url), "groups": contents(), "current": "/api/docs/"}
    return render_to_string("docs/reference.html", facts)


@cache
def tags(url: str) -> list[Json]:
    """Return the calls as the page shows them, by tag; a release changes them, a request does not."""
    described = json.loads(dumps(document()))
    calls = [
        call(described, url, method, path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    return [
        {
            "name": tag["name"],
            "about": tag["description"],
            "anchor": tag["name"].lower().replace(" ", "-"),
            "calls": [one for one in calls if one["tag"] == tag["name"]],
        }
        for tag in described["tags"]
    ]


def call(described: Json, url: str, method: str, path: str, operation: Json) -> Json:
    """Return one call as the page shows it."""
    return {
        "id": operation["operationId"],
        "tag": operation["tags"][0],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "about": rendered(operation["description"].removeprefix(operation["summary"]).lstrip(".\n ")).html,
        "cost": cost(operation["operationId"]),
        "is_public": not operation["security"],
        "is_for_operators": bool(operation.get("x-operators")),
        "scope": scope(operation["security"]),
        "inputs": list(inputs(described, operation)),
        "answers": list(answers(described, operation)),
        "problems": list(problems(described, operation)),
        "curl": curl(url, method, path, operation, credential=credential(described, operation)),
    }


def credential(described: Json, operation: Json) -> str:
    """Return the header that says who calls: a key, a session where a key will not do, or nobody."""
    if not operation["security"]:
        return ""
    if operation.get("x-operators"):
        return "Authorization: Bearer $OPERATOR"
    wants_session = "session_required" in codes(described, operation)
    return "Authorization: Bearer $TOKEN" if wants_session else "X-API-Key: $KEY"


def scope(security: list[Json]) -> str:
    """Return the scope that an API key must have for a call; "" where no key will do."""
    return next((named for way in security for scopes in way.values() for named in scopes), "")


def cost(operation_id: str) -> str:
    """Return what a call costs, in words."""
    if operation_id not in BILLABLE:
        return "Free"
    first, *more = [sold for sold in pricing()["operations"] if sold["operation"].startswith("product.")]
    extras = [f"with {sold['operation'].partition('.')[2]} {sold['credits']} more" for sold in more]
    return ", ".join([f"{first['credits']} credit{'' if first['credits'] == 1 else 's'}", *extras])


def inputs(described: Json, operation: Json) -> Iterator[Json]:
    """Yield what a call takes, by the place where it stands; what is required first."""
    found = {
        title: [parameter(described, one) for one in parameters(operation, place)] for place, title in PLACES
    }
    if body := operation.get("requestBody"):
        found[BODY] = list(of_body(described, body["content"]))
    for title, told in found.items():
        if told:
            yield {"title": title, "fields": sorted(told, key=lambda one: not one.is_required)}


def of_body(described: Json, content: Json) -> Iterator[Field]:
    """Yield the members of a body, or the one field that says in which forms a file may be sent."""
    if JSON in content:
        yield from fields(described, content[JSON]["schema"])
    else:
        told = {"type": "string", "description": f"A file, as {', '.join(content)}."}
        yield field(described, "file", told, True)


def parameters(operation: Json, place: str) -> list[Json]:
    """Return the parameters that stand in one place."""
    return [one for one in operation.get("parameters", []) if one["in"] == place]


def parameter(described: Json, told: Json) -> Field:
    """Return a parameter as a field."""
    schema = resolved(described, told["schema"])
    return field(
        described,
        told["name"],
        {**schema, "description": told.get("description", "")},
        bool(told.get("required")),
    )


def answers(described: Json, operation: Json) -> Iterator[Json]:
    """Yield the successes of a call."""
    for status, response in operation["responses"].items():
        if int(status) < 400:
            content = response.get("content", {}).get("application/json", {})
            yield {
                "status": status,
                "about": response["description"],
                "fields": list(fields(described, content["schema"])) if content else [],
                "example": shown(content["example"]) if "example" in content else "",
                "headers": [header(described, name) for name in response.get("headers", {})],
            }


def header(described: Json, name: str) -> Field:
    """Return a header of an answer as a field."""
    told = described["components"]["headers"][name]
    return field(described, name, {**told["schema"], "description": told["description"]}, False)


def problems(described: Json, operation: Json) -> Iterator[Json]:
    """Yield the problems that a call can end in."""
    examples = described["components"]["examples"]
    for code in codes(described, operation):
        example = examples[code]["value"]
        yield {"code": code, "status": example["status"], "title": example["title"]}


def codes(described: Json, operation: Json) -> list[str]:
    """Return the codes of an operation's problems."""
    return [
        code
        for status, response in operation["responses"].items()
        if int(status) >= 400
        for code in resolved(described, response)["content"]["application/problem+json"]["examples"]
    ]


# --- members ---


def fields(described: Json, schema: Json, before: str = "", depth: int = 1) -> Iterator[Field]:
    """Yield the members of an object and those of the objects in it, each with the way to it.

    Where there is a choice of objects, the first is the usual one.
    """
    schema = resolved(described, schema)
    if "oneOf" in schema:
        schema = resolved(described, schema["oneOf"][0])
    for name, told in schema.get("properties", {}).items():
        yield field(described, before + name, told, name in schema.get("required", []))
        inner, way = inside(described, told)
        if depth < DEEPEST and inner.get("properties"):
            yield from fields(described, inner, f"{before}{name}{way}.", depth + 1)


def inside(described: Json, told: Json) -> tuple[Json, str]:
    """Return the object within a member (itself, one of a list, one of a map), and how to get there."""
    schema = resolved(described, told)
    if "items" in schema:
        return resolved(described, schema["items"]), "[]"
    if isinstance(schema.get("additionalProperties"), dict):
        return resolved(described, schema["additionalProperties"]), ".*"
    return schema, ""


def resolved(described: Json, schema: Json) -> Json:
    """Return a schema with its reference followed, one that may be null as what it is otherwise."""
    choices = [one for one in schema.get("oneOf") or schema.get("anyOf") or [] if one.get("type") != "null"]
    if len(choices) == 1:
        return {**resolved(described, choices[0]), **without(schema, "oneOf", "anyOf"), "nullable": True}
    if len(schema.get("allOf", [])) == 1:
        return {**resolved(described, schema["allOf"][0]), **without(schema, "allOf")}
    if "$ref" not in schema:
        return schema
    target: Json = described
    for step in schema["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return {**resolved(described, target), **without(schema, "$ref")}


def without(schema: Json, *names: str) -> Json:
    """Return a schema less these members."""
    return {name: told for name, told in schema.items() if name not in names}


def field(described: Json, name: str, told: Json, is_required: bool) -> Field:
    """Return a member as the page shows it."""
    schema = resolved(described, told)
    facts = [words.format(f"{schema[key]:,}") for key, words in LIMITS.items() if key in schema]
    if "default" in schema and schema["default"] is not None:
        facts.append(f"else {json.dumps(schema['default'])}")
    if values := schema.get("enum"):
        facts.append("one of " + ", ".join(str(value) for value in values if value is not None))
    about = schema.get("description", "") if "properties" not in schema or "description" in told else ""
    return Field(name, kind(described, schema), is_required, inline(about), facts)


def kind(described: Json, schema: Json) -> str:
    """Return of which kind a value is, in words."""
    types = schema.get("type", "string")
    given = [types] if isinstance(types, str) else list(types)
    names = [one for one in given if one != "null"] or ["null"]
    word = " or ".join(names)
    if word == "array":
        word = f"list of {kind(described, resolved(described, schema.get('items', {})))}s"
    elif word == "string" and schema.get("format") in ("date-time", "date", "uuid"):
        word = {"date-time": "time", "date": "date", "uuid": "UUID"}[schema["format"]]
    return f"{word} or null" if "null" in given or schema.get("nullable") else word


# --- examples ---


def shown(example: Any) -> str:
    """Return an example as people read it."""
    return json.dumps(example, indent=2, ensure_ascii=False)


def curl(url: str, method: str, path: str, operation: Json, *, credential: str) -> str:
    """Return the call as a command to paste."""
    given = {one["name"]: one for one in operation.get("parameters", []) if "example" in one}
    for name, told in given.items():
        path = path.replace("{" + name + "}", str(told["example"]))
    query = urlencode({name: told["example"] for name, told in given.items() if told["in"] == "query"})
    address = f"{url}{path}?{query}" if query else f"{url}{path}"
    command = [f"curl -s {shlex.quote(address)}"]
    media_type, body = example_of_body(operation)
    if method not in ("get", "post") or (method == "post" and body is None):
        command[0] = f"curl -s -X {method.upper()} {shlex.quote(address)}"
    if credential:
        command.append(f'-H "{credential}"')
    if body is not None:
        command.append(f"-H 'Content-Type: {media_type}'")
        command.append(data(media_type, body))
    return " \\\n  ".join(command)


def example_of_body(operation: Json) -> tuple[str, Any]:
    """Return the media type and the example of a body; None for a call without one."""
    content = operation.get("requestBody", {}).get("content", {})
    return next(((kind, told["example"]) for kind, told in content.items() if "example" in told), ("", None))


def data(media_type: str, body: Any) -> str:
    """Return the option of curl that sends a body: JSON, or a file as the shell spells its text."""
    if media_type == JSON:
        return f"-d {shlex.quote(json.dumps(body, ensure_ascii=False))}"
    spelled = body.encode("unicode_escape").decode().replace("'", "\\'")
    return f"--data-binary $'{spelled}'"
