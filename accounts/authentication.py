"""From a request's headers to request.user and request.auth.

Cookies are never looked at, so no page can spend credits.

A credential is an access token (`Authorization: Bearer`) or an API key (`Authorization: Bearer` or
`X-API-Key`). `claim_of` reads what the headers claim, and `principals.admit` decides on it; between the two
lies one trip to Redis, in which others may ask for more.
"""

from collections.abc import Callable
from typing import cast

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import facts, keys, principals, tokens
from accounts.client_address import client_address
from accounts.credentials import Claim, Credential
from accounts.errors import AccountsError, InvalidToken
from accounts.models import User

__all__ = ["Authentication", "Claim", "Credential", "authenticate", "caller", "claim_of"]


class Authentication(BaseAuthentication):
    """The one way into the API. Raises InvalidToken and InvalidKey, each with its reason."""

    def authenticate(self, request: Request) -> tuple[User, Credential] | None:
        """Return the caller and their credential, None when there is no credential."""
        try:
            return authenticate(
                request.META.get("HTTP_AUTHORIZATION", ""),
                request.META.get("HTTP_X_API_KEY", ""),
                address=lambda: client_address(request._request),
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


def authenticate(
    authorization: str, api_key: str, *, address: Callable[[], str] = str
) -> tuple[User, Credential] | None:
    """Return who the two headers stand for, None without a credential. Raises what claim_of and admit do.

    A caller that cannot tell the client's address lets in no key that is bound to addresses.
    """
    claim = claim_of(authorization, api_key)
    return principals.admit(claim, facts.recall(claim), address=address) if claim else None


def claim_of(authorization: str, api_key: str) -> Claim | None:
    """Return what the two headers claim, None without a credential. Asks nobody.

    Raises InvalidToken for a token that is forged or too old, InvalidKey for a mistyped key.
    """
    bearer = bearer_of(authorization)
    if api_key:
        if bearer is not None and bearer != api_key.strip():
            raise InvalidToken("Send one credential, not two different ones.")
        return claim_of_key(api_key.strip())
    if bearer is None:
        return None
    return claim_of_key(bearer) if bearer.startswith(keys.MARK) else claim_of_token(bearer)


def bearer_of(authorization: str) -> str | None:
    """Return the word after "Bearer", None for another scheme. Raises InvalidToken when it is not one."""
    scheme, *rest = authorization.split() or [""]
    if scheme.lower() != "bearer":
        return None
    if len(rest) != 1:
        raise InvalidToken("The header reads 'Authorization: Bearer', one space, and the token.")
    return rest[0]


def claim_of_token(text: str) -> Claim:
    """Return what this access token claims. Raises InvalidToken."""
    told = tokens.read_access(text)
    return Claim("session", str(told.session_id), told.version.encode())


def claim_of_key(text: str) -> Claim:
    """Return what this API key claims. Raises InvalidKey when it is mistyped."""
    return Claim("key", keys.prefix_of(text), keys.hash_of(text))
