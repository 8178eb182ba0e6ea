"""Rainforest and its twin as the gateway sees them: how they are asked. What they answer is in `parse.py`.

One ASIN per call, one credit per answer, and seconds to wait: the page is read at Amazon meanwhile. Offers
are a second call. The key goes in the address, since the format knows no other place.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar

import structlog

from providers import reading
from providers.attempts import Observer, announce
from providers.base import (
    FIELDS,
    IdentifierProvider,
    Match,
    OfferData,
    Part,
    ProductData,
    ProductProvider,
    Source,
    lacking,
)
from providers.batches import each
from providers.breaker import Health
from providers.errors import ErrorClass, ProviderError, no_such_call, unbelievable
from providers.http import Call, HTTPClient, Manners, Patience, Reply, credential_name, refusal
from providers.kinds import Kind
from providers.limits import Standing
from providers.marketplaces import MARKETPLACES, Marketplace
from providers.rainforest import parse
from providers.rainforest.offers import lowest_new, offers
from providers.reading import MOST_THINGS, Unbelievable, at
from providers.text import line
from providers.transport import Secret

log = structlog.stdlib.get_logger("pallet.providers")

PATIENCE = Patience(connect=3, read=60, total=65, attempts=2)
OPERATIONS = ("products", "offers", "identifiers")

T = TypeVar("T")


class RainforestProvider(ProductProvider, IdentifierProvider):
    """Products by ASIN, and the ASIN behind an EAN, UPC or ISBN-13. Options: `api_key`, `base_url`."""

    name: ClassVar[str] = "rainforest"
    home: ClassVar[str] = "https://api.rainforestapi.com"
    variable: ClassVar[str] = "RAINFOREST_API_KEY"  # where the key is set
    max_batch: ClassVar[int] = 1
    unit: ClassVar[str] = "credit"
    delivers: ClassVar[frozenset[str]] = FIELDS - {"product_type", "monthly_sold", "history"}
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.GTIN})
    marketplaces: frozenset[str] = frozenset(MARKETPLACES)

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str = "",
        patience: Patience | None = None,
        observe: Observer = announce,
    ) -> None:
        self._key = Secret(api_key)
        self.credential = credential_name(api_key)
        self._client = HTTPClient(
            self.name,
            (base_url or self.home).rstrip("/").removesuffix("/request"),  # documents name the whole address
            credential=self.credential,
            manners=MANNERS,
            patience=patience or PATIENCE,
            observe=observe,
        )

    @classmethod
    def problems(cls, options: Mapping[str, Any]) -> list[tuple[str, str]]:
        """A key is all it needs."""
        return lacking(options, {"api_key": ("it has no key", cls.variable)}, cls.name)

    def products(
        self, asins: Sequence[str], *, marketplace: str, parts: frozenset[Part]
    ) -> dict[str, ProductData | None]:
        """Ask for one ASIN after another. One that fails is left out of the answer; the last failure is
        raised when nothing at all was answered.
        """
        place = MARKETPLACES[marketplace]
        return each(asins, lambda asin: self._product(place, asin, parts))

    def resolve(self, codes: Sequence[str], *, marketplace: str) -> dict[str, Match | None]:
        """Ask for the product of one code after another; Rainforest names one at most, and remembers it for
        two months.
        """
        place = MARKETPLACES[marketplace]
        return each(codes, lambda code: self._match(place, code))

    def standings(self) -> list[Standing]:
        """Return how its buckets stand; no limit is known until an answer tells of one."""
        return self._client.standings(*OPERATIONS)

    def health(self) -> list[Health]:
        """Return how its calls fare."""
        return self._client.health(*OPERATIONS)

    def _product(self, place: Marketplace, asin: str, parts: frozenset[Part]) -> ProductData | None:
        try:
            body = self._ask(place, "products", {"type": "product", "asin": asin})
        except ProviderError as error:
            raise no_such_call() if error.reason is ErrorClass.NOT_FOUND else error from None
        with_reviews = Part.REVIEWS in parts
        found = self._read(lambda: parse.product(body, asin, place, with_reviews=with_reviews))
        if found is None or Part.OFFERS not in parts:
            return found
        try:
            listed = self._offers(place, asin)
        except ProviderError as error:  # the product is good without them
            return replace(found, undelivered=frozenset({Part.OFFERS} if error.may_pass else ()))
        return replace(found, offers=listed, price=found.price or lowest_new(listed))

    def _offers(self, place: Marketplace, asin: str) -> tuple[OfferData, ...] | None:
        """Return the first page of offers, None when the answer lists none; raises ProviderError."""
        body = self._ask(place, "offers", {"type": "offers", "asin": asin})
        return self._read(lambda: offers(body, asin))

    def _match(self, place: Marketplace, code: str) -> Match | None:
        try:
            body = self._ask(place, "identifiers", {"type": "product", "gtin": code})
        except ProviderError as error:
            if error.reason is ErrorClass.NOT_FOUND:
                return None
            raise
        raw = self._read(lambda: parse.article(body))
        if raw is None:
            return None
        asin = reading.asin(raw.get("asin"))
        if asin is None:  # there is a product, so "no match" would be wrong
            raise unbelievable("a product of no ASIN")
        source = Source(self.name, datetime.now(UTC))
        return Match(code=code, asins=(asin,), source=source, title=line(raw.get("title")))

    def _ask(self, place: Marketplace, operation: str, params: Mapping[str, str]) -> dict[str, Any]:
        call = Call(
            operation=operation,
            path="/request",
            marketplace=place.code,
            params={"api_key": self._key, "amazon_domain": place.domain, **params},
        )
        return self._client.send(call).body

    def _read(self, read: Callable[[], T]) -> T:
        try:
            return read()
        except Unbelievable as error:
            log.warning("upstream_doubted", provider=self.name, doubt=str(error))
            raise unbelievable(error) from None


class ASINDataProvider(RainforestProvider):
    """The same under another name: ASIN Data API has an address and keys of its own."""

    name: ClassVar[str] = "asindata"
    home: ClassVar[str] = "https://api.asindataapi.com"
    variable: ClassVar[str] = "ASINDATA_API_KEY"


def _refusal(reply: Reply) -> ProviderError:
    """Read a refusal. A 404 is a wrong address, unless the service itself says that it has found nothing:
    so it does for barcodes. Of products that is not documented; there it stays a failure.
    """
    if reply.status != 404:
        return refusal(reply)
    if not isinstance(reply.body.get("request_info"), dict):
        return no_such_call()
    return ProviderError("nothing found", retryable=False, reason=ErrorClass.NOT_FOUND)


def _failed(reply: Reply) -> ProviderError | None:
    """An answer may say that it failed. Its words are not passed on."""
    if at(reply.body, "request_info", "success") is not False:
        return None
    return ProviderError("it says it failed", retryable=True, reason=ErrorClass.UPSTREAM_DOWN)


def _cost(reply: Reply) -> float | None:
    credits = at(reply.body, "request_info", "credits_used_this_request")
    if isinstance(credits, bool) or not isinstance(credits, int | float):
        return None
    return float(credits) if 0 <= credits <= MOST_THINGS else None


def _delivered(call: Call, reply: Reply) -> int:
    """Count the product; its offers are not an answer of their own."""
    return int(call.operation != "offers" and bool(reply.body.get("product")))


MANNERS = Manners(refused=_refusal, failed=_failed, cost=_cost, delivered=_delivered)
