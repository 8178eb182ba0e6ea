"""Making, changing, rerolling and revoking API keys. Every entrance calls these verbs through the services.

`using` is the credential that asks. A key that manages keys can make none that reaches further than itself.
"""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import facts, keys
from accounts.audit import record
from accounts.caps import Cap, set_cap
from accounts.client_address import NOWHERE, Client
from accounts.credentials import Credential
from accounts.errors import InvalidKey, KeyHasEnded, TooManyKeys, UnknownKey
from accounts.models import APIKey, User
from accounts.rights import Actor, actor_of
from accounts.scopes import default_scopes

MOST_KEYS = 100  # of one user, not counting revoked ones
LONGEST_GRACE = timedelta(days=7)


def create_key(
    *,
    user: User,
    name: str = "",
    scopes: Iterable[str] | None = None,
    expires_at: datetime | None = None,
    cap: Cap | None = None,
    allowed_ips: Iterable[str] = (),
    using: Credential | None = None,
    client: Client = NOWHERE,
) -> tuple[APIKey, str]:
    """Return a new API key and its plaintext, which cannot be had again.

    Raises TooManyKeys, KeyEscalation.
    """
    new = keys.generate()
    key = APIKey(
        user=user,
        name=name.strip()[:100],
        prefix=new.prefix,
        key_hash=keys.hash_of(new.plaintext),
        last_four=new.last_four,
        scopes=sorted(default_scopes() if scopes is None else set(scopes)),
        expires_at=expires_at,
        allowed_ips=list(allowed_ips),
    )
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # so that two at once are counted
        if APIKey.objects.live().filter(user=user).count() >= MOST_KEYS:
            raise TooManyKeys(MOST_KEYS)
        if actor := acting(using):
            actor.check(key, touches_cap=True)
        set_cap(key, cap)
        key.save(force_insert=True)
        note(user, "create", key, using, client, scopes=key.scopes)
    return key, new.plaintext


def change_key(
    *,
    user: User,
    key_id: uuid.UUID,
    changes: Mapping[str, Any],
    using: Credential | None = None,
    client: Client = NOWHERE,
) -> APIKey:
    """Change name, scopes, expires_at, allowed_ips or cap (a Cap, or None to take it off) of a key.

    Raises UnknownKey, KeyHasEnded for a revoked one, KeyEscalation.
    """
    with transaction.atomic():
        key = locked(user, key_id)
        if key.revoked_at:
            raise KeyHasEnded(key.status)
        actor = acting(using)
        touches_cap = "cap" in changes
        if actor:
            actor.check(key, touches_cap=touches_cap)
        for name in changes.keys() - {"cap"}:
            setattr(key, name, changes[name])
        if actor:
            actor.check(key, touches_cap=touches_cap)
        if touches_cap:
            set_cap(key, changes["cap"])
        if changes:
            key.save()
            note(user, "change", key, using, client, changed=sorted(changes), scopes=key.scopes)
            facts.forget_keys([key.prefix])
    return key


def reroll_key(
    *,
    user: User,
    key_id: uuid.UUID,
    grace: timedelta = timedelta(0),
    using: Credential | None = None,
    client: Client = NOWHERE,
) -> tuple[APIKey, str]:
    """Give a key a new secret and return its plaintext; the old one works on for the time of grace.

    All else stays, its cap and what was counted included. A secret that was in its grace already ends.
    Raises UnknownKey, KeyHasEnded, KeyEscalation.
    """
    with transaction.atomic():
        key = locked(user, key_id)
        if key.status != "active":
            raise KeyHasEnded(key.status)
        if actor := acting(using):
            actor.check(key, touches_cap=False)
        new = keys.generate(prefix=key.prefix)
        key.previous_hash, key.previous_until = bytes(key.key_hash), timezone.now() + grace
        key.key_hash, key.last_four = keys.hash_of(new.plaintext), new.last_four
        key.save(update_fields=["key_hash", "last_four", "previous_hash", "previous_until"])
        note(user, "reroll", key, using, client, grace_seconds=int(grace.total_seconds()))
        facts.forget_keys([key.prefix])
    return key, new.plaintext


def revoke_key(
    *,
    key: APIKey,
    by: User | None = None,
    using: Credential | None = None,
    client: Client = NOWHERE,
) -> None:
    """End a key for good, everywhere within seconds. Revoking it twice changes nothing."""
    key.revoked_at = timezone.now()
    with transaction.atomic():
        if APIKey.objects.live().filter(pk=key.pk).update(revoked_at=key.revoked_at):
            note(by or key.user, "revoke", key, using, client)
        facts.forget_keys([key.prefix])


def own_key(user: User, key_id: uuid.UUID) -> APIKey:
    """Return this key of this user. Raises UnknownKey, for the key of another user too."""
    key = APIKey.objects.filter(user=user, pk=key_id).first()
    if key is None:
        raise UnknownKey
    return key


def locked(user: User, key_id: uuid.UUID) -> APIKey:
    """Return this key of this user, for this transaction to change. Raises UnknownKey."""
    key: APIKey | None = APIKey.objects.select_for_update(no_key=True).filter(user=user, pk=key_id).first()
    if key is None:
        raise UnknownKey
    return key


def acting(using: Credential | None) -> Actor | None:
    """Return the key that asks, as its row says now; None for a session.

    Raises InvalidKey when it has ended meanwhile.
    """
    if using is None or using.kind == "session":
        return None
    key = APIKey.objects.filter(pk=using.id).first()
    if key is None or key.status != "active":
        raise InvalidKey("This API key is no longer good.")
    return actor_of(key)


def note(
    actor: User, verb: str, key: APIKey, using: Credential | None, client: Client, **metadata: Any
) -> None:
    """Write the act down, and with which key it was done, if with one."""
    if using is not None and using.kind == "key":
        metadata["by_key"] = str(using.id)
    record(actor, f"api_key:{verb}", key, client=client, prefix=key.prefix, **metadata)
