"""One question on its way through the providers, and what they have said so far."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import structlog

from providers.base import PART_FIELDS, KeptProduct, Part, ProductData, ProductProvider, StoredProduct
from providers.belief import doubt
from providers.errors import ErrorClass, ProviderError
from providers.merge import merged, missing, signed, taken

log = structlog.stdlib.get_logger("pallet.providers")


class Quest:
    """What was asked, and what has been said so far."""

    def __init__(
        self, asin: str, marketplace: str, wanted: frozenset[Part], stored: KeptProduct | None
    ) -> None:
        self.asin = asin
        self.marketplace = marketplace
        self.wanted = wanted
        self.product: ProductData | None = None
        self.is_not_found = False
        self.failures: dict[str, ProviderError] = {}
        self._failed_to_deliver: frozenset[str] = frozenset()
        self._stored = stored
        self._fetched_at = datetime.now(UTC)

    @property
    def missing(self) -> frozenset[str]:
        return missing(self.product, self.wanted)

    @property
    def reasons(self) -> Mapping[str, ErrorClass]:
        return {name: failure.reason for name, failure in self.failures.items()}

    @property
    def retry_after(self) -> float | None:
        waits = [f.retry_after for f in self.failures.values() if f.retry_after is not None]
        return min(waits, default=None)

    def ask(self, provider: ProductProvider) -> None:
        """Take what the provider says into account; a failure is remembered and logged, not raised."""
        at = datetime.now(UTC)
        try:
            said = self._said_by(provider)
        except ProviderError as failure:
            self.failures[provider.name] = failure
            self._failed_to_deliver |= provider.delivers
            log.warning(
                "provider_failed",
                provider=provider.name,
                reason=failure.reason,
                detail=str(failure),
                asin=self.asin,
            )
            return
        if said is None:
            self.is_not_found = True
        elif not (said.is_sample and self.is_not_found):  # a real "no such product" outweighs an invented one
            self.product = merged(self.product, signed(said, provider.name, at))

    def _said_by(self, provider: ProductProvider) -> ProductData | None:
        parts = frozenset({Part.CORE} | {part for part in self.wanted if self.missing & PART_FIELDS[part]})
        try:
            answered = provider.products([self.asin], marketplace=self.marketplace, parts=parts)
        except ProviderError:
            raise
        except Exception as error:  # a fault of the adapter is no reason to fail the customer
            log.exception("provider_broke", provider=provider.name, asin=self.asin)
            raise _failed(f"the adapter broke ({type(error).__name__})", ErrorClass.INVALID_ANSWER) from None
        if self.asin not in answered:
            raise _failed("it left this ASIN out", ErrorClass.PARTIAL)
        product = answered[self.asin]
        why = product and doubt(product, asin=self.asin, marketplace=self.marketplace)
        if why:
            raise _failed(why, ErrorClass.INVALID_ANSWER)
        return product

    def result(self, is_fresh: Callable[[datetime | None], bool]) -> StoredProduct:
        """Return what is to be kept: also parts of the old answer that are fresh and were not asked now."""
        product, asked = self.product, {}
        for part in self.wanted:
            undelivered = missing(product, [part])
            if part is Part.CORE or not undelivered & self._failed_to_deliver:
                asked[part] = self._fetched_at
        old = self._stored
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


def _failed(message: str, reason: ErrorClass) -> ProviderError:
    return ProviderError(message, retryable=False, reason=reason)
