"""Take a path out of an upstream's answer, to see which fields of a product came from there."""

import re
from copy import deepcopy
from typing import Any

_STEP = re.compile(r"(?P<name>[^\[\]]+)(?:\[(?P<index>\d*)\])?")


def without(document: Any, *paths: str) -> Any:
    """Return a copy of the document without what stands at these paths.

    A path is written `summaries[].itemName`, with [] for each entry of a list, or `csv[18]` for one of them.
    """
    changed = deepcopy(document)
    for path in paths:
        _remove(changed, path.split("."))
    return changed


def _remove(node: Any, steps: list[str]) -> None:
    step, *rest = steps
    found = _STEP.fullmatch(step)
    assert found is not None, step
    name, index = found["name"], found["index"]
    if not isinstance(node, dict) or name not in node:
        return
    below = node[name]
    if index and isinstance(below, list) and int(index) < len(below):
        if rest:
            _remove(below[int(index)], rest)
        else:
            below[int(index)] = None
    elif index:
        return
    elif not rest:
        del node[name]
    else:
        for one in below if isinstance(below, list) else [below]:
            _remove(one, rest)
