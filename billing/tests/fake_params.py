"""Checks what is sent to the fake Stripe against the types of Stripe's own SDK."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin
from urllib.parse import parse_qsl

from stripe import RequestOptions, StripeContext
from typing_extensions import get_type_hints, is_typeddict

Form = dict[str, Any]
WHOLE = re.compile(r"-?\d+")


class BadParameter(Exception):
    """Something that Stripe's API does not take; `param` is where, written as Stripe writes it."""

    def __init__(self, why: str, param: str) -> None:
        self.param = param
        super().__init__(f"{why}: {param}")


def decoded(text: str) -> Form:
    """A form in Stripe's notation, `a[b][0][c]=d`, as dictionaries and lists."""
    form: Form = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        first, *rest = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", name)
        place, key = form, first
        for step in rest:
            place = place.setdefault(key, {})
            key = step or str(len(place))
        place[key] = value
    return {name: listed(value) for name, value in form.items()}


def listed(value: Any) -> Any:
    """Dictionaries whose keys count from 0 are lists."""
    if not isinstance(value, dict):
        return value
    inner = {name: listed(one) for name, one in value.items()}
    return list(inner.values()) if list(inner) == [str(n) for n in range(len(inner))] and inner else inner


@cache
def hints(kind: Any) -> Mapping[str, Any]:
    """The fields of a TypedDict of the SDK's; those that say how to send it are no parameters."""
    names = {"StripeContext": StripeContext, "Mapping": Mapping}
    found = get_type_hints(kind, localns=names, include_extras=True)
    return {name: hint for name, hint in found.items() if name not in RequestOptions.__annotations__}


def check(kind: Any, value: Any, path: str = "") -> None:
    """Raise BadParameter unless the value is what the type says."""
    if is_typeddict(kind):
        check_fields(kind, value, path)
        return
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (NotRequired, Required):
        check(inner[0], value, path)
    elif origin in (Union, UnionType):
        check_any(inner, value, path)
    elif origin is Literal:
        expect(value in inner, "Invalid value", path)
    elif origin is list:
        expect(isinstance(value, list), "Invalid array", path)
        for number, one in enumerate(value):
            check(inner[0], one, f"{path}[{number}]")
    elif origin is dict:
        expect(isinstance(value, dict), "Invalid object", path)
        for name, one in value.items():
            check(inner[1], one, f"{path}[{name}]")
    else:
        check_plain(kind, value, path)


def check_fields(kind: Any, value: Any, path: str) -> None:
    """A dictionary has the fields of its type, all that are required and no others."""
    expect(isinstance(value, dict), "Invalid object", path)
    known = hints(kind)
    for name, one in value.items():
        where = f"{path}[{name}]" if path else name
        expect(name in known, "Received unknown parameter", where)
        check(known[name], one, where)
    for name in required(kind):
        expect(name in value, "Missing required param", f"{path}[{name}]" if path else name)


def required(kind: Any) -> Iterator[str]:
    """The fields that must be there."""
    for name, hint in hints(kind).items():
        if get_origin(hint) is not NotRequired and name not in kind.__optional_keys__:
            yield name


def check_any(kinds: tuple[Any, ...], value: Any, path: str) -> None:
    """One of several types will do. Where the SDK names values and lets any text pass, the names count."""
    if any(get_origin(kind) is Literal and get_args(kind) != ("",) for kind in kinds):
        kinds = tuple(kind for kind in kinds if kind is not str)
    problems: list[BadParameter] = []
    for kind in kinds:
        try:
            check(kind, value, path)
        except BadParameter as problem:
            problems.append(problem)
        else:
            return
    raise max(problems, key=lambda problem: len(problem.param))


def check_plain(kind: Any, value: Any, path: str) -> None:
    """Numbers and truth are written as texts in a form."""
    is_text = isinstance(value, str)
    if kind is int:
        expect(is_text and bool(WHOLE.fullmatch(value)), "Invalid integer", path)
    elif kind is bool:
        expect(value in ("true", "false"), "Invalid boolean", path)
    elif kind is str:
        expect(is_text, "Invalid string", path)


def expect(is_so: bool, why: str, path: str) -> None:
    """Raise BadParameter unless it is so."""
    if not is_so:
        raise BadParameter(why, path)
