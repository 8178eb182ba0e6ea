"""Keepa as the gateway sees it: how its answers are asked for and paid. What they mean is in `parse.py`.

Every answer, refusals too, tells the balance of tokens: a request is accepted while it is positive, may
take it below zero, and then waits for the refill. One product costs one token, its offers six more for each
page of ten.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

import structlog

from providers.attempts import Observer, announce
from providers.base import (
    FIELDS,
    IdentifierProvider,
    Match,
    Part,
    ProductData,
    ProductProvider,
    Source,
    lacking,
)
from providers.batches import Answered, cut, gathered
from providers.breaker import Health
from providers.errors import ErrorClass, ProviderError, left_out, no_such_call, unbelievable
from providers.http import MAX_BYTES, Call, HTTPClient, Manners, Patience, Reply, credential_name, refusal
from providers.keepa import parse
from providers.kinds import Kind
from providers.limits import NOTHING, Lesson, Standing
from providers.marketplaces import MARKETPLACES, Marketplace
from providers.reading import Raw, Unbelievable, length, objects, whole
from providers.transport import Secret

log = structlog.stdlib.get_logger("pallet.providers")

OFFERS_BATCH = 20
OFFERS_ASKED = 20  # two pages: enough to see who sells, without paying for the hundredth
BYTES_PER_PRODUCT = 1024 * 1024  # ten years of history are about a fifth of that
STATS_DAYS = 90
BUCKET = "tokens"  # one balance for all calls
OFFERS_COST = 1 + 6 * OFFERS_ASKED // 10  # tokens at most for a product with its offers
TOKENS_LAST_MINUTES = 60  # what is not used by then expires


@dataclass(frozen=True, slots=True)
class TokenBalance:
    """What Keepa last said of our tokens: how many are left (it may be negative), and how they refill."""

    tokens_left: int
    refill_in_ms: int
    refill_per_minute: int

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "TokenBalance | None":
        """Return the balance an answer tells, or None when it tells none."""
        left = body.get("tokensLeft")
        if type(left) is not int:
            return None
        return cls(left, whole(body.get("refillIn")) or 0, whole(body.get("refillRate")) or 0)

    @property
    def wait(self) -> float:
        """Seconds until a request is accepted again: the next refill, and one minute for each refill owed."""
        owed = max(0, -self.tokens_left) / self.refill_per_minute if self.refill_per_minute else 0
        return self.refill_in_ms / 1000 + owed * 60


class KeepaProvider(ProductProvider, IdentifierProvider):
    """Products by ASIN, and ASINs by EAN, UPC or ISBN-13. Options: `api_key`, and for tests the others."""

    name: ClassVar[str] = "keepa"
    max_batch: ClassVar[int] = 100
    unit: ClassVar[str] = "token"
    delivers: ClassVar[frozenset[str]] = FIELDS - {"reviews"}
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.GTIN})
    marketplaces: frozenset[str] = frozenset(
        code for code, place in MARKETPLACES.items() if place.keepa_domain is not None
    )

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str = "https://api.keepa.com",
        patience: Patience | None = None,
        observe: Observer = announce,
    ) -> None:
        self._key = Secret(api_key)
        self.credential = credential_name(api_key)
        self._client = HTTPClient(
            self.name,
            base_url,
            credential=self.credential,
            manners=MANNERS,
            patience=patience,
            observe=observe,
        )

    @classmethod
    def problems(cls, options: Mapping[str, Any]) -> list[tuple[str, str]]:
        """A key is all it needs."""
        return lacking(options, {"api_key": ("it has no key", "KEEPA_API_KEY")}, cls.name)

    def products(
        self, asins: Sequence[str], *, marketplace: str, parts: frozenset[Part]
    ) -> dict[str, ProductData | None]:
        """Ask for the products in batches of 100, or of 20 when offers are wanted.

        A batch that fails is left out of the answer; the last failure is raised when nothing at all was
        answered.
        """
        place, with_offers = MARKETPLACES[marketplace], Part.OFFERS in parts
        batches = cut(asins, OFFERS_BATCH if with_offers else self.max_batch)
        return gathered(partial(self._batch, batch, place, with_offers=with_offers) for batch in batches)

    def resolve(self, codes: Sequence[str], *, marketplace: str) -> dict[str, Match | None]:
        """Ask which products carry these EANs, UPCs or ISBN-13s; one code may lead to several."""
        place = MARKETPLACES[marketplace]
        found: dict[str, Match | None] = {}
        for batch in cut(codes, self.max_batch):
            body = self._ask(place, "identifiers", batch, {"code": ",".join(batch), "history": "0"}, 1)
            source = Source(self.name, datetime.now(UTC))
            raws = [raw for raw in _raws(body) if raw.get("productType") not in parse.NOT_FOUND_TYPES]
            for code in batch:
                asins = (raw.get("asin") for raw in raws if code.zfill(14) in parse.codes(raw))
                known = tuple(asin for asin in asins if isinstance(asin, str))
                found[code] = Match(code=code, asins=known, source=source) if known else None
        return found

    def standings(self) -> list[Standing]:
        """Return how many tokens are left."""
        return self._client.standings(BUCKET)

    def health(self) -> list[Health]:
        """Return how its two calls fare."""
        return self._client.health("products", "identifiers")

    def _batch(
        self, batch: Sequence[str], place: Marketplace, *, with_offers: bool
    ) -> Answered[ProductData | None]:
        params = {"asin": ",".join(batch)} | _extras(with_offers)
        body = self._ask(place, "products", batch, params, OFFERS_COST if with_offers else 1)
        return _read(body, batch, place, with_offers=with_offers)

    def _ask(
        self, place: Marketplace, operation: str, batch: Sequence[str], params: Mapping[str, str], cost: int
    ) -> dict[str, Any]:
        call = Call(
            operation=operation,
            path="/product",
            marketplace=place.code,
            params={"key": self._key, "domain": str(place.keepa_domain), **params},
            bucket=BUCKET,
            tokens=cost * len(batch),
            max_bytes=max(MAX_BYTES, len(batch) * BYTES_PER_PRODUCT),
        )
        return self._client.send(call).body


def _lesson(call: Call, reply: Reply) -> Lesson:
    """Every answer tells the balance. While it is used up the refill is waited for, which comes at once."""
    balance = TokenBalance.of(reply.body)
    if balance is None:
        return NOTHING
    per_second = balance.refill_per_minute / 60 or None
    return Lesson(
        per_second=per_second,
        burst=per_second and max(1.0, balance.refill_per_minute * TOKENS_LAST_MINUTES),
        tokens=balance.tokens_left,
        wait=balance.wait if balance.tokens_left <= 0 else None,
    )


def _extras(with_offers: bool) -> dict[str, str]:
    """What comes with the token, and the offers, which cost more."""
    free = {"stats": str(STATS_DAYS), "rating": "1", "history": "1"}
    return free | ({"offers": str(OFFERS_ASKED), "only-live-offers": "1"} if with_offers else {})


def _raws(body: Raw) -> list[Raw]:
    """Return the product objects of an answer; raises ProviderError when there is no such list."""
    products = objects(body, "products")
    if products is None:
        raise unbelievable("the answer holds no products")
    return products


def _read(
    body: Raw, asked: Sequence[str], place: Marketplace, *, with_offers: bool
) -> Answered[ProductData | None]:
    """Return what was answered about the ASINs asked for, and why something is missing, if something is."""
    found: dict[str, ProductData | None] = {}
    doubt: ProviderError | None = None
    for raw in _raws(body):
        try:
            found[_asked(raw, asked)] = parse.product(raw, place, with_offers=with_offers)
        except Unbelievable as error:
            doubt = unbelievable(error)
            log.warning("upstream_doubted", provider=KeepaProvider.name, doubt=str(error))
    if doubt is None and len(found) < len(asked):
        doubt = left_out()
    return found, doubt


def _asked(raw: Raw, asked: Sequence[str]) -> str:
    asin = raw.get("asin")
    if not isinstance(asin, str) or asin not in asked:
        raise Unbelievable("an answer about another ASIN")
    return asin


def _refusal(reply: Reply) -> ProviderError:
    """Read a refusal. Keepa's own words are not passed on: we cannot know what it repeats in them."""
    if reply.status == 429:
        balance = TokenBalance.of(reply.body)
        return ProviderError(
            "no tokens left",
            retryable=True,
            reason=ErrorClass.RATE_LIMITED,
            retry_after=balance.wait if balance else refusal(reply).retry_after,
        )
    if reply.status == 402:
        about_key = re.search("key", str(reply.body.get("error")), re.IGNORECASE) is not None
        reason = ErrorClass.AUTH_FAILED if about_key else ErrorClass.NOT_ENTITLED
        return ProviderError("payment required, or a key without access", retryable=False, reason=reason)
    if reply.status == 404:  # an unknown ASIN is not an HTTP 404: the address is wrong
        return no_such_call()
    return refusal(reply)


MANNERS = Manners(
    refused=_refusal,
    cost=lambda reply: whole(reply.body.get("tokensConsumed")),
    delivered=lambda call, reply: length(reply.body, "products"),
    lesson=_lesson,
)
