"""Who is behind a session or a key, remembered for a few seconds so that a call needs no query.

The services that end a session, a key or an account make it forgotten at once, everywhere; should the cache
be away at that moment, it is forgotten by itself before five seconds are over.
"""

import hmac
import uuid
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import caching
from accounts.errors import InvalidKey, InvalidToken
from accounts.keys import hash_of
from accounts.models import APIKey, Session, User

REMEMBERED_SECONDS = 4  # of the five that a revocation may take, one is left for a slow reader
USED_AGAIN = timedelta(minutes=1)  # last_used_at is written no more often than this
USER_FACTS = ("id", "email", "is_active", "is_staff", "date_joined")  # in the order of the model's fields


@dataclass(frozen=True, slots=True)
class Principal:
    """The facts that decide whether a credential is good, in forms that JSON can hold."""

    user_id: str
    email: str
    is_active: bool
    is_staff: bool
    date_joined: str
    token_version: str
    credential_id: str
    revoked: bool
    expires_at: str | None = None
    key_hash: str = ""
    has_cap: bool = False

    def user(self) -> User:
        """Return the user without a query; facts that are not remembered load when they are read."""
        values = (uuid.UUID(self.user_id), self.email, self.is_active, self.is_staff)
        return User.from_db("default", USER_FACTS, (*values, datetime.fromisoformat(self.date_joined)))


def of_session(session_id: uuid.UUID, *, version: str) -> Principal:
    """Return who is behind the session. Raises InvalidToken when it, the user or the password has ended."""
    return admit(remembered(session_name(session_id), lambda: read_session(session_id)), version=version)


def admit(principal: Principal | None, *, version: str) -> Principal:
    """Return the principal of a session if a token of this version may act for it. Raises InvalidToken."""
    if principal is None or principal.revoked:
        raise InvalidToken("This session has ended: log in again.")
    if not principal.is_active:
        raise InvalidToken("This account is disabled.")
    if principal.token_version != version:
        raise InvalidToken("The password or the state of the account has changed: log in again.")
    return principal


def of_key(prefix: str, plaintext: str) -> Principal:
    """Return who is behind the key. Raises InvalidKey; why, it tells only to who has the whole key."""
    principal = remembered(key_name(prefix), lambda: read_key(prefix, plaintext))
    known = bytes.fromhex(principal.key_hash) if principal else bytes(32)
    if not hmac.compare_digest(known, hash_of(plaintext)) or principal is None:
        raise InvalidKey("This API key is not known.")
    if principal.revoked:
        raise InvalidKey("This API key has been revoked.")
    if principal.expires_at and datetime.fromisoformat(principal.expires_at) <= timezone.now():
        raise InvalidKey("This API key has expired.")
    if not principal.is_active:
        raise InvalidKey("This account is disabled.")
    return principal


def forget_sessions(session_ids: Iterable[uuid.UUID]) -> None:
    """Make the next call with one of these sessions ask the database."""
    forget([session_name(session_id) for session_id in session_ids])


def forget_keys(prefixes: Iterable[str]) -> None:
    """Make the next call with one of these keys ask the database."""
    forget([key_name(prefix) for prefix in prefixes])


def forget(names: list[str]) -> None:
    """Forget now, for whoever is in this transaction, and again once everybody else sees what it did."""
    caching.forget(names)
    transaction.on_commit(partial(caching.forget, names))


def remembered(name: str, read: Callable[[], Principal | None]) -> Principal | None:
    """Return the principal from the cache, or else from the database, which is then remembered."""
    facts: dict[str, Any] | None = caching.recall(name)
    if facts is not None:
        return Principal(**facts)
    principal = read()
    if principal is not None:
        caching.remember(name, asdict(principal), seconds=REMEMBERED_SECONDS)
    return principal


def read_session(session_id: uuid.UUID) -> Principal | None:
    """Ask the database who is behind the session."""
    session = Session.objects.select_related("user").filter(pk=session_id).first()
    return of(session) if session else None


def of(session: Session) -> Principal:
    """Return who is behind this session, as its row and its user's say."""
    revoked = session.revoked_at is not None
    return Principal(**facts_of(session.user), credential_id=str(session.pk), revoked=revoked)


def read_key(prefix: str, plaintext: str) -> Principal | None:
    """Ask the database who is behind the key and, when it is the right one, note that it is in use."""
    key = APIKey.objects.select_related("user").filter(prefix=prefix).first()
    if key is None:
        return None
    if hmac.compare_digest(bytes(key.key_hash), hash_of(plaintext)):
        note_use(key)
    return Principal(
        **facts_of(key.user),
        credential_id=str(key.pk),
        revoked=key.revoked_at is not None,
        expires_at=key.expires_at.isoformat() if key.expires_at else None,
        key_hash=bytes(key.key_hash).hex(),
        has_cap=key.has_cap,
    )


def note_use(key: APIKey) -> None:
    """Write down that the key is in use: at most once a minute, and when the database is asked anyway."""
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at < now - USED_AGAIN:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_AGAIN)
        APIKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


def facts_of(user: User) -> dict[str, Any]:
    """Return what is remembered of a user."""
    return {
        "user_id": str(user.pk),
        "email": user.email,
        "is_active": user.is_active,
        "is_staff": user.is_staff,
        "date_joined": user.date_joined.isoformat(),
        "token_version": user.token_version,
    }


def session_name(session_id: uuid.UUID) -> str:
    """Return the name a session is remembered by. The digit goes up when the facts of a Principal change."""
    return f"accounts:1:session:{session_id}"


def key_name(prefix: str) -> str:
    """Return the name a key is remembered by."""
    return f"accounts:1:key:{prefix}"
