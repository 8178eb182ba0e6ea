"""The life of a session: begun by a log-in, kept up by refresh tokens each good once, ended for good."""

import uuid
from dataclasses import dataclass, field

from django.utils import timezone
from rest_framework_simplejwt.settings import api_settings

from accounts import facts, principals, tokens
from accounts.audit import record
from accounts.client_address import Client
from accounts.errors import InvalidToken, TokenReused
from accounts.models import Session, User


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user with the tokens of one session. `expires_in` is the access token's life in seconds."""

    user: User
    session_id: uuid.UUID
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 - the name of a kind


def begin(user: User, client: Client) -> SignedIn:
    """Open a session for a user who has proved who they are."""
    session_id = uuid.uuid4()
    pair = tokens.issue(user, session_id)
    Session.objects.create(
        id=session_id,
        user=user,
        current_jti=pair.refresh_jti,
        expires_at=timezone.now() + api_settings.REFRESH_TOKEN_LIFETIME,
        address=client.address or None,
        user_agent=client.user_agent,
    )
    return signed_in(user, session_id, pair)


def rotate(refresh_token: str, client: Client) -> SignedIn:
    """Exchange a refresh token for a new pair. Raises InvalidToken; TokenReused, which also ends the session.

    The exchange is one conditional update: of two calls with the same token, one wins.
    """
    claims = tokens.read_refresh(refresh_token)
    session = Session.objects.select_related("user").filter(pk=claims.session_id).first()
    if session is None:
        raise InvalidToken("This session has ended: log in again.")
    if session.current_jti != claims.jti:
        raise reused(session, client)
    principals.judge_session(principals.of_session(session), proof=claims.version.encode())
    if session.expires_at <= timezone.now():
        raise InvalidToken("The token has expired.")
    pair = tokens.issue(session.user, session.pk)
    won = (
        Session.objects.live()
        .filter(pk=session.pk, current_jti=claims.jti)
        .update(current_jti=pair.refresh_jti, expires_at=timezone.now() + api_settings.REFRESH_TOKEN_LIFETIME)
    )
    if not won:
        raise reused(session, client)
    return signed_in(session.user, session.pk, pair)


def reused(session: Session, client: Client) -> TokenReused:
    """End the session whose refresh token came twice: one of the two bearers is not its owner."""
    if end([session.pk]):
        record(None, "session:end_on_reuse", session, client=client, user=str(session.user_id))
    return TokenReused()


def end(session_ids: list[uuid.UUID]) -> int:
    """End these sessions for good; return how many had not ended before."""
    ended = Session.objects.filter(pk__in=session_ids, revoked_at=None).update(revoked_at=timezone.now())
    facts.forget_sessions(session_ids)
    return ended


def end_all(user: User) -> int:
    """End every session of the user."""
    return end(list(Session.objects.live().filter(user=user).values_list("pk", flat=True)))


def signed_in(user: User, session_id: uuid.UUID, pair: tokens.Pair) -> SignedIn:
    """Put user and tokens together."""
    return SignedIn(
        user=user,
        session_id=session_id,
        access_token=pair.access,
        refresh_token=pair.refresh,
        expires_in=pair.expires_in,
    )
