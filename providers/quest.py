"""One question on its way through the providers, and what they have said so far."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import structlog

from providers.attempts import Attempt, announce
from providers.base import PART_FIELDS, KeptProduct, Part, ProductData, ProductProvider, StoredProduct
from providers.belief import cleaned, doubt
from providers.errors import ErrorClass, ProviderError, adapter_broke, left_out, unbelievable
from providers.merge import merged, missing, signed, taken

log = structlog.stdlib.get_logger("pallet.providers")

Orders = Mapping[Part, Sequence[ProductProvider]]
DISTRUST = frozenset({ErrorClass.INVALID_ANSWER, ErrorClass.PARTIAL})
CHECK = "check"  # the operation under which an answer that was not believed is recorded


class Step(NamedTuple):
    """Whom to ask next, and for what."""

    provider: ProductProvider
    parts: frozenset[Part]


class Quest:
    """What was asked, and what has been said so far."""

    def __init__(
        self, asin: str, marketplace: str, wanted: frozenset[Part], stored: KeptProduct | None
    ) -> None:
        self.asin = asin
        self.marketplace = marketplace
        self.wanted = wanted
        self.stored = stored
        self.product: ProductData | None = None
        self.is_not_found = False
        self.failures: list[tuple[str, ProviderError]] = []
        self._tried: set[tuple[int, Part]] = set()
        self._failed_to_deliver: frozenset[str] = frozenset()
        self._fetched_at = datetime.now(UTC)

    @property
    def is_answered(self) -> bool:
        """Whether anybody has said anything, be it that there is no such product."""
        return self.product is not None or self.is_not_found

    @property
    def reasons(self) -> Mapping[str, ErrorClass]:
        """Why each provider that failed did, by its name; of several accounts the last one's."""
        return {name: failure.reason for name, failure in self.failures}

    @property
    def retry_after(self) -> float | None:
        """The shortest wait that one of them named."""
        waits = [failure.retry_after for _, failure in self.failures if failure.retry_after is not None]
        return min(waits, default=None)

    def next_step(self, orders: Orders) -> Step | None:
        """Return whom to ask next; None when nobody is left who may have what is missing.

        For each part its own order holds. What one provider is the next to be asked for, it is asked for at
        once: its core and its offers are one call.
        """
        due = {part: provider for part in Part if (provider := self._due(part, orders)) is not None}
        if not due:
            return None
        provider = next(iter(due.values()))
        return Step(provider, frozenset(part for part, other in due.items() if other is provider))

    def _due(self, part: Part, orders: Orders) -> ProductProvider | None:
        if part not in self.wanted:
            return None
        lacking = missing(self.product, [part])
        return next(
            (
                provider
                for provider in orders[part]
                if (id(provider), part) not in self._tried and lacking & provider.delivers
            ),
            None,
        )

    def tried(self, step: Step) -> None:
        """Remember that this provider is asked now; whoever is asked for anything tells the core as well."""
        self._tried |= {(id(step.provider), part) for part in step.parts | {Part.CORE}}

    def failed(self, provider: ProductProvider, failure: ProviderError) -> None:
        """Remember and log a failure. It is not asked about this again, whatever else it may have."""
        self._tried |= {(id(provider), part) for part in Part}
        self.failures.append((provider.name, failure))
        self._failed_to_deliver |= provider.delivers
        if failure.reason in DISTRUST and not failure.is_told:
            self._count_as_distrusted(provider, failure)
        log.warning(
            "provider_failed",
            provider=provider.name,
            reason=failure.reason,
            detail=str(failure),
            asin=self.asin,
        )

    def said(self, provider: ProductProvider, product: ProductData | None, at: datetime) -> None:
        """Take into account what a provider says, unless it cannot be believed."""
        why = product and doubt(product, asin=self.asin, marketplace=self.marketplace)
        if why:
            self.failed(provider, unbelievable(why))
        elif product is None:
            self.is_not_found = True
        elif not (product.is_sample and self.is_not_found):  # a real "no" outweighs an invented product
            self._failed_to_deliver |= frozenset().union(*(PART_FIELDS[part] for part in product.undelivered))
            self.product = merged(self.product, signed(cleaned(product), provider.name, at))

    def _count_as_distrusted(self, provider: ProductProvider, failure: ProviderError) -> None:
        """Record an answer that came and was not good; if it was counted as delivered, take that back."""
        announce(
            Attempt(
                provider=provider.name,
                credential=provider.credential,
                operation=CHECK,
                marketplace=self.marketplace,
                outcome=failure.reason,
                seconds=0,
                delivered=-1 if failure.reason is ErrorClass.INVALID_ANSWER else 0,
            )
        )

    def result(self, is_fresh: Callable[[datetime | None], bool]) -> StoredProduct:
        """Return what is to be kept: also parts of the old answer that are fresh and were not asked now."""
        product, asked = self.product, {}
        for part in self.wanted:
            undelivered = missing(product, [part])
            if part is Part.CORE or not undelivered & self._failed_to_deliver:
                asked[part] = self._fetched_at
        old = self.stored
        if product is not None and old is not None and old.product is not None:
            for part, at in old.asked.items():
                if part not in self.wanted and is_fresh(at):
                    product, asked[part] = taken(product, old.product, PART_FIELDS[part]), at
        return StoredProduct(
            asin=self.asin,
            marketplace=self.marketplace,
            product=product,
            asked=asked,
            fetched_at=self._fetched_at,
        )


def pursue(quests: Sequence[Quest], orders: Orders) -> None:
    """Ask the providers as long as something is missing that one of them may have.

    All questions are about one marketplace. Those whose next step is the same are asked together.
    """
    while steps := _steps(quests, orders):
        step, group = next(iter(steps.items()))
        _ask(step, group)


def _steps(quests: Iterable[Quest], orders: Orders) -> dict[Step, list[Quest]]:
    steps: dict[Step, list[Quest]] = {}
    for quest in quests:
        step = quest.next_step(orders)
        if step is not None:
            steps.setdefault(step, []).append(quest)
    return steps


def _ask(step: Step, quests: Sequence[Quest]) -> None:
    """Ask one provider about all of these at once; it cuts them into batches of its own size."""
    at = datetime.now(UTC)
    for quest in quests:
        quest.tried(step)
    try:
        answered = step.provider.products(
            [quest.asin for quest in quests],
            marketplace=quests[0].marketplace,
            parts=step.parts | {Part.CORE},
        )
    except ProviderError as failure:
        for quest in quests:
            quest.failed(step.provider, failure)
        return
    except Exception as error:  # a fault of the adapter is no reason to fail the customer
        log.exception("provider_broke", provider=step.provider.name)
        broken = adapter_broke(error)
        for quest in quests:
            quest.failed(step.provider, broken)
        return
    for quest in quests:
        if quest.asin in answered:
            quest.said(step.provider, answered[quest.asin], at)
        else:
            quest.failed(step.provider, left_out())
