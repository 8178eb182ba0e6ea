"""Who claims what of a code: what is kept for everybody or for one account, and what upstreams say now."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError
from django_redis import get_redis_connection
from redis.exceptions import RedisError

from accounts.models import User
from api.connections import give_back_connection
from conversion.models import Mapping
from conversion.witnesses import Claim
from providers.base import IdentifierProvider, Match
from providers.codes import Told, ask
from providers.errors import UpstreamUnavailable
from providers.flights import Flights
from providers.identifiers import InvalidASIN
from providers.identifiers import asin as read_asin
from providers.kinds import Kind
from providers.registry import identifier_providers
from providers.turns import turns

log = structlog.stdlib.get_logger("pallet.conversion")

OWN = frozenset({"inventory", "archived", "listing", "inbound", "returns", "confirmed"})
"""Sources of an account's own: what they say of a code is free for that account."""
ASK_AGAIN = timedelta(days=180)  # a code hardly ever changes its meaning; its record says how much it fades

_flights: Flights[Told] = Flights()


@dataclass(frozen=True, slots=True)
class Heard:
    """A claim as it is kept and shown."""

    source: str
    asin: str
    observed_at: datetime
    is_own: bool = False
    title: str = ""
    condition: str = ""

    def claim(self, now: datetime) -> Claim:
        """Return what the mathematics wants of it. What two accounts share are two witnesses."""
        age = max(0.0, (now - self.observed_at).total_seconds() / 86400)
        return Claim(source=self.source, asin=self.asin, age_days=age)


def kept(code: str, user: User) -> list[Heard]:
    """Return what is kept of a code that may answer this account: one indexed query."""
    rows = Mapping.objects.about(code).for_user(user).order_by("id")
    return [_heard(row) for row in rows]


def _heard(row: Mapping) -> Heard:
    return Heard(
        source=row.source,
        asin=row.asin,
        observed_at=row.observed_at,
        is_own=row.owner_id is not None and row.source in OWN,
        title=row.title,
        condition=row.condition,
    )


def is_enough(heard: Sequence[Heard], now: datetime) -> bool:
    """Say whether nobody need be asked: the account's own data answers, or an upstream has lately."""
    return any(one.is_own or now - one.observed_at < ASK_AGAIN for one in heard)


def upstreams(user: User, marketplace: str) -> list[IdentifierProvider]:
    """Return whom to ask about FNSKUs for this account.

    One that knows its own account's stock alone is for the operators whose account that is: what a seller's
    grant tells is never passed on to others.
    """
    served = (one for one in identifier_providers(Kind.FNSKU, marketplace) if marketplace in one.marketplaces)
    return [one for one in served if user.is_staff or Kind.FNSKU not in one.private_kinds]


def asked_now(
    code: str, user: User, marketplace: str, *, wait: float, before_upstream: Callable[[], object]
) -> tuple[list[Heard], float | None]:
    """Ask the upstreams, and keep what they say; also return in how many seconds one of them may know.

    Of all who ask at once, in all processes, one asks. One that needs time is asked again for `wait` seconds.
    Raises UpstreamUnavailable.
    """
    providers = upstreams(user, marketplace)
    if not providers or _is_known_as_none(code, marketplace, user):
        return [], None
    end = time.monotonic() + wait
    give_back_connection()  # nobody waits for a turn with a connection in hand
    with turns.taken():
        before_upstream()
        give_back_connection()
        while True:
            told = _flights.run(
                f"code:{marketplace}:{code}:{user.is_staff}",
                work=lambda: _ask(code, providers, marketplace, user),
                look=lambda: None,
            )
            left = end - time.monotonic()
            if told.match is not None or told.retry_after is None or left <= 0:
                return _from_match(told.match), told.retry_after
            with turns.given_back():
                time.sleep(min(left, told.retry_after))


def _ask(code: str, providers: Sequence[IdentifierProvider], marketplace: str, user: User) -> Told:
    told = ask(code, providers, marketplace=marketplace)
    if told.match is not None:
        private = any(one.name == told.match.source.provider and one.private_kinds for one in providers)
        _keep(told.match, marketplace, owner=user if private else None)
    elif told.is_known and told.retry_after is None:
        _remember_none(code, marketplace, user)
    return told


def _from_match(match: Match | None) -> list[Heard]:
    if match is None:
        return []
    return [
        Heard(
            match.source.provider,
            asin,
            match.source.fetched_at,
            title=match.title or "",
            condition=match.condition or "",
        )
        for asin in match.asins
        if _is_asin(asin)
    ]


def _is_asin(text: str) -> bool:
    try:
        return read_asin(text) == text
    except InvalidASIN:
        return False


def _keep(match: Match, marketplace: str, *, owner: User | None) -> None:
    """Keep what an upstream says; an answer that cannot be kept is good all the same."""
    rows = [
        Mapping(
            code=match.code,
            asin=heard.asin,
            source=heard.source,
            owner=owner,
            marketplace=marketplace,
            title=heard.title,
            condition=heard.condition,
            observed_at=heard.observed_at,
        )
        for heard in _from_match(match)
    ]
    try:
        Mapping.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["code", "source", "asin", "owner", "inventory"],
            update_fields=["observed_at", "marketplace", "title", "condition"],
        )
    except DatabaseError:
        log.exception("claims could not be kept", code=match.code)
    finally:
        give_back_connection()


def _none_name(code: str, marketplace: str, user: User) -> str:
    return f"pallet:code:none:{marketplace}:{code}:{user.is_staff}"


def _is_known_as_none(code: str, marketplace: str, user: User) -> bool:
    try:
        return bool(get_redis_connection("default").exists(_none_name(code, marketplace, user)))
    except RedisError:
        return False


def _remember_none(code: str, marketplace: str, user: User) -> None:
    try:
        seconds: Any = settings.PRODUCT_NOT_FOUND_SECONDS
        get_redis_connection("default").set(_none_name(code, marketplace, user), b"1", ex=seconds)
    except RedisError as error:
        log.warning("a code without a match is not remembered", error=type(error).__name__)


__all__ = ["Heard", "UpstreamUnavailable", "asked_now", "is_enough", "kept", "upstreams"]
