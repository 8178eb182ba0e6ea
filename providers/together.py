"""Asking about many ASINs at once, so that one that breaks the answer does not keep the others back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import structlog

from providers import deadline
from providers.base import Answer, Freshness, Provider
from providers.errors import MarketplaceNotServed
from providers.gateway import Found

log = structlog.stdlib.get_logger("pallet.providers")
LARGEST = 100  # asked about at once
Ask = Callable[[Sequence[str]], Mapping[str, Found]]


class Told(NamedTuple):
    """What came of one ASIN. `is_in_vain`: it failed, and with it all that it was asked about with."""

    asin: str
    answer: Answer | Exception
    is_in_vain: bool


def answers(asins: Sequence[str], ask: Ask) -> Iterator[Told]:
    """Yield what `ask` says of each, asked about all at once, then about each by itself where that failed.

    Those that failed come last. Asks no further than it is read, and alone about none when the time of the
    question is over. Whatever `ask` raises is what came of those it was asked about; MarketplaceNotServed is
    raised here, too.
    """
    found = _told(asins, ask)
    failed = {asin: told for asin, told in found.items() if has_failed(told)}
    is_answered = any(map(_is_new, found.values()))
    is_broken = len(failed) > 1 and not is_answered
    yield from (Told(asin, told, False) for asin, told in found.items() if asin not in failed)
    for asin, told in failed.items():
        answer = _told([asin], ask)[asin] if is_broken and deadline.left() else told
        yield Told(asin, answer, has_failed(answer) and not is_answered)


def has_failed(told: Answer | Exception) -> bool:
    """Say whether the upstreams did not deliver: an older answer is given only when they all failed."""
    return not isinstance(told, Answer) or told.freshness is Freshness.STALE


def batch_size(providers: Sequence[Provider], marketplace: str) -> int:
    """Return how many the first upstream that serves this marketplace takes in one call."""
    serving = (one.max_batch for one in providers if marketplace in one.marketplaces)
    return min(LARGEST, next(serving, 1))


def _is_new(told: Answer | Exception) -> bool:
    return isinstance(told, Answer) and told.freshness is Freshness.UPSTREAM


def _told(asins: Sequence[str], ask: Ask) -> Mapping[str, Answer | Exception]:
    try:
        return ask(asins)
    except MarketplaceNotServed:
        raise
    except Exception as error:  # whatever it is: the others shall be answered all the same
        log.exception("batch_broke", asins=list(asins)[:10])
        return dict.fromkeys(asins, error)
