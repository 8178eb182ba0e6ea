"""Many lookups at once, as bulk jobs do them: the operation `product.lookup` of `api.bulk`."""

from collections.abc import Mapping, Sequence, Set
from typing import Any, ClassVar

import structlog
from rest_framework.serializers import BaseSerializer

from accounts.models import User
from api.bulk import Options, Outcome, Result, Row, Wait, as_promised
from products import kept, prefetch, services
from products.errors import ProductNotFound
from products.serializers import ASKED_FOR, ProductOptions, shape_of
from products.shapes import PLAIN, Shape, complete
from providers import deadline
from providers.base import Answer
from providers.errors import is_throttled, told_of_failure
from providers.kinds import Kind
from providers.marketplaces import USUAL

log = structlog.stdlib.get_logger("pallet.products")
Results = Mapping[int, Result]


class ProductLookups:
    """What is known about ASINs. It finds finished results, so delivering is mere handing over."""

    name: ClassVar[str] = services.LOOKUP
    scope: ClassVar[str] = "products:read"
    kinds: ClassVar[frozenset[str]] = frozenset({Kind.ASIN, Kind.ISBN10})
    form: ClassVar[type[BaseSerializer[Any]]] = ProductOptions

    def asked(self, form: Mapping[str, Any]) -> Options:
        """Return the options under the names they were given."""
        shape: Shape = form.get("shape", PLAIN)
        return {
            "marketplace": form.get("marketplace", USUAL),
            **{name: part in shape.parts for name, part in ASKED_FOR.items()},
            "include_images": shape.images,
            "fields": None if shape.names is None else sorted(shape.names),
            "max_age": form.get("max_age"),
        }

    def adopted(self, options: Options) -> Options:
        """Return what is usual, in the same marketplace."""
        return self.asked({"marketplace": options.get("marketplace", USUAL)})

    def price(self, options: Options) -> int:
        """Return the credits that a lookup costs when all of it is delivered."""
        return services.price(shape_of(options).parts)

    def batch(self, options: Options) -> int:
        """Return how many the first upstream takes in one call."""
        return prefetch.batch_size(options.get("marketplace", USUAL))

    def free(self, codes: Sequence[str], *, user: User, options: Options) -> Set[str]:
        """Return none: a lookup may always cost something."""
        return frozenset()

    def find(self, rows: Sequence[Row], *, user: User, options: Options) -> Results:
        """Look them up, what is not kept in one go, and write down the answers as they are sent."""
        shape = shape_of(options)
        with deadline.of_a_batch():
            outcomes = dict(
                services.lookup_many(
                    asins=[row.code for row in rows],
                    marketplace=options.get("marketplace", USUAL),
                    parts=shape.parts,
                    max_age=options.get("max_age"),
                )
            )
        return {row.id: _result(row, outcomes[row.code], shape) for row in rows}

    def deliver(self, found: Results, *, user: User, charge: str) -> Results:
        """Return what became of each row; nothing is left to be written down."""
        return found


def _result(row: Row, outcome: Answer | Exception, shape: Shape) -> Result:
    if isinstance(outcome, Answer):
        try:
            return _delivered(row, outcome, shape)
        except Exception as error:  # whatever an upstream has put into it: the other rows are good
            log.exception("could not be written down", asin=row.code)
            outcome = error
    if isinstance(outcome, ProductNotFound):
        return Result(outcome=Outcome.NOT_FOUND, reason=str(outcome))
    reason, retry_after = told_of_failure(outcome)
    wait = Wait.LIMIT if is_throttled(outcome) else Wait.FAILURE
    return Result(outcome=Outcome.FAILED, reason=reason, retry_after=retry_after, wait=wait)


def _delivered(row: Row, answer: Answer, shape: Shape) -> Result:
    age = answer.age
    shown, _ = kept.shown(answer, shape)
    return Result(
        outcome=Outcome.DELIVERED,
        lines=as_promised(services.lines(answer, shape.parts), row.price),
        data=complete(shown, answer.freshness, age).decode(),
        asin=answer.kept.asin,
        providers=answer.kept.providers,
        age_seconds=age,
    )
