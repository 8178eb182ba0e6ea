"""Many conversions at once, as bulk jobs do them: the operation `conversion.fnsku` of `api.bulk`."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, ClassVar

import structlog
from rest_framework.serializers import BaseSerializer

from accounts.models import User
from api.bulk import Options, Outcome, Result, Row, Wait, as_promised
from api.renderers import dumps
from conversion import bought, purchases, services, sources
from conversion.convert_serializers import ConvertOptions
from conversion.errors import NoMatch, NotSureEnough
from conversion.models import Conversion
from conversion.output import PLACES, data_of
from conversion.services import Found, Question
from providers import deadline, together
from providers.errors import is_throttled, told_of_failure
from providers.kinds import Kind
from providers.marketplaces import USUAL
from providers.recognition import recognise
from providers.registry import identifier_providers

log = structlog.stdlib.get_logger("pallet.conversion")
SMALLEST_BATCH = 20  # also of an upstream that takes one at a time: most codes need none
STILL_SEARCHED = "A source is still searching for it."


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer that needs to be paid for only. `data`: as it is told, as if the pair were new."""

    found: Found
    kept: Conversion
    data: dict[str, Any]
    was_bought: bool

    def is_due(self, row: Row) -> bool:
        """Whether the pair is to be bought: not for who was promised that it costs nothing."""
        return row.price > 0 and not self.found.is_free


Findings = Sequence[tuple[Row, Ready | Result]]


class Conversions:
    """From FNSKUs to ASINs."""

    name: ClassVar[str] = services.CONVERT
    scope: ClassVar[str] = "conversion:read"
    kinds: ClassVar[frozenset[str]] = frozenset({Kind.FNSKU, *sources.FREE_KINDS})
    form: ClassVar[type[BaseSerializer[Any]]] = ConvertOptions

    def asked(self, form: Mapping[str, Any]) -> Options:
        """Return the options under the names they were given."""
        return {
            "marketplace": form.get("marketplace", USUAL),
            "min_confidence": form.get("min_confidence", 0.0),
            "include_product": form.get("include_product", False),
        }

    def adopted(self, options: Options) -> Options:
        """Return the options for FNSKUs among ASINs whose products are wanted: theirs as well."""
        return self.asked({"marketplace": options.get("marketplace", USUAL), "include_product": True})

    def price(self, options: Options) -> int:
        """Return the credits that a conversion costs when nothing of it is free."""
        return services.price(include_product=options.get("include_product", False))

    def batch(self, options: Options) -> int:
        """Return how many the first upstream takes in one call, and a few at least."""
        place = options.get("marketplace", USUAL)
        return max(SMALLEST_BATCH, together.batch_size(identifier_providers(Kind.FNSKU, place), place))

    def free(self, codes: Sequence[str], *, user: User, options: Options) -> Set[str]:
        """Return the codes that are ASINs, were paid for within the year, or stand in the account's own data.

        None of them is when the product is wanted as well, as that costs.
        """
        if options.get("include_product", False):
            return frozenset()
        asins = {code for code in codes if recognise(code).kind in sources.FREE_KINDS}
        others = [code for code in codes if code not in asins]
        paid = {code for code, _ in bought.pairs(others, user)}
        return asins | paid | sources.owned(others, user)

    def find(self, rows: Sequence[Row], *, user: User, options: Options) -> Findings:
        """Convert them all at once, each by itself where that breaks; put the answers into words."""
        asked = self.asked(options)
        questions = [_question(row, asked) for row in rows]
        with deadline.of_a_batch():
            outcomes = list(_converted(questions, user))
        paid = bought.pairs([row.code for row in rows], user)
        return [(row, _ready(outcome, user, paid)) for row, outcome in zip(rows, outcomes, strict=True)]

    def deliver(self, found: Findings, *, user: User, charge: str) -> Mapping[int, Result]:
        """Buy the pairs that are new, and write down the conversions, each with its part of the charge."""
        ready = [(row, one) for row, one in found if isinstance(one, Ready)]
        new = [purchases.pair_of(one.found) for row, one in ready if one.is_due(row)]
        bought_now = bought.buy(new, user, charge)
        results = {row.id: one for row, one in found if isinstance(one, Result)}
        for row, one in ready:
            buys = one.is_due(row) and purchases.pair_of(one.found) in bought_now
            lines = as_promised(purchases.lines_of(one.found, buys=buys), row.price)
            results[row.id] = _delivered(row, one, lines, charge, buys=buys)
        Conversion.objects.bulk_create([one.kept for _, one in ready])
        return results


def _question(row: Row, options: Options) -> Question:
    return Question(code=recognise(row.code), **options)


def _converted(questions: Sequence[Question], user: User) -> Iterator[Found | Exception]:
    """Yield what came of each question; where all broke, of none by itself when the time is over."""
    try:
        yield from services.convert_many(questions, user=user)
    except Exception as error:  # whatever it is: the others shall be answered all the same
        log.exception("a batch broke", codes=[question.code.normal for question in questions][:10])
        for question in questions:
            if len(questions) > 1 and deadline.left():
                yield from _converted([question], user)
            else:
                yield error


def _ready(outcome: Found | Exception, user: User, paid: Set[bought.Pair]) -> Ready | Result:
    if isinstance(outcome, Found) and outcome.retry_after is not None:
        return Result(
            outcome=Outcome.FAILED, reason=STILL_SEARCHED, retry_after=outcome.retry_after, wait=Wait.SEARCH
        )
    if isinstance(outcome, Found):
        try:
            kept = purchases.new_row(outcome.question, user)
            data = data_of(outcome, kept.id, is_repeat=False)
            return Ready(outcome, kept, data, purchases.pair_of(outcome) in paid)
        except Exception as error:  # whatever an upstream has put into it: the other rows are good
            log.exception("could not be written down", code=outcome.question.code.normal)
            outcome = error
    return _refused(outcome)


def _refused(error: Exception) -> Result:
    if isinstance(error, NoMatch):
        return Result(outcome=Outcome.NOT_FOUND, reason=str(error))
    if isinstance(error, NotSureEnough):
        return Result(outcome=Outcome.UNSURE, reason=str(error), confidence=error.confidence)
    reason, retry_after = told_of_failure(error)
    wait = Wait.LIMIT if is_throttled(error) else Wait.FAILURE
    return Result(outcome=Outcome.FAILED, reason=reason, retry_after=retry_after, wait=wait)


def _delivered(row: Row, one: Ready, lines: Sequence[tuple[str, int]], charge: str, *, buys: bool) -> Result:
    is_repeat = not one.found.is_free and not buys and (row.price > 0 or one.was_bought)
    data = {**one.data, "is_repeat": is_repeat}
    credits = sum(due for _, due in lines)
    purchases.write_down(one.kept, one.found, credits=credits, charge=charge)
    one.kept.answer = data
    shown = one.found.entry.answer
    return Result(
        outcome=Outcome.DELIVERED,
        lines=lines,
        data=dumps(data).decode(),
        asin=one.found.asin,
        providers=purchases.providers_of(one.found),
        age_seconds=shown.age if shown and one.found.question.include_product else 0,
        confidence=round(one.found.confidence, PLACES),
    )
