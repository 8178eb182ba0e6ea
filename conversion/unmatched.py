"""Codes of which the upstreams said lately that there is no ASIN: for minutes nobody is asked again.

With Redis away they are asked.
"""

from collections.abc import Collection, Sequence
from typing import Any

from django.conf import settings
from django_redis import get_redis_connection

from accounts.caching import nothing, outage


def known(codes: Sequence[str], marketplace: str, *, by_staff: bool) -> set[str]:
    """Return those of the codes of which that is known, in one trip. `by_staff`: who is asked differs."""
    names = [_name(code, marketplace, by_staff) for code in codes]
    found: list[Any] = outage.attempt(
        lambda: get_redis_connection("default").mget(names) if names else [],
        otherwise=lambda: [None] * len(names),
    )
    return {code for code, raw in zip(codes, found, strict=True) if raw is not None}


def remember(codes: Collection[str], marketplace: str, *, by_staff: bool) -> None:
    """Let it be known of these codes, in one trip."""
    if codes:
        names = [_name(code, marketplace, by_staff) for code in codes]
        outage.attempt(lambda: _set(names), otherwise=nothing)


def _set(names: Collection[str]) -> None:
    with get_redis_connection("default").pipeline(transaction=False) as pipe:
        for name in names:
            pipe.set(name, b"1", ex=settings.PRODUCT_NOT_FOUND_SECONDS)
        pipe.execute()


def _name(code: str, marketplace: str, by_staff: bool) -> str:
    return f"pallet:code:none:{marketplace}:{code}:{by_staff}"
