"""How the ways to authenticate are described in the API's schema.

Apart from authentication.py because drf-spectacular needs DRF's views, and those need the authentication.
"""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class AuthenticationScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the two ways to send a credential are described in the API's schema: either will do."""

    target_class = "accounts.authentication.Authentication"
    match_subclasses = True
    name = ["bearer", "apiKey"]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[Any]]]:
        """Return the alternatives, each with the scope that an API key must have; a session has them all.

        What states no scope is for people who are logged in.
        """
        scope = getattr(auto_schema.view, "scope", None)
        return [{name: [scope]} for name in self.name] if scope else [{"bearer": []}]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        """Return the schemes, in the order of their names."""
        return [
            {
                "type": "http",
                "scheme": "bearer",
                "description": "The access token of a log-in (30 minutes), or an API key.",
            },
            {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key."},
        ]
