"""How Stripe's API writes what it is asked: a form whose names, `a[b][0][c]`, tell where a value belongs."""

import re
from typing import Any
from urllib.parse import parse_qsl

PARTS = re.compile(r"[^\[\]]+")


def decoded(text: str) -> dict[str, Any]:
    """Return a form as dictionaries and lists; every value is a text."""
    form: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        *way, last = PARTS.findall(name)
        place = form
        for step in way:
            place = place.setdefault(step, {})
        place[last] = value
    return {name: listed(value) for name, value in form.items()}


def listed(value: Any) -> Any:
    """Return dictionaries whose keys count from 0 as lists."""
    if not isinstance(value, dict):
        return value
    inner = {name: listed(one) for name, one in value.items()}
    is_list = list(inner) == [str(number) for number in range(len(inner))]
    return list(inner.values()) if inner and is_list else inner
