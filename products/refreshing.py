"""Asks anew for what is asked most, before it is too old to be given: within a budget."""

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

import structlog
from django.conf import settings
from django.utils import timezone
from django_redis import get_redis_connection

from api.connections import give_back_connection
from products import popularity
from products.models import Product
from products.prefetch import Prefetched, batches, in_vain, prefetch
from providers.errors import MarketplaceNotServed

log = structlog.stdlib.get_logger("pallet.products")
CANDIDATES = 2_000  # of those asked most
TURN = "pallet:refreshing"
TURN_SECONDS = 50  # less than from one run to the next: the budget is for one run a minute, whoever starts it
LONGEST = 45.0  # seconds for all of a run; the next one goes on
FAILURES = 3  # in a row, then no upstream seems to answer
Wanted = tuple[str, str]  # an ASIN and its marketplace


def refresh() -> int:
    """Ask anew for what is asked most and ends soon, PRODUCT_REFRESH_BUDGET of it at most; how many.

    Raises RedisError when Redis does not answer: it knows what is asked.
    """
    budget = settings.PRODUCT_REFRESH_BUDGET
    if budget < 1 or not get_redis_connection("default").set(TURN, 1, nx=True, ex=TURN_SECONDS):
        return 0
    wanted = ending(popularity.most_asked(time.time(), count=CANDIDATES))[:budget]
    give_back_connection()
    outcomes = list(asked(wanted, until=time.monotonic() + LONGEST))
    refreshed = sum(outcome in (Prefetched.ASKED, Prefetched.NOT_FOUND) for outcome in outcomes)
    if outcomes:
        failed = outcomes.count(Prefetched.FAILED)
        log.info("refreshed", wanted=len(wanted), refreshed=refreshed, failed=failed)
    return refreshed


def ending(popular: Sequence[Wanted]) -> list[Wanted]:
    """Return those whose answer is kept and fresh, and will not be for much longer, in the same order."""
    now = timezone.now()
    found = Product.objects.filter(
        asin__in={asin for asin, _ in popular},
        is_not_found=False,
        fetched_at__gt=now - timedelta(seconds=settings.PRODUCT_FRESH_SECONDS),
        fetched_at__lte=now - timedelta(seconds=young()),
    )
    rows = set(found.values_list("asin", "marketplace"))
    return [wanted for wanted in popular if wanted in rows]


def young() -> int:
    """Return the seconds up to which an answer is left alone: half of what is fresh at least."""
    fresh: int = settings.PRODUCT_FRESH_SECONDS
    ahead: int = settings.PRODUCT_REFRESH_AHEAD_SECONDS
    return max(fresh // 2, fresh - ahead)


def asked(wanted: Sequence[Wanted], *, until: float) -> Iterator[Prefetched]:
    """Yield what became of each, batch by batch, until time is over or nobody answers."""
    failures = 0
    for marketplace, batch in in_batches(wanted):
        try:
            for outcome in prefetch(batch, marketplace=marketplace, max_age=young()):
                yield outcome.prefetched
                failures = in_vain(failures, outcome)
                if failures == FAILURES:
                    return
        except MarketplaceNotServed:  # any more: the settings have changed
            continue
        if time.monotonic() > until:
            return


def in_batches(wanted: Sequence[Wanted]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield marketplaces and ASINs to ask for at once, the marketplace of the one asked most first."""
    found: dict[str, list[str]] = {}
    for asin, marketplace in wanted:
        found.setdefault(marketplace, []).append(asin)
    for marketplace, asins in found.items():
        yield from ((marketplace, batch) for batch in batches(asins, marketplace))
