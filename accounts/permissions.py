"""What a caller may do. Sessions may do everything that is theirs; keys what their scopes say."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.credentials import Credential
from accounts.errors import ScopeMissing, SessionRequired

FOR_OPERATORS = {"x-operators": True}  # so that the reference shows an operator's credential


class InScope(BasePermission):
    """Lets a key in where the view states a `scope` that it has; a view without one is for sessions."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Say yes. Raises SessionRequired, ScopeMissing."""
        if isinstance(request.auth, Credential) and request.auth.scopes is not None:
            scope: str | None = getattr(view, "scope", None)
            if scope is None:
                raise SessionRequired
            if scope not in request.auth.scopes:
                raise ScopeMissing(scope)
        return True


class IsOperator(BasePermission):
    """Lets in only those who run this install. Beside the usual permissions, not instead of them."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Say who is one."""
        return bool(getattr(request.user, "is_staff", False))
