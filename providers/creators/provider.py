"""The Creators API as the gateway sees it: how items are asked for, and what its refusals mean.

It may be asked only by Amazon's Associates, once a second to begin with, and its licence allows the content
for one purpose, to advertise Amazon's products: so nobody uses it by accident (`LICENCE`).
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import structlog
from django.core.exceptions import ImproperlyConfigured

from providers.attempts import Observer, announce
from providers.base import Part, ProductData, ProductProvider, lacking
from providers.batches import Answered, cut, gathered
from providers.breaker import Health
from providers.clock import CLOCK, Clock
from providers.creators import answers, exchange
from providers.creators.paths import PATHS, RESOURCES
from providers.creators.refusals import Missing, TokenRefused, refused
from providers.creators.versions import VERSIONS
from providers.errors import left_out, unbelievable
from providers.http import Call, HTTPClient, Manners, Patience, credential_name
from providers.limits import Rate, Standing
from providers.marketplaces import MARKETPLACES, Marketplace
from providers.reading import Unbelievable, length
from providers.tokens import Tokens
from providers.transport import Secret

log = structlog.stdlib.get_logger("pallet.providers")

OPERATION = "products"
CALLS_PER_SECOND = 1.0  # with which every Associate begins
LICENCE = (
    "The licence of the Creators API allows its content only to advertise Amazon's products. A paid API that "
    "passes this content on is very likely outside of it. Ask Amazon or your lawyer; set "
    "CREATORS_ACCEPT_LICENCE=true when you may use it, or take creators out of PROVIDERS."
)
_NEEDED = {
    "credential_id": ("it has no credential id", "CREATORS_CREDENTIAL_ID"),
    "credential_secret": ("it has no credential secret", "CREATORS_CREDENTIAL_SECRET"),
    "partner_tag": ("it has no partner tag", "CREATORS_PARTNER_TAG"),
}


class CreatorsProvider(ProductProvider):
    """Products by ASIN, in the marketplaces of the credential's region.

    Options: `credential_id`, `credential_secret`, `partner_tag`, `version` of the credential (2.1 to 2.3, 3.1
    to 3.3), `accepts_licence`, and for tests and those whom Amazon grants more the others.
    """

    name: ClassVar[str] = "creators"
    max_batch: ClassVar[int] = 10
    delivers: ClassVar[frozenset[str]] = frozenset(PATHS)

    def __init__(
        self,
        *,
        credential_id: str,
        credential_secret: str,
        partner_tag: str,
        version: str = "3.1",
        accepts_licence: bool = False,
        base_url: str = "https://creatorsapi.amazon",
        token_url: str = "",
        calls_per_second: float = CALLS_PER_SECOND,
        patience: Patience | None = None,
        observe: Observer = announce,
        clock: Clock = CLOCK,
    ) -> None:
        """Raises ImproperlyConfigured while the licence is not accepted, and for an unknown version."""
        if accepts_licence is not True:
            raise ImproperlyConfigured(LICENCE)
        if version not in VERSIONS:
            raise ImproperlyConfigured(" ".join(_unknown_version(version)))
        secret = Secret(credential_secret)
        self.credential = credential_name(credential_id, credential_secret)
        self._version = VERSIONS[version]
        self._tag = partner_tag
        self.marketplaces = self._version.marketplaces
        client = partial(
            HTTPClient, self.name, credential=self.credential, patience=patience, observe=observe, clock=clock
        )
        asked = client(token_url or self._version.token_url, manners=Manners(refused=exchange.refused))
        self._exchange = exchange.Exchange(self._version, credential_id, secret, client=asked)
        self._tokens = Tokens(self._exchange, clock=clock)
        self._client = client(base_url, manners=_manners(calls_per_second))

    @classmethod
    def problems(cls, options: Mapping[str, Any]) -> list[tuple[str, str]]:
        """A credential, its version and a partner tag are needed, and a yes to the licence."""
        found = lacking(options, _NEEDED, cls.name)
        version = options.get("version", "3.1")
        if version not in VERSIONS:
            found.append(_unknown_version(version))
        if options.get("accepts_licence") is not True:
            found.append(("its licence is not accepted", LICENCE))
        return found

    def products(
        self, asins: Sequence[str], *, marketplace: str, parts: frozenset[Part]
    ) -> dict[str, ProductData | None]:
        """Ask for the products in batches of ten; offers come with the same call.

        A batch that fails is left out of the answer; the last failure is raised when nothing at all was
        answered.
        """
        place, with_offers = MARKETPLACES[marketplace], Part.OFFERS in parts
        batches = cut(asins, self.max_batch)
        return gathered(partial(self._batch, batch, place, with_offers=with_offers) for batch in batches)

    def standings(self) -> list[Standing]:
        """Return how many calls can be made now."""
        return self._client.standings(OPERATION)

    def health(self) -> list[Health]:
        """Return how its call and the exchange of its credential fare."""
        return self._client.health(OPERATION) + self._exchange.health()

    def _batch(
        self, batch: Sequence[str], place: Marketplace, *, with_offers: bool
    ) -> Answered[ProductData | None]:
        try:
            body = self._ask(batch, place)
            found, doubts = answers.read(body, batch, place, with_offers=with_offers)
        except Missing as missing:
            if missing.resource not in batch:
                raise
            return {str(missing.resource): None}, missing
        except Unbelievable as error:
            raise unbelievable(error) from None
        for doubt in doubts:
            log.warning("upstream_doubted", provider=self.name, doubt=str(doubt))
        if doubts:
            return found, unbelievable(doubts[-1])
        return found, left_out() if len(found) < len(batch) else None

    def _ask(self, batch: Sequence[str], place: Marketplace) -> dict[str, Any]:
        """Ask, with another token when the first is refused, but not with a third."""
        token = self._tokens.current()
        try:
            return self._client.send(self._call(batch, place, token)).body
        except TokenRefused:
            another = self._tokens.instead_of(token)
        return self._client.send(self._call(batch, place, another)).body

    def _call(self, batch: Sequence[str], place: Marketplace, token: Secret) -> Call:
        return Call(
            operation=OPERATION,
            path="/catalog/v1/getItems",
            method="POST",
            marketplace=place.code,
            headers={
                "Authorization": self._version.authorization(token),
                "x-marketplace": f"www.{place.domain}",
            },
            json={
                "partnerTag": self._tag,
                "itemIds": list(batch),
                "condition": "New",
                "resources": RESOURCES,
            },
        )


def _unknown_version(version: object) -> tuple[str, str]:
    known = ", ".join(VERSIONS)
    return (
        f"there is no version {str(version)[:20]!r} of its credentials",
        f"Set CREATORS_VERSION to the one that Amazon shows beside the credential: {known}.",
    )


def _manners(calls_per_second: float) -> Manners:
    return Manners(
        rates={OPERATION: Rate(calls_per_second, max(1.0, calls_per_second))},
        refused=refused,
        cost=lambda reply: 1 if reply.status else None,
        delivered=lambda call, reply: length(reply.body, "itemsResult", "items"),
    )
