"""Which form an answer takes. There is one, JSON; asking for none of it is a 406."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.http import Http404
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from accounts.errors import AccountsError
from api.admission import admit

COMMON = frozenset({"", "*/*", "application/json", "application/*", "application/problem+json"})


class ContentNegotiation(DefaultContentNegotiation):
    """Answers the usual Accept headers at once and reads the rest; the type of errors will do as well."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer and its media type. Raises NotAcceptable, and counts the call then."""
        try:
            return self.fitting(request, list(renderers), format_suffix)
        except (NotAcceptable, Http404):
            with suppress(AccountsError):  # DRF would look who calls only afterwards
                admit(request._request)
            raise

    def fitting(
        self, request: Request, available: list[BaseRenderer], format_suffix: str | None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer and its media type. Raises NotAcceptable; Http404 for an unknown `format`."""
        accept = request.META.get("HTTP_ACCEPT", "")
        if len(available) == 1 and (accept in COMMON or accepts(accept, available[0].media_type)):
            return available[0], available[0].media_type
        if len(available) == 1:
            raise NotAcceptable(available_renderers=available)
        chosen: tuple[Any, str] = super().select_renderer(request, available, format_suffix)
        return chosen


def accepts(header: str, media_type: str) -> bool:
    """Say whether an Accept header takes `media_type` or problem details in its place (RFC 9110, 12.5.1)."""
    kind = media_type.partition("/")[0]
    ranges = dict(weighed(part) for part in header[:4096].split(","))
    for wanted in (media_type, "application/problem+json", f"{kind}/*", "*/*"):
        if wanted in ranges:
            return ranges[wanted] > 0
    return False


def weighed(part: str) -> tuple[str, float]:
    """Return one range of an Accept header and its weight; one that cannot be read weighs 1."""
    name, *parameters = part.split(";")
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "q":
            try:
                return name.strip().lower(), float(value)
            except ValueError:
                break
    return name.strip().lower(), 1.0
