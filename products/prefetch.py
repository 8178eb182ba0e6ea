"""Answers asked for ahead of any lookup, so that the lookup finds them kept. Nobody is charged."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

import structlog

from api.connections import give_back_connection
from products import tally
from products.store import RedisThenPostgres
from providers.base import Answer, Freshness, Part
from providers.batches import cut
from providers.errors import MarketplaceNotServed
from providers.gateway import Found, Gateway
from providers.registry import product_providers

log = structlog.stdlib.get_logger("pallet.products")
LARGEST = 100  # ASINs asked for at once


class Prefetched(StrEnum):
    """What became of one ASIN."""

    KEPT = "kept already"  # young enough, be it that there is no such product; nobody was asked
    ASKED = "asked"
    NOT_FOUND = "not found"  # said an upstream just now
    FAILED = "failed"


class Outcome(NamedTuple):
    """What became of one ASIN. `is_in_vain`: it failed, and with it all that were asked for together."""

    prefetched: Prefetched
    is_in_vain: bool = False


def prefetch(asins: Sequence[str], *, marketplace: str, max_age: int | None = None) -> Iterator[Outcome]:
    """Have an answer kept for each ASIN that is at most `max_age` seconds old, or as old as is usual.

    They are asked for in batches of the upstream's size, and each by itself where a whole batch failed: one
    that breaks it must not keep the others back. Only the core is asked for: offers and reviews cost extra
    upstream. Yields what became of each, and asks no further than it is read. Raises MarketplaceNotServed.
    """
    for batch in batches(asins, marketplace):
        found = ask(batch, marketplace, max_age)
        failed = [asin for asin, became in found.items() if became is Prefetched.FAILED]
        is_answered = not {Prefetched.ASKED, Prefetched.NOT_FOUND}.isdisjoint(found.values())
        yield from (Outcome(became) for became in found.values() if became is not Prefetched.FAILED)
        for asin in failed:
            if is_answered or len(failed) == 1:
                yield Outcome(Prefetched.FAILED, is_in_vain=not is_answered)
            else:
                alone = ask([asin], marketplace, max_age)[asin]
                yield Outcome(alone, is_in_vain=alone is Prefetched.FAILED)


def in_vain(before: int, outcome: Outcome) -> int:
    """Return how many in a row were asked for in vain, of which there were so many before.

    What is kept says nothing of the upstreams.
    """
    if outcome.prefetched is Prefetched.KEPT:
        return before
    return before + 1 if outcome.is_in_vain else 0


def batches(asins: Sequence[str], marketplace: str) -> Iterator[Sequence[str]]:
    """Yield as many at once as the first upstream of this marketplace takes in one call."""
    serving = (one for one in product_providers(Part.CORE, marketplace) if marketplace in one.marketplaces)
    size = min(LARGEST, next((one.max_batch for one in serving), 1))
    return cut(asins, size)


def ask(asins: Sequence[str], marketplace: str, max_age: int | None) -> Mapping[str, Prefetched]:
    """Ask for what is not kept, and say what became of each."""
    store = RedisThenPostgres()
    gateway = Gateway.configured(store, max_age=max_age)
    try:
        found = gateway.products(asins, marketplace=marketplace, before_upstream=give_back_connection)
    except MarketplaceNotServed:
        raise
    except Exception:  # whatever it is: the others shall be asked all the same
        log.exception("could not be prefetched", marketplace=marketplace, asins=list(asins)[:10])
        return dict.fromkeys(asins, Prefetched.FAILED)
    for asin, answer in found.items():
        if isinstance(answer, Answer) and (asin, marketplace) in store.asked:
            tally.note(tally.answered(answer, asked=True, ahead=True))
    return {asin: told(answer) for asin, answer in found.items()}


def told(answer: Found) -> Prefetched:
    """Return what an answer means for who wanted it kept. A stale one says that the upstreams failed."""
    if not isinstance(answer, Answer) or answer.freshness is Freshness.STALE:
        return Prefetched.FAILED
    if answer.freshness is Freshness.CACHED:
        return Prefetched.KEPT
    return Prefetched.NOT_FOUND if answer.kept.is_not_found else Prefetched.ASKED
