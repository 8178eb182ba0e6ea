"""From a request's headers to request.user and request.auth.

Cookies are never looked at, so no page can spend credits.

A credential is an access token (`Authorization: Bearer`) or an API key (`Authorization: Bearer` or
`X-API-Key`).
"""

import uuid
from dataclasses import dataclass
from typing import Literal, cast

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import keys, principals, tokens
from accounts.errors import AccountsError, InvalidToken
from accounts.models import User


@dataclass(frozen=True, slots=True)
class Credential:
    """What the call was made with. `cap` is the key's id when the ledger keeps a spending limit for it."""

    kind: Literal["session", "key"]
    id: uuid.UUID
    cap: uuid.UUID | None = None


class Authentication(BaseAuthentication):
    """The one way into the API. Raises InvalidToken and InvalidKey, each with its reason."""

    def authenticate(self, request: Request) -> tuple[User, Credential] | None:
        """Return the caller and their credential, None when there is no credential."""
        try:
            return authenticate(
                request.META.get("HTTP_AUTHORIZATION", ""), request.META.get("HTTP_X_API_KEY", "")
            )
        except AccountsError:
            request._not_authenticated()  # type: ignore[attr-defined]  # whoever asks later finds nobody
            raise

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge that goes with a 401."""
        return 'Bearer realm="pallet"'


def caller(request: Request) -> tuple[User, Credential]:
    """Return who is calling and with what, for views that let nobody in without a credential."""
    return cast(User, request.user), cast(Credential, request.auth)


def authenticate(authorization: str, api_key: str) -> tuple[User, Credential] | None:
    """Return who the two headers stand for, None without a credential. Raises InvalidToken, InvalidKey."""
    bearer = bearer_of(authorization)
    if api_key:
        if bearer is not None and bearer != api_key.strip():
            raise InvalidToken("Send one credential, not two different ones.")
        return by_key(api_key.strip())
    if bearer is None:
        return None
    return by_key(bearer) if bearer.startswith(keys.MARK) else by_token(bearer)


def bearer_of(authorization: str) -> str | None:
    """Return the word after "Bearer", None for another scheme. Raises InvalidToken when it is not one."""
    scheme, *rest = authorization.split() or [""]
    if scheme.lower() != "bearer":
        return None
    if len(rest) != 1:
        raise InvalidToken("The header reads 'Authorization: Bearer', one space, and the token.")
    return rest[0]


def by_token(text: str) -> tuple[User, Credential]:
    """Return who this access token stands for. Raises InvalidToken."""
    claims = tokens.read_access(text)
    principal = principals.of_session(claims.session_id, version=claims.version)
    return principal.user(), Credential(kind="session", id=claims.session_id)


def by_key(text: str) -> tuple[User, Credential]:
    """Return who this API key stands for; a mistyped one is refused without a query. Raises InvalidKey."""
    principal = principals.of_key(keys.prefix_of(text), text)
    key_id = uuid.UUID(principal.credential_id)
    return principal.user(), Credential(kind="key", id=key_id, cap=key_id if principal.has_cap else None)
