"""Take a path out of an upstream's answer, to see which fields of a product came from there."""

from copy import deepcopy
from typing import Any


def without(document: Any, *paths: str) -> Any:
    """Return a copy of the document without what stands at these paths, such as `summaries[].itemName`."""
    changed = deepcopy(document)
    for path in paths:
        _remove(changed, path.split("."))
    return changed


def _remove(node: Any, steps: list[str]) -> None:
    step, *rest = steps
    name = step.rstrip("[]")
    if not isinstance(node, dict) or name not in node:
        return
    if not rest:
        del node[name]
        return
    below = node[name]
    for one in below if isinstance(below, list) else [below]:
        _remove(one, rest)
