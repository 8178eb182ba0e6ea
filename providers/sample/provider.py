"""The stand-in as the rest of Pallet sees it: one provider that knows products and identifiers."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar

from django.conf import settings

from providers.base import (
    FIELDS,
    IdentifierProvider,
    Match,
    Money,
    Part,
    ProductData,
    ProductProvider,
    Source,
)
from providers.batches import cut
from providers.errors import ErrorClass, ProviderError
from providers.identifiers import Kind, recognise
from providers.marketplaces import MARKETPLACES, Marketplace
from providers.marketplaces import marketplace as find_marketplace
from providers.sample import failures
from providers.sample.catalogue import catalogue, entry_for
from providers.sample.compose import NAME, product, signed
from providers.sample.numbers import between, pick
from providers.turns import turns

IMAGE = "img/sample-product.svg"


class _Pace:
    """How long a call takes: `latency_ms`, and `timeout_ms` more before a time-out is reported."""

    def __init__(self, *, latency_ms: int, timeout_ms: int, sleep: Callable[[float], object]) -> None:
        self._latency = latency_ms / 1000
        self._timeout = timeout_ms / 1000
        self._sleep = sleep

    def call(self, codes: Sequence[str], known: Mapping[str, failures.Failure]) -> None:
        """Take the time of one call, then raise ProviderError if one of the codes stands for a failure."""
        self._take(self._latency)
        failure = next((known[code] for code in codes if code in known), None)
        if failure is None:
            return
        if failure.is_slow:
            self._take(self._timeout)
        raise failure.error()

    def _take(self, seconds: float) -> None:
        if seconds > 0:
            with turns.given_back():
                self._sleep(seconds)


class SampleIdentifierProvider(IdentifierProvider):
    """Leads every valid FNSKU to a product of the catalogue, always the same; options as SampleProvider."""

    name: ClassVar[str] = NAME
    max_batch: ClassVar[int] = 100
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.FNSKU})
    marketplaces: frozenset[str] = frozenset(MARKETPLACES)

    def __init__(
        self, *, latency_ms: int = 0, timeout_ms: int = 1000, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._pace = _Pace(latency_ms=latency_ms, timeout_ms=timeout_ms, sleep=sleep)

    def resolve(self, codes: Sequence[str], *, marketplace: str) -> dict[str, Match | None]:
        """Answer each code, None for what is no FNSKU; a failure code among them fails the whole call."""
        find_marketplace(marketplace)
        for batch in cut(codes, self.max_batch):
            self._pace.call(batch, failures.CODE_FAILURES)
        at = datetime.now(UTC)
        return {code: _match(code, at) for code in codes}


class SampleProvider(SampleIdentifierProvider, ProductProvider):
    """Answers any valid ASIN as well; the same code, marketplace and day give the same answer.

    Options: `latency_ms` and `timeout_ms` as in docs/sample-provider.md, `image_url` to show another picture,
    `sleep` to wait in another way.
    """

    delivers: ClassVar[frozenset[str]] = FIELDS - {"parent_asin", "variation_asins"}

    def __init__(
        self,
        *,
        latency_ms: int = 0,
        timeout_ms: int = 1000,
        image_url: str = "",
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        super().__init__(latency_ms=latency_ms, timeout_ms=timeout_ms, sleep=sleep)
        self._image_url = image_url or f"{settings.STATIC_URL}{IMAGE}"

    def products(
        self, asins: Sequence[str], *, marketplace: str, parts: frozenset[Part]
    ) -> dict[str, ProductData | None]:
        """Answer each ASIN; a failure code among them fails the whole call, as upstream failures do."""
        place = find_marketplace(marketplace)
        for batch in cut(asins, self.max_batch):
            self._pace.call(batch, failures.PRODUCT_FAILURES)
        at = datetime.now(UTC)
        told = [asin for asin in asins if asin != failures.PRODUCT_LEFT_OUT]
        if asins and not told:
            reason = ErrorClass.PARTIAL
            raise ProviderError("sample: the product was left out", retryable=False, reason=reason)
        return {asin: self._answer(asin, place, parts, at) for asin in told}

    def _answer(
        self, asin: str, place: Marketplace, parts: frozenset[Part], at: datetime
    ) -> ProductData | None:
        if asin == failures.PRODUCT_NOT_FOUND:
            return None
        made = product(entry_for(asin), place, parts=parts, at=at, image_url=self._image_url)
        if asin == failures.PRODUCT_OF_ANOTHER_ASIN:
            return replace(made, asin=pick(list(catalogue()), asin))
        if asin == failures.PRODUCT_WITH_NEGATIVE_PRICE:
            return replace(made, price=Money(Decimal(-1), place.currency))
        if asin == failures.PRODUCT_WITHOUT_PRICE:
            return signed(replace(made, price=None, list_price=None, rating=None, rating_count=None), at)
        return made


def _match(code: str, at: datetime) -> Match | None:
    if code == failures.CODE_NOT_FOUND or recognise(code).kind is not Kind.FNSKU:
        return None
    asins: tuple[str, ...] = (_asin_behind(code),)
    if code == failures.CODE_OF_NO_ASIN:
        asins = ("NOT-AN-ASIN",)
    if code == failures.CODE_OF_TWO_ASINS:
        asins = (asins[0], _asin_behind(f"{code} again"))
    return Match(code=code, asins=asins, source=Source(NAME, at))


def _asin_behind(code: str) -> str:
    listed = list(catalogue())
    return listed[between(0, len(listed) - 1, code, "asin")]
