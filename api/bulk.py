"""What is sold by the piece, done with many at once: the contract between `jobs` and the operations.

`jobs` knows rows, holds and results, and no operation; an operation knows its codes, and neither files nor
money. The setting BULK_OPERATIONS says which there are.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Protocol, TypeVar

from rest_framework.serializers import BaseSerializer

from accounts.models import User

Options = Mapping[str, Any]  # plain JSON, kept with the job
Found = TypeVar("Found")  # what an operation has found, and nobody else looks into


class Outcome(StrEnum):
    """What became of a row. All but `delivered` are free; a delivery may be, too."""

    DELIVERED = "delivered"
    NOT_FOUND = "not_found"  # there is no such product, or nobody knows what the code means
    UNSURE = "unsure"  # an answer was found that is less sure than was asked for
    INVALID = "invalid"  # the row is no code that can be answered
    FAILED = "failed"  # the upstreams did not deliver: worth trying again
    UNAFFORDABLE = "unaffordable"  # left out, as the credits did not reach so far
    CANCELLED = "cancelled"  # the job ended before it came to this row
    EXPIRED = "expired"  # the same, as its time ran out


class Wait(StrEnum):
    """Why there is no answer yet. Only a failure counts as one: after a few of them a row is given up."""

    FAILURE = "failure"
    LIMIT = "limit"  # no more calls are accepted now: whoever asks the same may as well wait
    SEARCH = "search"  # a source is still at it


@dataclass(frozen=True, slots=True)
class Row:
    """A distinct code of a job. `price`: the most credits that its answer may cost."""

    id: int
    code: str  # in its normal form
    kind: str  # a providers.kinds.Kind
    price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a row, and what is due for it.

    `lines` are the operations that make up the credits. `data` is the answer as JSON, "" where there is none.
    `retry_after`: nothing is settled yet, and in so many seconds it may be worth asking again; `wait` says
    why. `age_seconds`: how old the answer was when it was given.
    """

    outcome: Outcome
    reason: str = ""  # a sentence for people, wherever the outcome is not `delivered`
    lines: Sequence[tuple[str, int]] = ()
    data: str = ""
    asin: str = ""
    providers: Sequence[str] = ()
    age_seconds: int | None = None
    confidence: float | None = None
    retry_after: float | None = None
    wait: Wait = Wait.FAILURE

    @property
    def credits(self) -> int:
        """What the answer costs."""
        return sum(credits for _, credits in self.lines)


def as_promised(lines: Sequence[tuple[str, int]], most: int) -> list[tuple[str, int]]:
    """Return the lines as far as they cost no more than was promised: prices may have changed since."""
    kept: list[tuple[str, int]] = []
    for operation, credits in lines:
        taken = min(credits, most - sum(due for _, due in kept))
        if taken > 0:
            kept.append((operation, taken))
    return kept


class Operation(Protocol[Found]):
    """What is done with a row. One instance serves all threads; `options` are what its `asked` has given."""

    name: ClassVar[str]  # that of its price and of the ledger: product.lookup
    scope: ClassVar[str]  # that an API key needs for it
    kinds: ClassVar[frozenset[str]]  # of the codes it answers
    form: ClassVar[type[BaseSerializer[Any]]]  # the options of a job, beside its rows

    def asked(self, form: Mapping[str, Any]) -> Options:
        """Return the options that a form's validated data means; {} is all as usual."""

    def adopted(self, options: Options) -> Options:
        """Return the options for rows of a job of another operation, from that one's options."""

    def price(self, options: Options) -> int:
        """Return the most credits that one row costs."""

    def batch(self, options: Options) -> int:
        """Return how many rows the upstreams take in one call."""

    def free(self, codes: Sequence[str], *, user: User, options: Options) -> Set[str]:
        """Return the codes whose answer will cost this account nothing, whatever it is."""

    def find(self, rows: Sequence[Row], *, user: User, options: Options) -> Found:
        """Find the answers. Holds no database connection while an upstream answers, and raises nothing that
        one row, or one upstream, is to blame for.
        """

    def deliver(self, found: Found, *, user: User, charge: str) -> Mapping[int, Result]:
        """Return what became of each row, by its id, having written down what belongs to it.

        Called once, within the transaction in which the credits are taken under the key `charge`.
        """
