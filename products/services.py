"""What can be done with an ASIN: look it up, and read how its figures moved.

Services never charge: credits move at the edge, in the view or the job.
"""

from collections.abc import Callable
from datetime import datetime

from django.db.models import QuerySet

from credits.prices import price_of
from products.connections import give_back_connection
from products.errors import ProductNotFound
from products.models import Observation
from products.store import RedisThenPostgres
from providers.base import Answer, Freshness, Part
from providers.gateway import Gateway

LOOKUP = "product.lookup"
EXTRAS = {Part.OFFERS: "product.offers", Part.REVIEWS: "product.reviews"}


def lookup(
    *,
    asin: str,
    marketplace: str,
    parts: frozenset[Part],
    before_upstream: Callable[[], object] = lambda: None,
) -> Answer:
    """Return what is known about the ASIN, asking an upstream when nothing fresh is kept.

    `before_upstream` is called once before such a wait. Raises ProductNotFound and UpstreamUnavailable.
    """

    def about_to_wait() -> None:
        before_upstream()
        give_back_connection()

    gateway = Gateway.configured(RedisThenPostgres())
    answer = gateway.product(asin, marketplace=marketplace, parts=parts, before_upstream=about_to_wait)
    if answer.product is None:
        raise ProductNotFound(asin, marketplace)
    return answer


def price(parts: frozenset[Part]) -> int:
    """Return the credits a lookup with these parts costs."""
    return price_of(LOOKUP) + sum(price_of(operation) for part, operation in EXTRAS.items() if part in parts)


def due(answer: Answer, asked: frozenset[Part]) -> int:
    """Return the credits an answer costs: what was asked for and delivered. A stale one is free."""
    return 0 if answer.freshness is Freshness.STALE else price(asked & answer.parts)


def history(
    *, asin: str, marketplace: str, series: str | None, since: datetime | None, until: datetime | None
) -> QuerySet[Observation]:
    """Return the observations of an ASIN, of one series or of all, from `since` on and before `until`."""
    found = Observation.objects.of(asin, marketplace).between(since, until)
    return found.of_series(series) if series else found
