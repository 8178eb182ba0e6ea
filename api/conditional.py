"""Conditional requests: whoever has the answer already is told so, for nothing (RFC 9110, 13)."""

from django.http import HttpRequest
from django.utils.http import parse_etags
from rest_framework.request import Request


def is_known(request: HttpRequest | Request, tag: str) -> bool:
    """Say whether a GET names this entity tag in If-None-Match; the comparison there is the weak one."""
    header = request.META.get("HTTP_IF_NONE_MATCH", "")
    if not header or request.method != "GET":
        return False
    known = parse_etags(header)
    return "*" in known or bare(tag) in map(bare, known)


def bare(tag: str) -> str:
    """Return a tag without the mark that says that it is weak."""
    return tag.removeprefix("W/")
