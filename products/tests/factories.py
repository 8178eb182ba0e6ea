"""Products, upstreams and purses to test with."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from factory.base import Factory
from factory.declarations import LazyAttribute, SubFactory

from accounts.models import User
from credits.models import Hold, LedgerEntry, Wallet
from credits.services import grant
from providers.base import (
    FIELDS,
    Money,
    Part,
    ProductData,
    ProductProvider,
    Source,
    StoredProduct,
)
from providers.marketplaces import MARKETPLACES
from providers.sample.provider import SampleProvider

ASIN = "B07ZPKCJ6X"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class ProductDataFactory(Factory):  # type: ignore[type-arg]  # not generic when it runs
    """What an upstream called `first` says of an ASIN."""

    class Meta:
        model = ProductData

    asin = ASIN
    marketplace = "US"
    title = "Thing"
    price = Money(Decimal("12.90"), "USD")
    rating = Decimal("4.5")
    provenance = LazyAttribute(  # type: ignore[no-untyped-call]
        lambda made: {
            name: Source("first", NOON) for name in sorted(FIELDS) if getattr(made, name, None) is not None
        }
    )


class StoredProductFactory(Factory):  # type: ignore[type-arg]
    """An answer as the gateway hands it to the store."""

    class Meta:
        model = StoredProduct

    asin = ASIN
    marketplace = "US"
    product = SubFactory(ProductDataFactory)  # type: ignore[no-untyped-call]
    asked = LazyAttribute(lambda made: {Part.CORE: made.fetched_at})  # type: ignore[no-untyped-call]
    fetched_at = NOON


def a_product(**facts: Any) -> ProductData:
    """Return what an upstream says, but for these facts."""
    made: ProductData = ProductDataFactory.create(**facts)
    return made


def kept_answer(**facts: Any) -> StoredProduct:
    """Return an answer, but for these facts; `product__title` and the like say what is in it."""
    made: StoredProduct = StoredProductFactory.create(**facts)
    return made


class Upstream(ProductProvider):
    """An upstream that says what the test wants and counts how often it was asked."""

    name = "upstream"
    max_batch = 100
    delivers = FIELDS
    marketplaces = frozenset(MARKETPLACES)

    def __init__(
        self, says: Callable[[str, str, frozenset[Part]], ProductData | None], calls: list[str]
    ) -> None:
        self.says = says
        self.calls = calls

    def products(
        self, asins: Sequence[str], *, marketplace: str, parts: frozenset[Part]
    ) -> dict[str, ProductData | None]:
        self.calls += asins
        return {asin: self.says(asin, marketplace, parts) for asin in asins}


def upstream(name: str, says: Any, calls: list[str] | None = None) -> dict[str, Any]:
    """An entry of settings.PROVIDERS: an upstream that answers with what `says` returns or raises."""
    options = {"says": says, "calls": [] if calls is None else calls}
    return {"NAME": name, "BACKEND": "products.tests.factories.Upstream", "OPTIONS": options}


def sample(**options: Any) -> dict[str, Any]:
    """An entry of settings.PROVIDERS: the built-in stand-in."""
    return {"NAME": "sample", "BACKEND": f"{SampleProvider.__module__}.SampleProvider", "OPTIONS": options}


def give(user: User, credits: int) -> None:
    """Put credits into a user's wallet."""
    grant(user, credits, operation="test", key=f"test:{uuid.uuid4()}")


def purse(user: User) -> Mapping[str, int]:
    """What a user has: credits, credits held, open holds, charges written."""
    wallet = Wallet.objects.filter(pk=user.pk).first()
    return {
        "balance": wallet.balance if wallet else 0,
        "held": wallet.held if wallet else 0,
        "holds": Hold.objects.for_user(user).open().count(),
        "charges": LedgerEntry.objects.for_user(user).of_kind("charge").count(),
    }


def full(balance: int, charges: int = 0) -> Mapping[str, int]:
    """A purse with nothing held."""
    return {"balance": balance, "held": 0, "holds": 0, "charges": charges}
