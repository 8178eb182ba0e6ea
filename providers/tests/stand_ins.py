"""Providers that say what a test tells them, and count how often they were asked."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from providers.base import FIELDS, ImageData, Money, Part, ProductData, ProductProvider
from providers.errors import ErrorClass, ProviderError
from providers.marketplaces import MARKETPLACES

ASIN = "B0PALLET01"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DOWN = ProviderError("down", retryable=True, reason=ErrorClass.UPSTREAM_DOWN)
EMPTY = ProviderError("no tokens", retryable=True, reason=ErrorClass.RATE_LIMITED, retry_after=40)

Saying = ProductData | None | Exception
Says = Saying | Callable[[frozenset[Part]], Saying]


def full(**changes: Any) -> ProductData:
    """Return a product of which the most important fields are known."""
    known: dict[str, Any] = dict.fromkeys(FIELDS)
    known |= {
        "title": "Ratchet Strap", "brand": "Hold Fast", "manufacturer": "Hold Fast Ltd", "bullets": (),
        "description": "Holds.", "images": (ImageData(url="https://example.com/a.jpg"),), "categories": (),
        "product_type": "STRAP", "url": "https://www.amazon.com/dp/B0PALLET01",
        "price": Money(Decimal("18.49"), "USD"), "rating": Decimal("4.6"),
    }  # fmt: skip
    return ProductData(**{"asin": ASIN, "marketplace": "US"} | known | changes)


class StandIn(ProductProvider):
    """Says one thing about every ASIN, or does not mention it at all."""

    max_batch: ClassVar[int] = 10
    marketplaces: frozenset[str] = frozenset(MARKETPLACES)
    delivers: ClassVar[frozenset[str]] = FIELDS - {"reviews"}

    def __init__(
        self, says: Says = None, *, name: str = "first", delivers: frozenset[str] | None = None
    ) -> None:
        self.says = says
        self.name = name  # type: ignore[misc]  # one class plays several providers
        if delivers is not None:
            self.delivers = delivers  # type: ignore[misc]
        self.asked: list[frozenset[Part]] = []
        self._guard = threading.Lock()

    def products(
        self, asins: Sequence[str], *, marketplace: str, parts: frozenset[Part]
    ) -> dict[str, ProductData | None]:
        with self._guard:
            self.asked.append(parts)
        said = self.says(parts) if callable(self.says) else self.says
        if isinstance(said, Exception):
            raise said
        return dict.fromkeys(asins, said)


class Mute(StandIn):
    """Answers, but never about what it was asked."""

    def products(
        self, asins: Sequence[str], *, marketplace: str, parts: frozenset[Part]
    ) -> dict[str, ProductData | None]:
        return {}
