"""The URL table as tests read it: every route, its parameters, its view and methods."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

METHODS = ("get", "post", "put", "patch", "delete")
WRITES = ("post", "put", "patch", "delete")
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")


class Route(NamedTuple):
    """One line of the table. `name` is `app:name`, or the pattern of a route without one."""

    name: str
    pattern: str
    callback: Any

    @property
    def parameters(self) -> list[str]:
        """The names in its path."""
        return [a or b for a, b in PARAMETER.findall(self.pattern)]

    @property
    def view(self) -> type[APIView] | None:
        """The class of a view of the API; None for a page."""
        found: type[APIView] | None = getattr(self.callback, "cls", None)
        return found

    @property
    def methods(self) -> list[str]:
        """What can be done there."""
        view = self.view
        if view is None:
            return ["get", "post"]
        return [name for name in METHODS if hasattr(view, name) and name in view.http_method_names]

    def path(self, **values: Any) -> str:
        """The address with these values for its parameters."""
        return "/" + PARAMETER.sub(lambda match: str(values[match[1] or match[2]]), self.pattern)


def table(
    entries: list[URLPattern | URLResolver] | None = None, prefix: str = "", space: str = ""
) -> Iterator[Route]:
    """Yield every route below these entries, all of them by default."""
    for entry in get_resolver().url_patterns if entries is None else entries:
        pattern = prefix + str(entry.pattern).removeprefix("^")
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from table(entry.url_patterns, pattern, inner)
        else:
            yield Route(space + entry.name if entry.name else pattern, pattern, entry.callback)


def api_routes() -> list[Route]:
    """Every route below /api/."""
    return [route for route in table() if route.pattern.startswith("api")]
