"""Who is behind a claim, and whether they may act: decided from the facts alone.

Where the facts come from is accounts.facts.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from accounts import facts as known
from accounts.client_address import Network
from accounts.credentials import Claim, Credential
from accounts.errors import InvalidKey, InvalidToken, IPNotAllowed, KeyExpired, KeyRevoked
from accounts.keys import NO_HASH, is_one_of
from accounts.models import Session, User
from accounts.networks import allows, network_of

USER_FACTS = ("id", "email", "is_active", "is_staff", "date_joined")  # in the order of the model's fields


@dataclass(frozen=True, slots=True)
class Principal:
    """What the facts say, ready to be used. `user` holds the values of USER_FACTS.

    `previous_hash` is that of the secret before the last reroll, which ends at `previous_until`.
    """

    user: tuple[Any, ...]
    credential: Credential
    revoked: bool
    version: bytes = b""
    key_hash: bytes = NO_HASH
    previous_hash: bytes = NO_HASH
    previous_until: float = 0
    expires_at: float | None = None
    networks: tuple[Network, ...] = ()

    @property
    def is_active(self) -> bool:
        """Whether the account is open."""
        return bool(self.user[2])

    def known_user(self) -> User:
        """Return the user without a query; what is not remembered of them loads when it is read."""
        return User.from_db("default", USER_FACTS, self.user)


def admit(claim: Claim, facts: bytes | None, *, address: Callable[[], str]) -> tuple[User, Credential]:
    """Return who may act by this claim, and with what.

    `facts` are those that Redis has, None when it has none: then the database is asked. `address` tells where
    the call comes from, and is asked only where that matters. Raises InvalidToken; InvalidKey, KeyRevoked,
    KeyExpired, IPNotAllowed.
    """
    principal = parsed(facts) if facts else None
    if principal is None or (claim.kind == "key" and not is_right(principal, claim.proof)):
        written = known.read(claim)  # also where the facts may be from before a reroll
        principal = parsed(written) if written else None
    if claim.kind == "session":
        principal = judge_session(principal, proof=claim.proof)
    else:
        principal = judge_key(principal, proof=claim.proof)
        if principal.networks:
            check_address(principal, address())
    return principal.known_user(), principal.credential


def judge_session(principal: Principal | None, *, proof: bytes) -> Principal:
    """Return the principal of a session if a token of this version may act for it. Raises InvalidToken."""
    if principal is None or principal.revoked:
        raise InvalidToken("This session has ended: log in again.")
    if not principal.is_active:
        raise InvalidToken("This account is disabled.")
    if principal.version != proof:
        raise InvalidToken("The password or the state of the account has changed: log in again.")
    return principal


def judge_key(principal: Principal | None, *, proof: bytes) -> Principal:
    """Return the principal of a key if the hash is its own. Raises InvalidKey.

    Why a key is refused is told only to who has the whole key.
    """
    if not is_right(principal, proof) or principal is None:
        raise InvalidKey("This API key is not known.")
    if principal.revoked:
        raise KeyRevoked("This API key has been revoked.")
    if not is_one_of(proof, principal.key_hash) and principal.previous_until <= time.time():
        raise KeyRevoked("This API key has been rerolled, and the time of grace is over: use the new secret.")
    if principal.expires_at is not None and principal.expires_at <= time.time():
        raise KeyExpired("This API key has expired.")
    if not principal.is_active:
        raise InvalidKey("This account is disabled.")
    return principal


def is_right(principal: Principal | None, proof: bytes) -> bool:
    """Say whether the hash is that of the key's secret or of the one before."""
    hashes = (principal.key_hash, principal.previous_hash) if principal else (None, None)
    return is_one_of(proof, *hashes)


def check_address(principal: Principal, address: str) -> None:
    """Raise IPNotAllowed unless the key may be used from this address."""
    if not allows(principal.networks, address):
        raise IPNotAllowed(address)


@lru_cache(maxsize=4096)
def parsed(facts: bytes) -> Principal | None:
    """Return what the bytes say, None when they are not in the form we write.

    The facts of a credential stay the same bytes while nothing changes, so most are read once.
    """
    try:
        return of(orjson.loads(facts))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def of_session(session: Session) -> Principal:
    """Return who is behind this session, as its row and its user's say."""
    return Principal(
        user=tuple(getattr(session.user, name) for name in USER_FACTS),
        credential=Credential("session", session.pk),
        revoked=session.revoked_at is not None,
        version=session.user.token_version.encode(),
    )


def of(told: dict[str, Any]) -> Principal:
    """Return the facts in the forms in which they are used. May raise on what we did not write."""
    user_id, email, is_active, is_staff, joined = told["user"]
    user = (uuid.UUID(user_id), email, is_active, is_staff, datetime.fromisoformat(joined))
    credential_id = uuid.UUID(told["id"])
    if "version" in told:
        session = Credential("session", credential_id)
        return Principal(user, session, told["revoked"], version=told["version"].encode())
    previous_hash, previous_until = told["previous"] or (NO_HASH.hex(), 0)
    return Principal(
        user,
        Credential(
            kind="key",
            id=credential_id,
            cap=credential_id if told["has_cap"] else None,
            scopes=frozenset(told["scopes"]),
        ),
        told["revoked"],
        key_hash=bytes.fromhex(told["hash"]),
        previous_hash=bytes.fromhex(previous_hash),
        previous_until=previous_until,
        expires_at=told["expires_at"],
        networks=tuple(network_of(text) for text in told["allowed_ips"]),
    )
