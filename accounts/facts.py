"""The facts that decide whether a credential is good: asked of the database, remembered for a few seconds.

They travel as JSON in bytes, in the form in which they lie in Redis, so that whoever fetches more from there
in the same trip can hand them on, or look at them there: the names below are read by scripts as well.

The services that end a session, a key or an account make them forgotten at once, everywhere; should Redis be
away at that moment, they are forgotten by themselves before five seconds are over.
"""

import time
import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import orjson
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django_redis import get_redis_connection

from accounts.caching import nothing, outage
from accounts.credentials import Claim
from accounts.keys import is_one_of
from accounts.models import APIKey, User

REMEMBERED_SECONDS = 4  # of the five that a revocation may take, one is left for a slow reader
USED_AGAIN = timedelta(minutes=1)  # last_used_at is written no more often than this

READ_SESSION = """
SELECT u.id, u.email, u.is_active, u.is_staff, u.date_joined, s.id, s.revoked_at IS NOT NULL,
  u.password, u.session_version
FROM accounts_session s JOIN accounts_user u ON u.id = s.user_id WHERE s.id = %(id)s::uuid
"""
READ_KEY = """
SELECT u.id, u.email, u.is_active, u.is_staff, u.date_joined, k.id, k.revoked_at IS NOT NULL,
  k.key_hash, k.previous_hash, k.previous_until, k.expires_at, k.has_cap, k.scopes, k.allowed_ips,
  k.last_used_at IS NULL OR k.last_used_at < %(stale)s
FROM accounts_apikey k JOIN accounts_user u ON u.id = k.user_id WHERE k.prefix = %(id)s
"""


def recall(claim: Claim) -> bytes | None:
    """Return what is remembered, None when it is forgotten or Redis is away."""
    facts: bytes | None = outage.attempt(
        lambda: get_redis_connection("default").get(claim.name), otherwise=nothing
    )
    return facts


def read(claim: Claim) -> bytes | None:
    """Ask the database, by one statement, and remember the answer.

    What a wrong secret asks for is not remembered, so that a wrong secret and a wrong name take the same.
    """
    started = time.monotonic()
    facts, is_theirs = read_session(claim) if claim.kind == "session" else read_key(claim)
    if facts is None:
        return None
    written = orjson.dumps(facts)
    if is_theirs:
        remember(claim, written, seconds=REMEMBERED_SECONDS - (time.monotonic() - started))
    return written


def remember(claim: Claim, facts: bytes, *, seconds: float) -> None:
    """Keep the facts for so long; what was read too long ago already is not kept at all."""
    lasting = int(seconds * 1000)
    if lasting > 0:
        outage.attempt(
            lambda: get_redis_connection("default").set(claim.name, facts, px=lasting), otherwise=nothing
        )


def forget_sessions(session_ids: Iterable[uuid.UUID]) -> None:
    """Make the next call with one of these sessions ask the database."""
    forget([Claim("session", str(session_id), b"").name for session_id in session_ids])


def forget_keys(prefixes: Iterable[str]) -> None:
    """Make the next call with one of these keys ask the database."""
    forget([Claim("key", prefix, b"").name for prefix in prefixes])


def forget(names: list[str]) -> None:
    """Forget now, for whoever is in this transaction, and again once everybody else sees what it did."""
    if names:
        forget_now(names)
        transaction.on_commit(partial(forget_now, names))


def forget_now(names: list[str]) -> None:
    """Forget what would be forgotten by itself a little later."""
    outage.attempt(lambda: get_redis_connection("default").delete(*names), otherwise=nothing)


def read_session(claim: Claim) -> tuple[dict[str, Any] | None, bool]:
    """Ask the database who is behind the session."""
    row = one_row(READ_SESSION, {"id": claim.id})
    if row is None:
        return None, False
    user = User.from_db("default", ("password", "session_version"), row[7:])
    return {"user": row[:5], "id": row[5], "revoked": row[6], "version": user.token_version}, True


def read_key(claim: Claim) -> tuple[dict[str, Any] | None, bool]:
    """Ask the database who is behind the key and whether it is this one; if so, note that it is in use."""
    row = one_row(READ_KEY, {"id": claim.id, "stale": timezone.now() - USED_AGAIN})
    if row is None:
        return None, is_one_of(claim.proof, None, None)
    key_hash, old_hash, old_until, expires_at, has_cap, scopes, allowed_ips, is_stale = row[7:]
    is_theirs = is_one_of(claim.proof, key_hash, old_hash)
    if is_theirs and is_stale:
        note_use(row[5])
    facts = {
        "user": row[:5],
        "id": row[5],
        "revoked": row[6],
        "hash": key_hash.hex(),
        "previous": [old_hash.hex(), old_until.timestamp()] if old_hash else None,
        "expires_at": expires_at and expires_at.timestamp(),
        "has_cap": has_cap,
        "scopes": scopes,
        "allowed_ips": allowed_ips,
    }
    return facts, is_theirs


def one_row(sql: str, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Run one statement without the ORM and return its first row."""
    with connection.prepared_cursor() as cursor:  # type: ignore[attr-defined]  # of our backend
        cursor.execute(sql, parameters)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def note_use(key_id: uuid.UUID) -> None:
    """Write down that the key is in use: at most once a minute, and when the database is asked anyway."""
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_AGAIN)
    APIKey.objects.filter(stale, pk=key_id).update(last_used_at=now)
