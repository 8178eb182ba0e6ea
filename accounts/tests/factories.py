"""Users and keys to test with."""

from collections.abc import Callable
from typing import Any, TypeVar

import factory
from django.db import connection
from factory.django import DjangoModelFactory
from rest_framework.test import APIClient

from accounts import services
from accounts.models import APIKey, User
from accounts.scopes import SCOPES
from accounts.sessions import SignedIn

T = TypeVar("T")
PASSWORD = "correct horse battery staple"


class UserFactory(DjangoModelFactory):  # type: ignore[type-arg]  # not generic when it runs
    """Someone with an open account and the password PASSWORD."""

    class Meta:
        model = User

    email = factory.declarations.Sequence(  # type: ignore[no-untyped-call]
        lambda n: f"person{n}@example.com"
    )
    password = PASSWORD

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        """Make the user as the manager does, password hashed and address normalised."""
        return model_class.objects.create_user(*args, **kwargs)


def a_user(**facts: Any) -> User:
    """Return a new user of the factory."""
    user: User = UserFactory.create(**facts)
    return user


def logged_in(user: User) -> SignedIn:
    """Return the tokens of a new session of this user."""
    return services.log_in(email=user.email, password=PASSWORD)


def bearing(token: str) -> APIClient:
    """Return a client that sends this token or key."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def key_of(user: User, *, has_cap: bool = False, **facts: Any) -> tuple[APIKey, str]:
    """Return a new API key of this user, and its plaintext.

    With `has_cap` its calls name a cap, which whoever asks for that sets with the ledger.
    """
    key, plaintext = services.create_key(user=user, **{"name": "tests", **facts})
    if has_cap:
        APIKey.objects.filter(pk=key.pk).update(has_cap=True)
        key.has_cap = True
    return key, plaintext


def person(user: User) -> APIClient:
    """Return a client that is logged in as this user."""
    return bearing(logged_in(user).access_token)


def manager(user: User, **facts: Any) -> APIClient:
    """Return a client with a key of this user's that manages keys."""
    return bearing(key_of(user, **{"scopes": list(SCOPES), **facts})[1])


def closing(call: Callable[[], T]) -> T:
    """Return what a call in a thread returns, and give the thread's connection back."""
    try:
        return call()
    finally:
        connection.close()
