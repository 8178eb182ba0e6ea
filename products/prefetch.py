"""Answers asked for ahead of any lookup, so that the lookup finds them kept. Nobody is charged."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from api.connections import give_back_connection
from products import tally
from products.store import RedisThenPostgres
from providers import together
from providers.base import Answer, Freshness, Part
from providers.batches import cut
from providers.gateway import Gateway
from providers.registry import product_providers


class Prefetched(StrEnum):
    """What became of one ASIN."""

    KEPT = "kept already"  # young enough, be it that there is no such product; nobody was asked
    ASKED = "asked"
    NOT_FOUND = "not found"  # said an upstream just now
    FAILED = "failed"


class Outcome(NamedTuple):
    """What became of one ASIN. `is_in_vain`: it failed, and with it all that were asked for together."""

    prefetched: Prefetched
    is_in_vain: bool


def prefetch(asins: Sequence[str], *, marketplace: str, max_age: int | None = None) -> Iterator[Outcome]:
    """Have an answer kept for each ASIN that is at most `max_age` seconds old, or as old as is usual.

    They are asked for in batches of the upstream's size, and each by itself where a whole batch failed: one
    that breaks it must not keep the others back. Only the core is asked for: offers and reviews cost extra
    upstream. Yields what became of each, and asks no further than it is read. Raises MarketplaceNotServed.
    """
    for batch in batches(asins, marketplace):
        for _, answer, is_in_vain in asked(batch, marketplace, max_age):
            yield Outcome(told(answer), is_in_vain)


def in_vain(before: int, outcome: Outcome) -> int:
    """Return how many in a row were asked for in vain, of which there were so many before.

    What is kept says nothing of the upstreams.
    """
    if outcome.prefetched is Prefetched.KEPT:
        return before
    return before + 1 if outcome.is_in_vain else 0


def batches(asins: Sequence[str], marketplace: str) -> Iterator[Sequence[str]]:
    """Yield as many at once as the first upstream of this marketplace takes in one call."""
    return cut(asins, batch_size(marketplace))


def batch_size(marketplace: str) -> int:
    """Return how many the first upstream of this marketplace takes in one call."""
    return together.batch_size(product_providers(Part.CORE, marketplace), marketplace)


def asked(asins: Sequence[str], marketplace: str, max_age: int | None) -> Iterator[together.Told]:
    """Yield what came of each after asking for what is not kept."""
    store = RedisThenPostgres()
    gateway = Gateway.configured(store, max_age=max_age)
    give_back_connection()  # nobody waits for a turn with a connection in hand
    ask = partial(gateway.products, marketplace=marketplace, before_upstream=give_back_connection)
    for one in together.answers(asins, ask):
        if isinstance(one.answer, Answer) and (one.asin, marketplace) in store.asked:
            tally.note(tally.answered(one.answer, asked=True, ahead=True))
        yield one


def told(answer: Answer | Exception) -> Prefetched:
    """Return what an answer means for who wanted it kept. A stale one says that the upstreams failed."""
    if not isinstance(answer, Answer) or together.has_failed(answer):
        return Prefetched.FAILED
    if answer.freshness is Freshness.CACHED:
        return Prefetched.KEPT
    return Prefetched.NOT_FOUND if answer.kept.is_not_found else Prefetched.ASKED
