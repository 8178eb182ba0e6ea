"""Answers asked for ahead of any lookup, so that the lookup finds them kept. Nobody is charged."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import partial

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

    KEPT = "kept already"  # young enough; nobody was asked
    ASKED = "asked"
    NOT_FOUND = "not found"  # also when that was known
    FAILED = "failed"


def prefetch(
    asins: Sequence[str], *, marketplace: str, max_age: int | None = None
) -> Iterator[tuple[str, Prefetched]]:
    """Have an answer kept for each ASIN that is at most `max_age` seconds old, or as old as is usual.

    They are asked for in batches of the upstream's size, and each by itself where a whole batch failed: one
    that breaks it must not keep the others back. Only the core is asked for: offers and reviews cost extra
    upstream. Yields what became of each, and asks no further than it is read. Raises MarketplaceNotServed.
    """
    for batch in batches(asins, marketplace):
        yield from ((asin, told(answer)) for asin, answer in asked(batch, marketplace, max_age))


def batches(asins: Sequence[str], marketplace: str) -> Iterator[Sequence[str]]:
    """Yield as many at once as the first upstream of this marketplace takes in one call."""
    return cut(asins, batch_size(marketplace))


def batch_size(marketplace: str) -> int:
    """Return how many the first upstream of this marketplace takes in one call."""
    return together.batch_size(product_providers(Part.CORE, marketplace), marketplace)


def asked(
    asins: Sequence[str], marketplace: str, max_age: int | None
) -> Iterator[tuple[str, Answer | Exception]]:
    """Yield what came of each after asking for what is not kept."""
    store = RedisThenPostgres()
    gateway = Gateway.configured(store, max_age=max_age)
    ask = partial(gateway.products, marketplace=marketplace, before_upstream=give_back_connection)
    for asin, answer in together.answers(asins, ask):
        if isinstance(answer, Answer) and (asin, marketplace) in store.asked:
            tally.note(tally.answered(answer, asked=True, ahead=True))
        yield asin, answer


def told(answer: Answer | Exception) -> Prefetched:
    """Return what an answer means for who wanted it kept. A stale one says that the upstreams failed."""
    if not isinstance(answer, Answer) or together.has_failed(answer):
        return Prefetched.FAILED
    if answer.kept.is_not_found:
        return Prefetched.NOT_FOUND
    return Prefetched.KEPT if answer.freshness is Freshness.CACHED else Prefetched.ASKED
