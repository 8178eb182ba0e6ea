"""The one way to an answer: store, single flight, providers in order, merge, store.

A provider that fails is passed over. One that says "no such product" is believed if no other delivers it,
whether the others failed or not: what they might have said is unknown, and not-found is kept for minutes
only. When all failed, the last answer serves while it is young enough, marked as stale; else
UpstreamUnavailable names every reason.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import structlog
from django.conf import settings

from providers import deadline
from providers.ages import Ages, is_within
from providers.base import Answer, Freshness, KeptProduct, Part, ProductProvider, ProductStore, StoredProduct
from providers.errors import MarketplaceNotServed, UpstreamUnavailable
from providers.flights import Flights
from providers.quest import Orders, Quest, pursue
from providers.registry import product_providers
from providers.turns import turns

log = structlog.stdlib.get_logger("pallet.providers")

_flights: Flights[Answer] = Flights()  # shared by all gateways of this process
Found = Answer | UpstreamUnavailable
Order = Callable[[Part, str], Sequence[ProductProvider]]


class Gateway:
    """Answers about products. Cheap to make: what must be shared is shared by the process."""

    def __init__(
        self,
        providers: Sequence[ProductProvider] | Order,
        store: ProductStore,
        *,
        flights: Flights[Answer] | None = None,
        ages: Ages | None = None,
    ) -> None:
        """`providers`: who is asked, in order; or a function that says so for a part and a marketplace."""
        self._order: Order = providers if callable(providers) else lambda part, marketplace: providers
        self._store = store
        self._flights = flights or _flights
        self._ages = ages or Ages.configured()

    @classmethod
    def configured(cls, store: ProductStore, *, max_age: int | None = None) -> "Gateway":
        """Return the gateway to the providers of settings.PROVIDERS.

        `max_age`: how many seconds old an answer may be to need no upstream, instead of the usual.
        """
        return cls(product_providers, store, ages=Ages.configured(fresh=max_age))

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
        orders = self._orders(marketplace)
        quest = Quest(asin, marketplace, wanted, stored)
        try:
            with turns.taken():
                before_upstream()
                return self._flights.run(
                    _key(quest),
                    work=lambda: self._ask(quest, orders),
                    look=lambda: self._found_meanwhile([quest]).get(_key(quest)),
                )
        except UpstreamUnavailable as failure:
            return self._stale(quest, failure)

    def products(
        self,
        asins: Iterable[str],
        *,
        marketplace: str,
        parts: Iterable[Part] = (),
        before_upstream: Callable[[], object] = lambda: None,
    ) -> dict[str, Found]:
        """Return the answer about each ASIN, or why there is none; upstreams are asked in their own batches.

        `before_upstream` is called once, if anybody is to be asked at all. Raises MarketplaceNotServed.
        """
        wanted, distinct = frozenset(parts) | {Part.CORE}, list(dict.fromkeys(asins))
        stored = self._store.get_many(distinct, marketplace)
        found: dict[str, Found] = {
            asin: _answer(kept, wanted, Freshness.CACHED)
            for asin, kept in stored.items()
            if self.is_fresh(kept, wanted)
        }
        quests = [Quest(a, marketplace, wanted, stored.get(a)) for a in distinct if a not in found]
        if quests:
            orders = self._orders(marketplace)
            with turns.taken():
                before_upstream()
                found |= self._fly(quests, orders)
        return {asin: found[asin] for asin in distinct}

    def _fly(self, quests: Sequence[Quest], orders: Orders) -> dict[str, Found]:
        """Ask about all that nobody asks about already, then wait for the answers of those who do."""
        by_key = {_key(quest): quest for quest in quests}
        answers = self._flights.run_many(
            list(by_key),
            work=lambda keys: self._ask_many([by_key[key] for key in keys], orders),
            look=lambda keys: self._found_meanwhile([by_key[key] for key in keys]),
        )
        found: dict[str, Found] = {}
        for key, quest in by_key.items():
            answer = answers[key]
            if isinstance(answer, Answer):
                found[quest.asin] = answer
            elif isinstance(answer, UpstreamUnavailable):
                found[quest.asin] = self._stale_or(quest, answer)
            else:
                raise answer
        return found

    def is_fresh(self, stored: KeptProduct, parts: Iterable[Part]) -> bool:
        """Say whether this answers a question for these parts without asking upstream."""
        if stored.is_not_found:
            return is_within(stored.fetched_at, self._ages.not_found)
        return all(is_within(stored.asked.get(part), self._ages.fresh) for part in parts)

    def _orders(self, marketplace: str) -> Orders:
        """Return whom to ask for each part in this marketplace; raises MarketplaceNotServed."""
        orders: Orders = {
            part: [one for one in self._order(part, marketplace) if marketplace in one.marketplaces]
            for part in Part
        }
        if not orders[Part.CORE]:
            raise MarketplaceNotServed(marketplace)
        return orders

    def _found_meanwhile(self, quests: Sequence[Quest]) -> dict[str, Answer]:
        """Return what others have put into the store since we looked."""
        stored = self._store.get_many([quest.asin for quest in quests], quests[0].marketplace)
        return {
            _key(quest): _answer(stored[quest.asin], quest.wanted, Freshness.UPSTREAM)
            for quest in quests
            if quest.asin in stored and self.is_fresh(stored[quest.asin], quest.wanted)
        }

    def _ask(self, quest: Quest, orders: Orders) -> Answer:
        """Return what the providers say."""
        found = self._ask_many([quest], orders)[_key(quest)]
        if isinstance(found, Exception):
            raise found
        return found

    def _ask_many(self, quests: Sequence[Quest], orders: Orders) -> Mapping[str, Found]:
        """Ask the providers in order, as long as something is missing that the next one may have."""
        with deadline.within(settings.UPSTREAM_DEADLINE_SECONDS):
            pursue(quests, orders)
        kept = {
            quest: quest.result(lambda at: is_within(at, self._ages.fresh))
            for quest in quests
            if quest.is_answered
        }
        self._keep([one for one in kept.values() if not one.is_not_found], self._ages.stale)
        self._keep([one for one in kept.values() if one.is_not_found], self._ages.not_found)
        return {
            _key(quest): _answer(kept[quest], quest.wanted, Freshness.UPSTREAM)
            if quest in kept
            else UpstreamUnavailable(quest.reasons, retry_after=quest.retry_after)
            for quest in quests
        }

    def _keep(self, stored: Sequence[StoredProduct], seconds: int) -> None:
        if not stored:
            return
        try:
            self._store.put(*stored, keep_seconds=seconds)
        except Exception:  # an answer that is paid for upstream is given, kept or not
            log.exception("product_not_kept", asin=stored[0].asin, count=len(stored))

    def _stale(self, quest: Quest, failure: UpstreamUnavailable) -> Answer:
        """Return the last answer while it may serve, or raise the failure."""
        found = self._stale_or(quest, failure)
        if isinstance(found, Answer):
            return found
        raise failure

    def _stale_or(self, quest: Quest, failure: UpstreamUnavailable) -> Found:
        old = quest.stored
        if old is None or old.is_not_found or not is_within(old.fetched_at, self._ages.stale):
            return failure
        return _answer(old, quest.wanted, Freshness.STALE)


def _key(quest: Quest) -> str:
    """Return the name of a question: all who ask the same take one flight."""
    return f"{quest.marketplace}:{quest.asin}:{'+'.join(sorted(quest.wanted))}"


def _answer(kept: KeptProduct, wanted: frozenset[Part], freshness: Freshness) -> Answer:
    return Answer(kept=kept, freshness=freshness, parts=kept.parts & wanted)
