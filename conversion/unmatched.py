"""Codes of which the upstreams said lately that there is no ASIN: for minutes nobody is asked again.

With Redis away they are asked.
"""

from collections.abc import Collection, Sequence
from typing import Any

import structlog
from django.conf import settings
from django_redis import get_redis_connection
from redis.exceptions import RedisError

log = structlog.stdlib.get_logger("pallet.conversion")


def known(codes: Sequence[str], marketplace: str, *, by_staff: bool) -> set[str]:
    """Return those of the codes of which that is known, in one trip. `by_staff`: who is asked differs."""
    names = [_name(code, marketplace, by_staff) for code in codes]
    try:
        found = get_redis_connection("default").mget(names) if names else []
    except RedisError:
        return set()
    return {code for code, raw in zip(codes, found, strict=True) if raw is not None}


def remember(codes: Collection[str], marketplace: str, *, by_staff: bool) -> None:
    """Let it be known of these codes, in one trip."""
    if not codes:
        return
    seconds: Any = settings.PRODUCT_NOT_FOUND_SECONDS
    try:
        with get_redis_connection("default").pipeline(transaction=False) as pipe:
            for code in codes:
                pipe.set(_name(code, marketplace, by_staff), b"1", ex=seconds)
            pipe.execute()
    except RedisError as error:
        log.warning("codes without a match are not remembered", error=type(error).__name__)


def _name(code: str, marketplace: str, by_staff: bool) -> str:
    return f"pallet:code:none:{marketplace}:{code}:{by_staff}"
