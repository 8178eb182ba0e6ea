"""Access and refresh tokens: JSON Web Tokens by simplejwt, and nothing else in the project knows that.

The algorithm is pinned, issuer and audience are checked (settings.SIMPLE_JWT). Beside the standard claims a
token names its session (`sid`) and the version of its user (`ver`, see User.token_version).
"""

import time
import uuid
from dataclasses import dataclass, field
from functools import lru_cache

import jwt
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, Token

from accounts.errors import InvalidToken
from accounts.models import User

KEY_HEADERS = {"jku", "jwk", "x5u", "x5c", "kid"}

# Why a token is refused, the most special first. None of it helps who has no good token.
REASONS: tuple[tuple[type[Exception], str], ...] = (
    (jwt.ExpiredSignatureError, "The token has expired."),
    (jwt.ImmatureSignatureError, "The token is not valid yet."),
    (jwt.InvalidAlgorithmError, "The token's algorithm is not accepted."),
    (jwt.InvalidAudienceError, "The token was made for another service."),
    (jwt.InvalidIssuerError, "The token was made by another issuer."),
    (jwt.MissingRequiredClaimError, "The token lacks a claim it must have."),
    (jwt.InvalidSignatureError, "The token's signature is not ours."),
    (jwt.PyJWTError, "This is not a token."),
)


class RefreshToken(Token):
    """Good once, for the next pair of tokens."""

    token_type = "refresh"  # noqa: S105 - the name of a kind
    lifetime = api_settings.REFRESH_TOKEN_LIFETIME


@dataclass(frozen=True, slots=True)
class Pair:
    """What a client gets to hold. `expires_in` is the access token's, in seconds."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    refresh_jti: uuid.UUID
    expires_in: int


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says."""

    user_id: uuid.UUID
    session_id: uuid.UUID
    jti: uuid.UUID
    version: str
    expires_at: int  # seconds since 1970


def issue(user: User, session_id: uuid.UUID) -> Pair:
    """Return a new pair of tokens for this session of this user."""
    refresh, access = RefreshToken(), AccessToken()
    for token in refresh, access:
        token[api_settings.USER_ID_CLAIM] = str(user.pk)
        token["sid"] = str(session_id)
        token["ver"] = user.token_version
    return Pair(
        access=str(access),
        refresh=str(refresh),
        refresh_jti=uuid.UUID(refresh["jti"]),
        expires_in=int(api_settings.ACCESS_TOKEN_LIFETIME.total_seconds()),
    )


def read_access(text: str) -> Claims:
    """Return what the access token says. Raises InvalidToken.

    A good signature stays good, so a token that comes again is only asked for its age.
    """
    claims = verified_access(text)
    return claims if time.time() < claims.expires_at else read(AccessToken, text)


@lru_cache(maxsize=4096)
def verified_access(text: str) -> Claims:
    """Return what the access token says, checked in full. Raises InvalidToken, which is not remembered."""
    return read(AccessToken, text)


def read_refresh(text: str) -> Claims:
    """Return what the refresh token says. Raises InvalidToken."""
    return read(RefreshToken, text)


def read(kind: type[Token], text: str) -> Claims:
    """Return the claims of a token of this kind, whose session is not looked at yet. Raises InvalidToken."""
    try:
        payload = kind(text).payload  # type: ignore[arg-type]  # simplejwt takes the encoded text
        return Claims(
            user_id=uuid.UUID(payload[api_settings.USER_ID_CLAIM]),
            session_id=uuid.UUID(payload["sid"]),
            jti=uuid.UUID(payload["jti"]),
            version=str(payload["ver"]),
            expires_at=int(payload["exp"]),
        )
    except TokenError as error:
        raise InvalidToken(explain(error, kind, text)) from None
    except (KeyError, ValueError, AttributeError, TypeError):
        raise InvalidToken("The token lacks a claim it must have.") from None


def explain(error: TokenError, kind: type[Token], text: str) -> str:
    """Return in one sentence why the token is refused."""
    cause: BaseException | None = error
    while cause and not isinstance(cause, jwt.PyJWTError):
        cause = cause.__cause__
    if isinstance(cause, jwt.InvalidSignatureError) and KEY_HEADERS & jwt.get_unverified_header(text).keys():
        return "The token's header names a key. Keys are never taken from a token."
    for reason, sentence in REASONS:
        if isinstance(cause, reason):
            return sentence
    return f"This is no {kind.token_type} token: of the two that a log-in gives, send the other one."
