"""What can be done with an ASIN: look it up, and read how its figures moved.

Services never charge: credits move at the edge, in the view or the job.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import QuerySet

from accounts.audit import record
from accounts.client_address import NOWHERE, Client
from accounts.models import User
from api.connections import give_back_connection
from credits.prices import price_of
from products import store, tally
from products.errors import NotKept, ProductNotFound
from products.models import Observation
from products.store import RedisThenPostgres
from providers import together
from providers.base import Answer, Freshness, Part
from providers.errors import MarketplaceNotServed
from providers.gateway import Gateway

LOOKUP = "product.lookup"
EXTRAS = {Part.OFFERS: "product.offers", Part.REVIEWS: "product.reviews"}


def lookup(
    *,
    asin: str,
    marketplace: str,
    parts: frozenset[Part],
    max_age: int | None = None,
    only_if_cached: bool = False,
    before_upstream: Callable[[], object] = lambda: None,
    found: bytes | None = None,
) -> Answer:
    """Return what is known about the ASIN, asking an upstream when nothing fresh is kept.

    `max_age`: seconds that an answer from the store may be old, instead of the usual. `before_upstream` is
    called once before a wait for an upstream. `found`: what Redis has given for it (`store.cache_key`).
    Raises ProductNotFound, NotKept (`only_if_cached`), UpstreamUnavailable, MarketplaceNotServed.
    """

    def about_to_wait() -> None:
        if only_if_cached:
            raise NotKept(asin, marketplace)
        before_upstream()
        give_back_connection()

    kept = RedisThenPostgres(found)
    gateway = Gateway.configured(kept, max_age=max_age)
    try:
        answer = gateway.product(asin, marketplace=marketplace, parts=parts, before_upstream=about_to_wait)
    except Exception as error:
        noted(error, asin, kept, marketplace)
        raise
    outcome = noted(answer, asin, kept, marketplace)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def lookup_many(
    *, asins: Sequence[str], marketplace: str, parts: frozenset[Part], max_age: int | None = None
) -> Iterator[tuple[str, Answer | Exception]]:
    """Yield for each ASIN what `lookup` would return or raise; what is not kept is asked for in one go.

    Must not be called within a transaction: the database connection is given back while an upstream answers.
    """
    kept = RedisThenPostgres()
    gateway = Gateway.configured(kept, max_age=max_age)
    give_back_connection()  # nobody waits for a turn with a connection in hand
    ask = partial(
        gateway.products, marketplace=marketplace, parts=parts, before_upstream=give_back_connection
    )
    try:
        for asin, answer, _ in together.answers(asins, ask):
            yield asin, noted(answer, asin, kept, marketplace)
    except MarketplaceNotServed as error:
        yield from ((asin, noted(error, asin, kept, marketplace)) for asin in asins)


def noted(
    outcome: Answer | Exception, asin: str, kept: RedisThenPostgres, marketplace: str
) -> Answer | Exception:
    """Count how a lookup ended, and return that: ProductNotFound where the answer is that there is none."""
    if isinstance(outcome, Exception):
        tally.note(tally.unanswered(asin, marketplace, outcome))
        return outcome
    tally.note(tally.answered(outcome, asked=(asin, marketplace) in kept.asked))
    return ProductNotFound(asin, marketplace) if outcome.kept.is_not_found else outcome


def forget(*, asin: str, marketplace: str, by: User | None, client: Client = NOWHERE) -> bool:
    """Let nobody have the last answer again, as its data is wrong; say whether there was one.

    The next lookup asks an upstream; what was observed stays in the history. `by` is None for a command.
    Raises RedisError, and changes nothing, when Redis does not answer.
    """
    with transaction.atomic():
        was_kept = store.forget(asin, marketplace)
        record(by, "product:forget", f"product:{marketplace}:{asin}", client=client, was_kept=was_kept)
    return was_kept


def price(parts: frozenset[Part]) -> int:
    """Return the credits a lookup with these parts costs."""
    return sum(credits for _, credits in rule(parts))


def rule(parts: frozenset[Part]) -> list[tuple[str, int]]:
    """Return what makes up the price of these parts: each operation with its credits."""
    operations = [LOOKUP, *(operation for part, operation in EXTRAS.items() if part in parts)]
    return [(operation, price_of(operation)) for operation in operations]


def due(answer: Answer, asked: frozenset[Part]) -> int:
    """Return the credits an answer costs."""
    return sum(credits for _, credits in lines(answer, asked))


def lines(answer: Answer, asked: frozenset[Part]) -> list[tuple[str, int]]:
    """Return what makes up the price of an answer: what was asked for and delivered. A stale one is free."""
    return [] if answer.freshness is Freshness.STALE else rule(asked & answer.parts)


def history(
    *, asin: str, marketplace: str, series: str | None, since: datetime | None, until: datetime | None
) -> QuerySet[Observation]:
    """Return the observations of an ASIN, of one series or of all, from `since` on and before `until`."""
    found = Observation.objects.of(asin, marketplace).between(since, until)
    return found.of_series(series) if series else found
