"""Answers asked for ahead of any lookup, so that the lookup finds them kept. Nobody is charged."""

from collections.abc import Iterable, Iterator
from enum import StrEnum

import structlog

from api.connections import give_back_connection
from products import tally
from products.store import RedisThenPostgres
from providers.base import Answer, Freshness
from providers.errors import MarketplaceNotServed, UpstreamUnavailable
from providers.gateway import Gateway

log = structlog.stdlib.get_logger("pallet.products")


class Prefetched(StrEnum):
    """What became of one ASIN."""

    KEPT = "kept already"  # young enough; nobody was asked
    ASKED = "asked"
    NOT_FOUND = "not found"  # also when that was known
    FAILED = "failed"


def prefetch(
    asins: Iterable[str], *, marketplace: str, max_age: int | None = None
) -> Iterator[tuple[str, Prefetched]]:
    """Have an answer kept for each ASIN that is at most `max_age` seconds old, or as old as is usual.

    Only the core is asked for: offers and reviews cost extra upstream. Yields what became of each when it is
    known, and asks no further than it is read. A failure of one is told as that; raises MarketplaceNotServed.
    """
    for asin in asins:
        yield asin, outcome_of(asin, marketplace, max_age)


def outcome_of(asin: str, marketplace: str, max_age: int | None) -> Prefetched:
    """Ask for one, unless it is kept."""
    store = RedisThenPostgres()
    gateway = Gateway.configured(store, max_age=max_age)
    try:
        answer = gateway.product(asin, marketplace=marketplace, before_upstream=give_back_connection)
    except MarketplaceNotServed:
        raise
    except UpstreamUnavailable:
        return Prefetched.FAILED
    except Exception:  # whatever it is: the others shall be asked all the same
        log.exception("could not be prefetched", asin=asin, marketplace=marketplace)
        return Prefetched.FAILED
    if (asin, marketplace) in store.asked:
        tally.note(tally.answered(answer, asked=True, ahead=True))
    return told(answer)


def told(answer: Answer) -> Prefetched:
    """Return what an answer means for who wanted it kept. A stale one says that the upstreams failed."""
    if answer.freshness is Freshness.STALE:
        return Prefetched.FAILED
    if answer.kept.is_not_found:
        return Prefetched.NOT_FOUND
    return Prefetched.KEPT if answer.freshness is Freshness.CACHED else Prefetched.ASKED
