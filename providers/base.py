"""What an upstream can tell, and the contract every adapter keeps.

Times are timezone-aware and UTC, money is `Decimal` in the currency's main unit, `None` means "unknown" and
never "empty": an empty tuple is a statement (this product has no offers), None is silence.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Protocol

from providers.breaker import Health
from providers.kinds import Kind
from providers.limits import Standing


class Part(StrEnum):
    """What can be asked for separately, because it costs separately."""

    CORE = "core"  # everything but offers and reviews
    OFFERS = "offers"
    REVIEWS = "reviews"


class Availability(StrEnum):
    """Whether a buyer can have it new, now."""

    IN_STOCK = "in_stock"
    OUT_OF_STOCK = "out_of_stock"
    PREORDER = "preorder"
    BACKORDER = "backorder"
    DELAYED = "delayed"


class Freshness(StrEnum):
    """Where an answer came from."""

    CACHED = "cached"  # kept, and younger than PRODUCT_FRESH_SECONDS
    UPSTREAM = "upstream"  # asked for now
    STALE = "stale"  # kept and older, given because every upstream failed


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the main unit (dollars, yen) and its ISO 4217 code."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageData:
    """One picture; `variant` is Amazon's name for the view (MAIN, PT01...), sizes are pixels."""

    url: str
    width: int | None = None
    height: int | None = None
    variant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RankData:
    """A place in a category's best-seller list; 1 is the best."""

    rank: int
    category: str | None = None
    category_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferData:
    """One seller's offer. `price` is without `shipping`; `condition` is "new", "used_good" and the like."""

    seller_id: str | None = None
    seller_name: str | None = None
    condition: str | None = None
    price: Money | None = None
    shipping: Money | None = None
    is_fba: bool | None = None  # sent by Amazon from its own warehouse
    is_prime: bool | None = None
    is_buy_box: bool | None = None
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewData:
    """What one customer wrote; `rating` is 0 to 5."""

    rating: Decimal | None = None
    title: str | None = None
    body: str | None = None
    author: str | None = None
    is_verified: bool | None = None
    helpful_count: int | None = None
    reviewed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifiers:
    """The product's other numbers, digits only (an ISBN-10 may end in X)."""

    eans: tuple[str, ...] = ()
    upcs: tuple[str, ...] = ()
    gtins: tuple[str, ...] = ()
    isbns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """Size in millimetres and weight in grams."""

    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    weight_g: int | None = None


class HistoryPoint(NamedTuple):
    """From `at` on, `series` had this value, until its next point. None: from then on there was none.

    Series: amazon, new, used, list_price, buy_box and the like (money, without shipping), <name>_shipping,
    rank, rating (0 to 5), review_count, offer_count and its kin. `docs/providers.md` lists them all.
    """

    series: str
    at: datetime
    value: Decimal | None
    currency: str | None = None  # set for money, None for ranks, ratings and counts


class Source(NamedTuple):
    """Who said it, and when we asked."""

    provider: str
    fetched_at: datetime


class Claim(NamedTuple):
    """What somebody else said of a field, and did not win."""

    source: Source
    value: Any  # of the field's own type


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductData:
    """What is known about one ASIN in one marketplace."""

    asin: str
    marketplace: str
    title: str | None = None
    brand: str | None = None
    manufacturer: str | None = None
    description: str | None = None  # plain text
    bullets: tuple[str, ...] | None = None
    images: tuple[ImageData, ...] | None = None  # the main picture first
    categories: tuple[str, ...] | None = None  # root first
    product_type: str | None = None
    url: str | None = None
    parent_asin: str | None = None
    variation_asins: tuple[str, ...] | None = None
    price: Money | None = None  # what a buyer pays now, without shipping: buy box, else the lowest new offer
    list_price: Money | None = None
    availability: Availability | None = None
    rating: Decimal | None = None  # 0 to 5
    rating_count: int | None = None
    rank: RankData | None = None  # in the product's main category
    ranks: tuple[RankData, ...] | None = None
    identifiers: Identifiers | None = None
    monthly_sold: int | None = None
    item: Measurements | None = None
    package: Measurements | None = None
    offer_count: int | None = None
    offers: tuple[OfferData, ...] | None = None  # None unless asked for and delivered
    reviews: tuple[ReviewData, ...] | None = None  # None unless asked for and delivered
    history: tuple[HistoryPoint, ...] | None = None
    provenance: Mapping[str, Source] = field(default_factory=dict)  # one Source per field that is not None
    conflicts: Mapping[str, tuple[Claim, ...]] = field(default_factory=dict)  # who contradicts a field
    is_sample: bool = False  # invented by the stand-in, not said by Amazon
    undelivered: frozenset[Part] = frozenset()  # could not be had just now; said to the gateway, not kept

    @property
    def parts(self) -> frozenset[Part]:
        """The parts this product holds."""
        held = {Part.CORE}
        if self.offers is not None:
            held.add(Part.OFFERS)
        if self.reviews is not None:
            held.add(Part.REVIEWS)
        return frozenset(held)


_KEYS = {"asin", "marketplace", "provenance", "conflicts", "is_sample", "undelivered"}
FIELDS: frozenset[str] = frozenset(f.name for f in fields(ProductData)) - _KEYS
"""The names an adapter may claim in `delivers`; each is merged, and has its provenance, on its own."""

