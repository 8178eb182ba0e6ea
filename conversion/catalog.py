"""Whether an ASIN exists, and what it is called there: asked of the product upstreams, through their gateway.

`conversion` knows no `products`: where answers about products are kept, the setting PRODUCT_STORE says.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.utils.module_loading import import_string

from api.connections import give_back_connection
from conversion.signals import Catalog
from providers import deadline, together
from providers.base import Answer
from providers.errors import MarketplaceNotServed
from providers.gateway import Gateway

ELSEWHERE = "US"  # where most that Amazon sells is known: looked at when the marketplace asked about has none


@dataclass(frozen=True, slots=True)
class Entry:
    """What the catalogue says of an ASIN. `answer`: of the marketplace in which it was found."""

    state: Catalog
    marketplace: str | None = None
    answer: Answer | None = None

    @property
    def title(self) -> str | None:
        """What it is called."""
        product = self.answer.product if self.answer else None
        return product.title if product else None


UNCHECKED = Entry(Catalog.UNCHECKED)


def look_up(
    asins: Sequence[str], marketplace: str, *, before_upstream: Callable[[], object]
) -> dict[str, Entry]:
    """Return what the catalogue says of each ASIN; what no upstream can tell now is unchecked."""
    found = _entries(asins, marketplace, Catalog.FOUND, before_upstream)
    absent = [asin for asin, entry in found.items() if entry.state is Catalog.ABSENT]
    if absent and marketplace != ELSEWHERE:
        there = _entries(absent, ELSEWHERE, Catalog.ELSEWHERE, before_upstream)
        found |= {asin: entry for asin, entry in there.items() if entry.state is Catalog.ELSEWHERE}
    return found


def _entries(
    asins: Sequence[str], marketplace: str, when_found: Catalog, before_upstream: Callable[[], object]
) -> dict[str, Entry]:
    def about_to_wait() -> None:
        before_upstream()
        give_back_connection()

    give_back_connection()  # nobody waits for a turn with a connection in hand
    gateway = Gateway.configured(import_string(settings.PRODUCT_STORE)())
    ask = partial(gateway.products, marketplace=marketplace, before_upstream=about_to_wait)
    try:
        with deadline.within(settings.UPSTREAM_DEADLINE_SECONDS):
            answers = {asin: answer for asin, answer, _ in together.answers(asins, ask)}
    except MarketplaceNotServed:
        return dict.fromkeys(asins, UNCHECKED)
    return {asin: _entry(answer, marketplace, when_found) for asin, answer in answers.items()}


def _entry(answer: Answer | Exception, marketplace: str, when_found: Catalog) -> Entry:
    if not isinstance(answer, Answer):
        return UNCHECKED
    if answer.product is None:
        return Entry(Catalog.ABSENT)
    return Entry(when_found, marketplace, answer)
