"""The Selling Partner API as the gateway sees it: what is asked, in which batches, and whose failure counts.

The catalogue comes first: what it does not know is no product. Prices are asked for afterwards, for what it
found, in batches that are as full as possible, because they are the scarcer; without them the product is
delivered as far as it is known.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from providers.attempts import Observer, announce
from providers.base import FIELDS, IdentifierProvider, Match, Part, ProductData, ProductProvider, lacking
from providers.batches import Answered, cut, gathered
from providers.breaker import Health
from providers.clock import CLOCK, Clock
from providers.errors import ErrorClass, ProviderError
from providers.http import Patience
from providers.kinds import Kind
from providers.limits import Standing
from providers.marketplaces import MARKETPLACES, Marketplace
from providers.spapi import catalog, gtins, listings, lwa, pricing
from providers.spapi.session import HOSTS, NAME, Session

OPERATIONS = (catalog.OPERATION, pricing.ONE, pricing.MANY, listings.OPERATION)
NEEDED = {
    "client_id": ("it has no client id", "SPAPI_CLIENT_ID"),
    "client_secret": ("it has no client secret", "SPAPI_CLIENT_SECRET"),
    "refresh_token": ("it has no refresh token", "SPAPI_REFRESH_TOKEN"),
}
REGIONS = (
    "NA (the Americas), EU (Europe, the Middle East, Africa and India) or FE (Japan, Australia, Singapore)"
)


class SPAPIProvider(ProductProvider, IdentifierProvider):
    """Products by ASIN, and ASINs by EAN, UPC, ISBN-13 and the seller's own FNSKUs, in one region.

    Options: `client_id`, `client_secret`, `refresh_token`, `region`; for FNSKUs `seller_id`; for tests the
    others.
    """

    name: ClassVar[str] = NAME
    max_batch: ClassVar[int] = catalog.BATCH
    delivers: ClassVar[frozenset[str]] = FIELDS - {
        "rating", "rating_count", "reviews", "history", "monthly_sold"
    }  # fmt: skip
    private_kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.FNSKU})
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.FNSKU, Kind.GTIN})

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        region: str,
        seller_id: str = "",
        base_url: str = "",
        token_url: str = lwa.URL,
        patience: Patience | None = None,
        observe: Observer = announce,
        clock: Clock = CLOCK,
    ) -> None:
        self._session = Session(
            client_id=client_id,
            client_secret=client_secret,
            refresh_token=refresh_token,
            region=region,
            base_url=base_url,
            token_url=token_url,
            patience=patience,
            observe=observe,
            clock=clock,
        )
        self._seller_id = seller_id
        self.credential = self._session.credential
        self.marketplaces = self._session.marketplaces

    @classmethod
    def problems(cls, options: Mapping[str, Any]) -> list[tuple[str, str]]:
        """It needs an application's id and secret, a seller's refresh token, and the region of both."""
        found = lacking(options, NEEDED, cls.name)
        if options.get("region") not in HOSTS:
            told = str(options.get("region") or "")[:20]
            wrong = f"its region {told!r} is none" if told else "it has no region"
            found.append((wrong, f"Set SPAPI_REGION to {REGIONS}."))
        return found

    def products(
        self, asins: Sequence[str], *, marketplace: str, parts: frozenset[Part]
    ) -> dict[str, ProductData | None]:
        """Ask the catalogue in batches of 20, then for the prices of what it found.

        A batch that fails is left out of the answer; the last failure is raised when nothing at all was
        answered. Without prices (a quota used up, no such role) the fields of `offers.Offered` stay unknown.
        """
        place = MARKETPLACES[marketplace]
        batches = cut(asins, catalog.BATCH)
        found = gathered(partial(catalog.products, self._session, batch, place) for batch in batches)
        # What has variations below it cannot be bought: no price is asked for.
        priced = [asin for asin, product in found.items() if product and not product.variation_asins]
        with_offers = Part.OFFERS in parts
        for batch in cut(priced, pricing.BATCH):
            told = pricing.offers_or_none(self._session, batch, place, with_offers=with_offers)
            for asin, offered in told.items():
                product = found[asin]
                found[asin] = product and offered.added_to(product)
        return found

    def resolve(self, codes: Sequence[str], *, marketplace: str) -> dict[str, Match | None]:
        """Ask the catalogue which products carry these EANs, UPCs or GTINs, and the listings for FNSKUs.

        Without `seller_id` FNSKUs cannot be resolved: they are left out, or NOT_ENTITLED when all are.
        """
        place = MARKETPLACES[marketplace]
        numbers = gtins.by_type([code for code in codes if code.isdigit()])
        by_number = [
            partial(gtins.resolve, self._session, batch, place, kind=kind)
            for kind, those in numbers.items()
            for batch in cut(those, catalog.BATCH)
        ]
        own = [code for code in codes if not code.isdigit()]
        found = gathered([*by_number, *([partial(self._by_listing, own, place)] if own else [])])
        return {code: found[code] for code in codes if code in found}

    def standings(self) -> list[Standing]:
        """Return how the buckets of its calls stand."""
        return self._session.standings(*OPERATIONS)

    def health(self) -> list[Health]:
        """Return how its calls fare."""
        return self._session.health(*OPERATIONS)

    def _by_listing(self, codes: Sequence[str], place: Marketplace) -> Answered[Match | None]:
        if not self._seller_id:
            raise ProviderError("it has no seller id", retryable=False, reason=ErrorClass.NOT_ENTITLED)
        return listings.resolve(self._session, seller_id=self._seller_id, codes=codes, place=place), None
