"""What is breaking between two descriptions of the API: the rule that version 1 only grows. Pure.

A caller who wrote against the old description must be served by the new one. So nothing that is answered
may go or change its kind, and nothing that is sent may become wanted, narrower or refused.
"""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
Parameters = dict[tuple[str, str], Json]  # by place and name
DEEPEST = 12  # descriptions of ours do not nest deeper
# Limits on a value: which way makes it narrower.
AT_MOST = ("maxLength", "maximum", "maxItems")
AT_LEAST = ("minLength", "minimum", "minItems")


class Descriptions:
    """Two descriptions and a way to follow their references."""

    def __init__(self, old: Json, new: Json) -> None:
        self.old = old
        self.new = new

    def breaking(self) -> Iterator[str]:
        """Yield a sentence for each change that breaks a caller."""
        for path, methods in self.old["paths"].items():
            for method, operation in methods.items():
                where = f"{method.upper()} {path}"
                later = self.new["paths"].get(path, {}).get(method)
                if later is None:
                    yield f"{where} is gone."
                else:
                    yield from self.of_operation(where, operation, later)

    def of_operation(self, where: str, old: Json, new: Json) -> Iterator[str]:
        """Yield what breaks in one call."""
        if old["operationId"] != new["operationId"]:
            yield f"{where} is called {new['operationId']} and no longer {old['operationId']}."
        if not old.get("security") and new.get("security"):
            yield f"{where} needs a credential now."
        yield from self.of_parameters(where, parameters(old), parameters(new))
        yield from self.of_body(where, old.get("requestBody", {}), new.get("requestBody", {}))
        yield from self.of_responses(where, old["responses"], new["responses"])

    def of_parameters(self, where: str, old: Parameters, new: Parameters) -> Iterator[str]:
        """Yield what breaks in what is sent beside the body."""
        for (place, name), told in old.items():
            later = new.get((place, name))
            if later is None:
                yield f"{where} takes no {name} in the {place} any more."
            else:
                yield from self.sent(f"{where}, {name}", told["schema"], later["schema"])
        for (place, name), told in new.items():
            if told.get("required") and not old.get((place, name), {}).get("required"):
                yield f"{where} wants {name} in the {place} now."

    def of_body(self, where: str, old: Json, new: Json) -> Iterator[str]:
        """Yield what breaks in a body that is sent."""
        if new.get("required") and not old.get("required"):
            yield f"{where} wants a body now."
        if old and not new:
            yield f"{where} takes no body any more."
        for kind, told in old.get("content", {}).items():
            later = new.get("content", {}).get(kind)
            if new and later is None:
                yield f"{where} takes no {kind} any more."
            elif later is not None:
                yield from self.sent(f"{where}, body", told["schema"], later["schema"])

    def of_responses(self, where: str, old: Json, new: Json) -> Iterator[str]:
        """Yield what breaks in the answers."""
        for status, told in old.items():
            if status not in new:
                if int(status) < 400:  # a failure that does not happen any more hurts nobody
                    yield f"{where} does not answer {status} any more."
                continue
            before, after = follow(self.old, told), follow(self.new, new[status])
            for name in set(before.get("headers", {})) - set(after.get("headers", {})):
                yield f"{where}, {status} has no header {name} any more."
            for kind, content in before.get("content", {}).items():
                later = after.get("content", {}).get(kind)
                if later is None:
                    yield f"{where}, {status} is no {kind} any more."
                elif int(status) < 400:
                    yield from self.answered(f"{where}, {status}", content["schema"], later["schema"])

    def sent(self, where: str, old: Json, new: Json, depth: int = 0) -> Iterator[str]:
        """Yield in what a value that callers send is taken less widely than before."""
        before, after = follow(self.old, old), follow(self.new, new)
        if depth > DEEPEST:
            return
        if lost := types(before) - types(after):
            yield f"{where} is no {' or '.join(sorted(lost))} any more."
        if refused := [one for one in before.get("enum", ["others"]) if one not in after.get("enum", [one])]:
            yield f"{where} refuses {', '.join(map(str, refused))} now."
        yield from narrower(where, before, after)
        for name, told in before.get("properties", {}).items():
            if name in after.get("properties", {}):
                yield from self.sent(f"{where}.{name}", told, after["properties"][name], depth + 1)
            else:
                yield f"{where} takes no {name} any more."
        for name in set(after.get("required", [])) - set(before.get("required", [])):
            yield f"{where} wants {name} now."
        if "items" in before and "items" in after:
            yield from self.sent(f"{where}[]", before["items"], after["items"], depth + 1)

    def answered(self, where: str, old: Json, new: Json, depth: int = 0) -> Iterator[str]:
        """Yield in what an answer keeps less than it promised. New members are welcome."""
        before, after = follow(self.old, old), follow(self.new, new)
        if depth > DEEPEST:
            return
        if more := types(after) - types(before):
            yield f"{where} can be {' or '.join(sorted(more))} now."
        if gone := [one for one in before.get("enum", []) if one not in after.get("enum", [one])]:
            yield f"{where} is never {', '.join(map(str, gone))} any more."
        for name, told in before.get("properties", {}).items():
            if name not in after.get("properties", {}):
                yield f"{where}.{name} is gone."
                continue
            yield from self.answered(f"{where}.{name}", told, after["properties"][name], depth + 1)
            if name in before.get("required", []) and name not in after.get("required", []):
                yield f"{where}.{name} can be missing now."
        for inner in ("items", "additionalProperties"):
            if isinstance(before.get(inner), dict) and isinstance(after.get(inner), dict):
                yield from self.answered(f"{where}[]", before[inner], after[inner], depth + 1)


