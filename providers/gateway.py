"""The one way to an answer: store, single flight, providers in order, merge, store.

A provider that fails is passed over. One that says "no such product" is believed if no other delivers it,
whether the others failed or not: what they might have said is unknown, and not-found is kept for minutes
only. When all failed, the last answer serves while it is young enough, marked as stale; else
UpstreamUnavailable names every reason.
"""

from collections.abc import Callable, Iterable, Sequence

import structlog

from providers.ages import Ages, is_within
from providers.base import Answer, Freshness, KeptProduct, Part, ProductProvider, ProductStore, StoredProduct
from providers.errors import MarketplaceNotServed, UpstreamUnavailable
from providers.flights import Flights
from providers.quest import Quest
from providers.registry import product_providers
from providers.turns import turns

log = structlog.stdlib.get_logger("pallet.providers")

_flights: Flights[Answer] = Flights()  # shared by all gateways of this process


class Gateway:
    """Answers about products. Cheap to make: what must be shared is shared by the process."""

    def __init__(
        self,
        providers: Sequence[ProductProvider],
        store: ProductStore,
        *,
        flights: Flights[Answer] | None = None,
        ages: Ages | None = None,
    ) -> None:
        self._providers = providers
        self._store = store
        self._flights = flights or _flights
        self._ages = ages or Ages.configured()

    @classmethod
    def configured(cls, store: ProductStore, *, max_age: int | None = None) -> "Gateway":
        """Return the gateway to the providers of settings.PROVIDERS.

        `max_age`: how many seconds old an answer may be to need no upstream, instead of the usual.
        """
        return cls(product_providers(), store, ages=Ages.configured(fresh=max_age))

    def product(
        self,
        asin: str,
        *,
        marketplace: str,
        parts: Iterable[Part] = (),
        before_upstream: Callable[[], object],
    ) -> Answer:
        """Return what is known about the ASIN; CORE is always part of it.

        `before_upstream` is called by every caller whose answer is not fresh in the store, once, before it
        asks or waits for one who asks; what it raises ends this call and no other. Raises
        UpstreamUnavailable, and before anything else MarketplaceNotServed.
        """
        wanted = frozenset(parts) | {Part.CORE}
        stored = self._store.get(asin, marketplace)
        if stored is not None and self.is_fresh(stored, wanted):
            return _answer(stored, wanted, Freshness.CACHED)
        providers = [provider for provider in self._providers if marketplace in provider.marketplaces]
        if not providers:
            raise MarketplaceNotServed(marketplace)
        quest = Quest(asin, marketplace, wanted, stored)
        try:
            with turns.taken():
                before_upstream()
                return self._flights.run(
                    f"{marketplace}:{asin}:{'+'.join(sorted(wanted))}",
                    work=lambda: self._ask(quest, providers),
                    look=lambda: self._found_meanwhile(quest),
                )
        except UpstreamUnavailable:
            if stored is None or stored.is_not_found or not is_within(stored.fetched_at, self._ages.stale):
                raise
            return _answer(stored, wanted, Freshness.STALE)

    def is_fresh(self, stored: KeptProduct, parts: Iterable[Part]) -> bool:
        """Say whether this answers a question for these parts without asking upstream."""
        if stored.is_not_found:
            return is_within(stored.fetched_at, self._ages.not_found)
        return all(is_within(stored.asked.get(part), self._ages.fresh) for part in parts)

    def _found_meanwhile(self, quest: Quest) -> Answer | None:
        stored = self._store.get(quest.asin, quest.marketplace)
        if stored is None or not self.is_fresh(stored, quest.wanted):
            return None
        return _answer(stored, quest.wanted, Freshness.UPSTREAM)

    def _ask(self, quest: Quest, providers: Sequence[ProductProvider]) -> Answer:
        """Ask the providers in order, as long as something is missing that the next one may have."""
        for provider in providers:
            if quest.missing & provider.delivers:
                quest.ask(provider)
        if quest.product is None and not quest.is_not_found:
            raise UpstreamUnavailable(quest.reasons, retry_after=quest.retry_after)
        stored = quest.result(lambda at: is_within(at, self._ages.fresh))
        self._keep(stored)
        return _answer(stored, quest.wanted, Freshness.UPSTREAM)

    def _keep(self, stored: StoredProduct) -> None:
        seconds = self._ages.not_found if stored.is_not_found else self._ages.stale
        try:
            self._store.put(stored, keep_seconds=seconds)
        except Exception:  # an answer that is paid for upstream is given, kept or not
            log.exception("product_not_kept", asin=stored.asin, marketplace=stored.marketplace)


def _answer(kept: KeptProduct, wanted: frozenset[Part], freshness: Freshness) -> Answer:
    return Answer(kept=kept, freshness=freshness, parts=kept.parts & wanted)
