"""Sessions, forms and messages are for pages. Programs, who ask below /api/ and /health, pass them by.

So no cookie can spend credits, and no call pays for what it cannot use.
"""

import re
from typing import Any

from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest
from django.middleware import csrf
from django.utils.deprecation import MiddlewareMixin

PROGRAMS = re.compile(r"/+(api|health)(/|$)")


class ForPages(MiddlewareMixin):
    """Does what its other parent does for pages only."""

    def __call__(self, request: HttpRequest) -> Any:
        """Answer, with or without it."""
        return self.get_response(request) if PROGRAMS.match(request.path_info) else super().__call__(request)


class SessionMiddleware(ForPages, sessions.SessionMiddleware):
    """`request.session` for pages."""


class CsrfViewMiddleware(ForPages, csrf.CsrfViewMiddleware):
    """Refuses a form that did not come from our own page."""

    def process_view(
        self, request: HttpRequest, callback: Any, callback_args: Any, callback_kwargs: Any
    ) -> Any:
        """Refuse it before its view is called."""
        if PROGRAMS.match(request.path_info):
            return None
        return super().process_view(request, callback, callback_args, callback_kwargs)


class AuthenticationMiddleware(ForPages, auth.AuthenticationMiddleware):
    """`request.user` for pages."""


class MessageMiddleware(ForPages, messages.MessageMiddleware):
    """What the next page shall say."""