PART_FIELDS: Mapping[Part, frozenset[str]] = {
    Part.CORE: FIELDS - {"offers", "reviews"},
    Part.OFFERS: frozenset({"offers"}),
    Part.REVIEWS: frozenset({"reviews"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The ASINs an upstream names for one code, the likeliest first; never empty.

    `title` and `condition` are what it says of the article that bears the code, where it says so.
    """

    code: str
    asins: tuple[str, ...]
    source: Source
    title: str | None = None
    condition: str | None = None


def lacking(
    options: Mapping[str, Any], needed: Mapping[str, tuple[str, str]], name: str
) -> list[tuple[str, str]]:
    """Return, as `Provider.problems` does, what this upstream needs and OPTIONS lack.

    `needed` maps an option to what is wrong without it and the variable that sets it.
    """
    return [
        (wrong, f"Set {variable}, or take {name} out of PROVIDERS.")
        for option, (wrong, variable) in needed.items()
        if not options.get(option)
    ]


class Provider(ABC):
    """An upstream asked with one credential. One instance serves all threads and greenlets of a process."""

    name: ClassVar[str]
    max_batch: ClassVar[int]  # how many the upstream takes in one call; adapters cut longer lists themselves
    marketplaces: frozenset[str]  # codes it serves (with this credential); the gateway asks it for no others
    unit: ClassVar[str] = "call"  # in which its costs are counted: call, token, credit
    credential: str = ""  # the name of its credential in records, never the thing itself

    @classmethod
    def problems(cls, options: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Return what is missing in OPTIONS, each as (what is wrong, what to do), for the start-up checks."""
        return []

    def standings(self) -> list[Standing]:
        """Return how its token buckets stand."""
        return []

    def health(self) -> list[Health]:
        """Return how its circuits stand."""
        return []


class ProductProvider(Provider):
    """An upstream that knows products by ASIN."""

    delivers: ClassVar[frozenset[str]]  # field names of ProductData it may fill; a subset of FIELDS

    @abstractmethod
    def products(
        self, asins: Sequence[str], *, marketplace: str, parts: frozenset[Part]
    ) -> dict[str, ProductData | None]:
        """Return what the upstream says of each ASIN; None where it says that there is no such product.

        `asins` are distinct and normalised. One that is left out of the answer is one about which the
        upstream said nothing, or nothing to be believed; ProviderError when that is so for all of them.
        `provenance` may stay empty: the gateway fills it. A part that failed and may be had a little later is
        in `undelivered`.
        """


class IdentifierProvider(Provider):
    """An upstream that knows the ASIN behind another number."""

    kinds: ClassVar[frozenset[Kind]]  # of the codes it can resolve
    private_kinds: ClassVar[frozenset[Kind]] = frozenset()  # of those, what it knows of its own account alone

    @abstractmethod
    def resolve(self, codes: Sequence[str], *, marketplace: str) -> dict[str, Match | None]:
        """Return the match of each code, None where there is none; ProviderError as `products` has it.

        A code the upstream is still working on is left out; when it is so with all, the reason is PENDING and
        `retry_after` says when to ask again.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProduct:
    """An answer as the store keeps it.

    `asked` says when each part was last asked for, delivered or not: a part nobody could deliver is not asked
    for again while that is fresh. `fetched_at` is the age of the answer as a whole.
    """

    asin: str
    marketplace: str
    product: ProductData | None  # None: known not to exist
    asked: Mapping[Part, datetime]
    fetched_at: datetime

    @property
    def is_not_found(self) -> bool:
        """Whether it is known that there is no such product."""
        return self.product is None

    @property
    def parts(self) -> frozenset[Part]:
        """The parts it holds."""
        return self.product.parts if self.product else frozenset()

    @property
    def providers(self) -> list[str]:
        """Whose facts it is made of."""
        sources = self.product.provenance.values() if self.product else ()
        return sorted({source.provider for source in sources})


class KeptProduct(Protocol):
    """What a store gives: a StoredProduct, or something that says the same and reads `product` when asked."""

    @property
    def asin(self) -> str: ...
    @property
    def marketplace(self) -> str: ...
    @property
    def product(self) -> ProductData | None: ...
    @property
    def asked(self) -> Mapping[Part, datetime]: ...
    @property
    def fetched_at(self) -> datetime: ...
    @property
    def is_not_found(self) -> bool: ...
    @property
    def parts(self) -> frozenset[Part]: ...
    @property
    def providers(self) -> list[str]: ...


class ProductStore(Protocol):
    """Where answers are kept between calls. No method raises because a cache is down: that is a miss."""

    def get(self, asin: str, marketplace: str) -> KeptProduct | None:
        """Return the last answer kept, however old, or None. Its product may lack `history`."""

    def get_many(self, asins: Sequence[str], marketplace: str) -> Mapping[str, KeptProduct]:
        """Return what `get` finds for each of many, without asking for each of them."""

    def put(self, *stored: StoredProduct, keep_seconds: int) -> None:
        """Keep these answers, for so long at least; `history` may be put aside elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the gateway answers. `product` None: there is no such product. `parts`: what is really in it."""

    kept: KeptProduct
    freshness: Freshness
    parts: frozenset[Part]

    @property
    def product(self) -> ProductData | None:
        """The product."""
        return self.kept.product

    @property
    def fetched_at(self) -> datetime:
        """When the upstreams were asked."""
        return self.kept.fetched_at

    @property
    def age(self) -> int:
        """How many seconds ago that was."""
        return max(0, int((datetime.now(UTC) - self.fetched_at).total_seconds()))
