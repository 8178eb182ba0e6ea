"""Logging in with the browser (the admin's form): by e-mail address, as limited as through the API."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from accounts import limits
from accounts.client_address import client_address
from accounts.emails import normalise_email
from accounts.errors import InvalidEmail, RateLimited
from accounts.models import User


class EmailBackend(ModelBackend):
    """Finds the user by any spelling of the address, and counts attempts as accounts.services.log_in does."""

    @sensitive_variables("password")
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **more: Any,
    ) -> User | None:
        """Return the user whose password this is.

        Too many attempts end in PermissionDenied, with which Django asks no other backend and the form says
        what it always says.
        """
        email = spelled(username or more.get("email"))
        if email is None or password is None:
            return None
        try:
            limits.spend("auth.login", address=client_address(request) if request else "", email=email)
        except RateLimited as error:
            raise PermissionDenied from error
        user = super().authenticate(request, username=email, password=password)
        if not isinstance(user, User):
            return None
        limits.forgive("auth.login", email=email)
        return user


def spelled(text: str | None) -> str | None:
    """Return the address in its normal form, None when it is no address."""
    try:
        return normalise_email(text or "")
    except InvalidEmail:
        return None