def breaking(old: Json, new: Json) -> list[str]:
    """Return a sentence for each change that breaks a caller of the old description."""
    return list(Descriptions(old, new).breaking())


def parameters(operation: Json) -> Parameters:
    """Return an operation's parameters by place and name."""
    return {(one["in"], one["name"]): one for one in operation.get("parameters", [])}


def follow(described: Json, told: Json) -> Json:
    """Return what is told, its reference followed, alternatives and parts merged into one."""
    while "$ref" in told:
        rest = {name: value for name, value in told.items() if name != "$ref"}
        target: Json = described
        for step in told["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        told = {**target, **rest}
    for choice in ("oneOf", "anyOf", "allOf"):
        if choice in told:
            told = merged(described, told, choice)
    return told


def merged(described: Json, told: Json, choice: str) -> Json:
    """Return a schema and its alternatives or parts as one: enough to see what went and what came."""
    whole = {name: value for name, value in told.items() if name != choice}
    kinds: set[str] = set()
    for part in told[choice]:
        followed = follow(described, part)
        kinds |= types(followed) if "type" in followed or "enum" in followed else set()
        whole = {
            **followed,
            **whole,
            "properties": {**followed.get("properties", {}), **whole.get("properties", {})},
        }
    return {**whole, "type": sorted(kinds)} if kinds else whole


def types(schema: Json) -> set[str]:
    """Return the JSON types a value may have; a number takes in the whole ones."""
    told = schema.get("type", [])
    found = {told} if isinstance(told, str) else set(told)
    return found | {"integer"} if "number" in found else found


def narrower(where: str, before: Json, after: Json) -> Iterator[str]:
    """Yield the limits that are tighter than before."""
    for name in AT_MOST:
        if name in after and after[name] < before.get(name, float("inf")):
            yield f"{where} has the {name} {after[name]} now."
    for name in AT_LEAST:
        if name in after and after[name] > before.get(name, float("-inf")):
            yield f"{where} has the {name} {after[name]} now."
    if "pattern" in after and after["pattern"] != before.get("pattern"):
        yield f"{where} must match {after['pattern']} now."
