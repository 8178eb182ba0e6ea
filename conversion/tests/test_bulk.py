"""Many conversions at once, through the protocol of bulk jobs, paid for as a job would."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import orjson
import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import a_user
from api.bulk import Outcome, Result, Row, Wait
from conversion.bulk import Conversions
from conversion.models import Conversion, Mapping, Purchase
from conversion.tests.factories import wrong
from conversion.tests.stand_ins import CODE, LEFT_OUT, catalogue, own
from credits.services import charge, grant
from credits.tests.factories import assert_sound, at_once, figures
from providers import deadline
from providers.errors import AGAIN_SECONDS, ErrorClass, ProviderError
from providers.sample import failures

pytestmark = pytest.mark.django_db
CONVERSIONS = Conversions()
OWN_ASIN, OTHER_ASIN = "B07ZPKCJ6X", "B08N5WRWNW"
URL = "/api/v1/conversion/fnsku-to-asin"


def codes(count: int) -> list[str]:
    return [f"X00{number:07d}" for number in range(count)]


def rows_of(named: Sequence[str], price: int) -> list[Row]:
    return [Row(number, code, "fnsku", price) for number, code in enumerate(named)]


def found_by(user: User, named: Sequence[str], *, price: int | None = None, **form: Any) -> Any:
    """What is found about the codes, not delivered yet."""
    read = CONVERSIONS.form(data=form)
    read.is_valid(raise_exception=True)
    options = CONVERSIONS.asked(read.validated_data)
    most = CONVERSIONS.price(options) if price is None else price
    rows = rows_of(named, most)
    return CONVERSIONS.find(rows, user=user, options=orjson.loads(orjson.dumps(options)))


def paid(user: User, found: Any) -> list[Result]:
    """Deliver what was found, and take what is due for all of it in one charge."""
    key = f"chg_{uuid4().hex}"
    with transaction.atomic():
        results = CONVERSIONS.deliver(found, user=user, charge=key)
        credits = sum(one.credits for one in results.values())
        if credits:
            charge(user, credits, operation="conversion.fnsku", key=key)
    return [results[number] for number in range(len(results))]


def converted(user: User, named: Sequence[str], **how: Any) -> list[Result]:
    """What became of each code, in their order."""
    results = paid(user, found_by(user, named, **how))
    assert len(results) == len(named)
    return results


def told(result: Result) -> dict[str, Any]:
    """The answer itself."""
    read: dict[str, Any] = orjson.loads(result.data)
    return read


def rich() -> User:
    """Somebody with 1000 credits."""
    user = a_user()
    grant(user, 1000, operation="test", key=f"test:{user.pk}")
    return user


@pytest.fixture
def calls(settings: Settings) -> list[str]:
    """The codes of each call to an upstream that knows them all."""
    asked: list[str] = []
    known = dict.fromkeys([*codes(200), CODE], OWN_ASIN)
    settings.PROVIDERS = [catalogue(known, asked), *settings.KNOWN_PROVIDERS["sample"]]
    return asked


# --- what is given ---


@pytest.mark.parametrize("form", [{}, {"include_product": True, "marketplace": "DE"}])
def test_the_data_is_that_of_a_single_call(as_bob: APIClient, bob: User, form: dict[str, Any]) -> None:
    grant(bob, 10, operation="test", key="test:bob")
    [result] = converted(rich(), [CODE], **form)
    single = as_bob.post(URL, {"fnsku": CODE, **form}, format="json").json()["data"]
    many = told(result)
    for data in (many, single):
        for name in ("id", "checked_at"):
            assert data.pop(name)
        data["product"] = data["product"] and data["product"]["asin"]
    assert many["confidence"] == pytest.approx(single.pop("confidence"), abs=0.001)
    assert (many.pop("confidence"), many["asin"]) == (result.confidence, result.asin)
    assert many == {**single, "evidence": many["evidence"]}


def test_what_is_delivered_has_a_price_and_says_whose_it_is(alice: User) -> None:
    [plain] = converted(alice, ["X0001ABCD1"])
    [whole] = converted(alice, ["X0001ABCD2"], include_product=True)
    assert (plain.outcome, plain.lines) == (Outcome.DELIVERED, [("conversion.fnsku", 2)])
    assert whole.lines == [("conversion.fnsku", 2), ("product.lookup", 1)]
    assert (plain.providers, plain.age_seconds, plain.reason) == (["sample"], 0, "")
    assert figures(alice)[0] == 100 - 2 - 3


def test_each_delivery_is_a_conversion_in_the_history(alice: User, as_alice: APIClient) -> None:
    results = converted(alice, [*codes(3), failures.CODE_NOT_FOUND])
    rows = {row.code: row for row in Conversion.objects.for_user(alice)}
    assert list(rows) == codes(3)
    for code, result in zip(codes(3), results, strict=False):
        again = as_alice.get(f"/api/v1/conversion/{told(result)['id']}").json()["data"]
        assert again == told(result) == rows[code].answer
        assert (rows[code].credits, rows[code].asin) == (2, result.asin)
    assert len({row.charge for row in rows.values()}) == 1


# --- what is free ---


def test_a_repeat_is_free_across_jobs_and_single_calls(alice: User, as_alice: APIClient) -> None:
    first = converted(alice, codes(2))
    again = converted(alice, codes(2))
    single = as_alice.post(URL, {"fnsku": codes(2)[0]}, format="json").json()
    assert [one.credits for one in [*first, *again]] == [2, 2, 0, 0]
    assert [told(one)["is_repeat"] for one in [*first, *again]] == [False, False, True, True]
    assert (single["credits_used"], single["data"]["is_repeat"]) == (0, True)
    assert figures(alice)[0] == 96
    assert list(Conversion.objects.values_list("charge", flat=True)).count("") == 3


def test_after_a_year_it_is_paid_for_again(alice: User) -> None:
    converted(alice, [CODE])
    with time_machine.travel(timedelta(days=366), tick=False):
        assert [one.credits for one in converted(alice, [CODE])] == [2]


def test_what_one_account_has_paid_is_not_free_to_another(alice: User) -> None:
    bob = rich()
    assert [one.credits for user in (alice, bob) for one in converted(user, [CODE])] == [2, 2]
    assert Purchase.objects.filter(code=CODE).count() == 2


def test_own_inventory_answers_its_owner_alone_and_for_nothing(alice: User, calls: list[str]) -> None:
    bob = rich()
    own(alice, CODE, OTHER_ASIN)
    [mine], [theirs] = converted(alice, [CODE]), converted(bob, [CODE])
    assert (mine.asin, mine.credits, told(mine)["is_own"]) == (OTHER_ASIN, 0, True)
    assert (theirs.asin, theirs.credits, told(theirs)["is_own"]) == (OWN_ASIN, 2, False)
    assert calls == [CODE]


def test_a_code_that_is_an_asin_is_free(alice: User) -> None:
    [result] = converted(alice, [OWN_ASIN])
    assert (result.asin, result.credits, told(result)["is_asin_already"]) == (OWN_ASIN, 0, True)
    [whole] = converted(alice, [OWN_ASIN], include_product=True)
    assert whole.lines == [("product.lookup", 1)]


def test_what_was_promised_to_be_free_is(alice: User, calls: list[str]) -> None:
    """As when the stock that made it free is deleted while the job runs."""
    [result] = converted(alice, [CODE], price=0)
    assert (result.outcome, result.credits, told(result)["is_repeat"]) == (Outcome.DELIVERED, 0, False)
    assert not Purchase.objects.exists()
    assert figures(alice)[0] == 100


def test_what_was_promised_to_be_free_and_was_bought_says_so(alice: User) -> None:
    converted(alice, [CODE])
    [result] = converted(alice, [CODE], price=0)
    assert (result.credits, told(result)["is_repeat"]) == (0, True)


def test_no_more_is_taken_than_was_promised(alice: User, settings: Settings) -> None:
    settings.CREDIT_PRICES = settings.CREDIT_PRICES | {"conversion.fnsku": 9}
    assert [one.credits for one in converted(alice, [CODE], price=2)] == [2]


# --- what is not given ---


def test_what_nobody_knows_is_said_in_words_and_known_for_a_while(
    alice: User, settings: Settings, calls: list[str]
) -> None:
    settings.PROVIDERS = [catalogue({}, calls)]
    for _ in range(2):
        first, second = converted(alice, codes(2))
        assert (first.outcome, first.retry_after) == (Outcome.NOT_FOUND, None)
        assert second.reason.startswith(f"Nobody knows which ASIN {codes(2)[1]} means.")
    assert calls == [" ".join(codes(2))]


def test_an_answer_less_sure_than_wanted_is_not_told(alice: User) -> None:
    [result] = converted(alice, [CODE], min_confidence=0.999)
    assert (result.outcome, result.asin, result.data, result.credits) == (Outcome.UNSURE, "", "", 0)
    assert result.confidence is not None
    assert result.confidence < 0.999
    assert "min_confidence asks for 1.00" in result.reason
    assert not Conversion.objects.exists()


def test_what_is_still_searched_for_says_when_to_ask_again(alice: User, settings: Settings) -> None:
    settings.PROVIDERS = [catalogue({codes(3)[0]: OWN_ASIN, codes(3)[1]: LEFT_OUT})]
    found, searched, unknown = converted(alice, codes(3))
    assert (found.outcome, unknown.outcome) == (Outcome.DELIVERED, Outcome.NOT_FOUND)
    assert (searched.outcome, searched.retry_after) == (Outcome.FAILED, AGAIN_SECONDS)
    assert searched.reason == "A source is still searching for it."
    assert searched.wait is Wait.SEARCH


def test_the_next_upstream_is_asked_for_what_is_left(
    alice: User, settings: Settings, calls: list[str]
) -> None:
    first, second = codes(2)
    settings.PROVIDERS = [catalogue({first: OWN_ASIN}, calls), *settings.KNOWN_PROVIDERS["sample"]]
    assert [one.providers for one in converted(alice, [first, second])] == [["catalogue"], ["sample"]]


@pytest.mark.parametrize("code", sorted(failures.CODE_FAILURES))
def test_one_that_breaks_the_call_fails_alone(alice: User, code: str) -> None:
    before, broken, after = converted(alice, [codes(2)[0], code, codes(2)[1]])
    assert (before.outcome, after.outcome) == (Outcome.DELIVERED, Outcome.DELIVERED)
    assert (broken.outcome, broken.credits) == (Outcome.FAILED, 0)
    assert broken.retry_after in (AGAIN_SECONDS, failures.CODE_FAILURES[code].retry_after)


def test_one_that_breaks_our_own_code_fails_alone(alice: User, calls: list[str], settings: Settings) -> None:
    says = {codes(2)[0]: OWN_ASIN, codes(2)[1]: 7}
    settings.PROVIDERS = [catalogue(says, calls)]
    good, broken = converted(alice, codes(2))
    assert (good.outcome, broken.outcome, broken.retry_after) == (
        Outcome.DELIVERED,
        Outcome.FAILED,
        AGAIN_SECONDS,
    )
    assert figures(alice)[0] == 98


def test_when_the_time_is_over_none_is_tried_by_itself(
    alice: User, calls: list[str], settings: Settings
) -> None:
    says = {codes(2)[0]: OWN_ASIN, codes(2)[1]: 7}
    settings.PROVIDERS = [catalogue(says, calls)]
    with deadline.within(0):
        results = converted(alice, codes(2))
    assert [(one.outcome, one.retry_after) for one in results] == [(Outcome.FAILED, AGAIN_SECONDS)] * 2
    assert calls == [" ".join(codes(2))]


# --- what it takes ---


def statements(asked: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in asked if "SAVEPOINT" not in query["sql"]]


def test_as_many_statements_for_a_hundred_as_for_ten(alice: User, calls: list[str]) -> None:
    grant(alice, 1000, operation="test", key="test:more")
    converted(alice, [CODE])  # what is learned of sources is read once, and the product is kept
    counted = []
    for named in (codes(110)[:10], codes(110)[10:]):
        with CaptureQueriesContext(connection) as finding:
            found = found_by(alice, named, include_product=True)
        with CaptureQueriesContext(connection) as delivering:
            results = CONVERSIONS.deliver(found, user=alice, charge=f"chg_{len(named)}")
        assert {one.credits for one in results.values()} == {3}
        counted.append((len(statements(finding)), len(statements(delivering))))
    assert counted[0] == counted[1]
    assert counted[0][1] == 2
    assert [len(call.split()) for call in calls] == [1, 10, 100]


def test_what_is_kept_asks_no_upstream(alice: User, calls: list[str]) -> None:
    converted(alice, codes(3))
    converted(rich(), codes(5))
    assert calls == [" ".join(codes(3)), " ".join(codes(5)[3:])]


def test_the_catalogue_is_asked_once_for_all(alice: User, settings: Settings) -> None:
    asked: list[str] = []
    entry = {
        "NAME": "upstream",
        "BACKEND": "conversion.tests.stand_ins.Shelf",
        "OPTIONS": {"calls": asked},
    }
    says = {codes(3)[0]: OWN_ASIN, codes(3)[1]: OTHER_ASIN, codes(3)[2]: OWN_ASIN}
    settings.PROVIDERS = [catalogue(says), entry]
    results = converted(alice, codes(3))
    assert [told(one)["verified_marketplace"] for one in results] == ["US"] * 3
    assert asked == [f"{OWN_ASIN} {OTHER_ASIN}"]


def test_no_connection_is_held_while_an_upstream_answers(
    transactional_db: None, alice: User, settings: Settings
) -> None:
    held: list[Any] = []
    pace = {"latency_ms": 1, "sleep": lambda seconds: held.append(connection.connection)}
    [entry] = settings.KNOWN_PROVIDERS["sample"]
    settings.PROVIDERS = [{**entry, "OPTIONS": pace}]
    User.objects.count()
    converted(alice, codes(3))
    assert held == [None, None]


# --- at the same moment, and afterwards ---


@pytest.mark.django_db(transaction=True)
def test_of_two_who_deliver_the_same_pairs_at_once_one_pays(calls: list[str]) -> None:
    user = rich()
    for turn in range(5):
        named = codes(200)[turn * 20 : turn * 20 + 20]
        there, back = found_by(user, named), found_by(user, named[::-1])
        outcomes = at_once(partial(paid, user, there), partial(paid, user, back))
        credits = [sum(one.credits for one in results) for results in outcomes]
        repeats = Counter(told(one)["is_repeat"] for results in outcomes for one in results)
        assert sum(credits) == 40
        assert repeats == {False: 20, True: 20}
        assert figures(user)[0] == 1000 - 40 * (turn + 1)
    assert_sound()


def test_two_rows_of_one_charge_are_refunded_each_its_own(alice: User, calls: list[str]) -> None:
    converted(alice, codes(3), include_product=True)
    first, second, third = Conversion.objects.for_user(alice).order_by("code")
    assert first.charge == second.charge == third.charge
    assert (wrong(first).refunded, figures(alice)[0]) == (3, 94)
    assert (wrong(second).refunded, figures(alice)[0]) == (3, 97)
    assert list(Purchase.objects.values_list("code", flat=True)) == [third.code]
    assert_sound()


@pytest.mark.django_db(transaction=True)
def test_two_rows_of_one_charge_can_be_refunded_at_once() -> None:
    user = rich()
    converted(user, ["X0001ABCD1", "X0001ABCD2"])
    rows = list(Conversion.objects.for_user(user))
    said = at_once(*[partial(wrong, row) for row in rows])
    assert [one.refunded for one in said] == [2, 2]
    assert figures(user)[0] == 1000
    assert_sound()


def test_what_was_rejected_is_not_answered_again(alice: User, calls: list[str]) -> None:
    converted(alice, codes(2))
    wrong(Conversion.objects.get(code=codes(2)[0]))
    rejected, other = converted(alice, codes(2))
    assert (rejected.outcome, other.outcome) == (Outcome.NOT_FOUND, Outcome.DELIVERED)


# --- the terms ---


def test_what_is_free_is_known_beforehand(alice: User, calls: list[str]) -> None:
    bought, owned, theirs, unknown = codes(4)
    converted(alice, [bought])
    own(alice, owned, OTHER_ASIN)
    own(rich(), theirs, OTHER_ASIN)
    named = [bought, owned, theirs, unknown, OWN_ASIN, "0306406152"]
    with CaptureQueriesContext(connection) as asked:
        free = CONVERSIONS.free(named, user=alice, options=CONVERSIONS.asked({}))
    assert free == {bought, owned, OWN_ASIN, "0306406152"}
    assert len(asked) == 2
    assert CONVERSIONS.free(named, user=alice, options={"include_product": True}) == set()
    with time_machine.travel(timedelta(days=366), tick=False):
        assert bought not in CONVERSIONS.free(named, user=alice, options={})


def test_what_is_asked_is_plain_and_says_what_is_usual() -> None:
    usual = {"marketplace": "US", "min_confidence": 0.0, "include_product": False}
    assert CONVERSIONS.asked({}) == usual
    adopted = CONVERSIONS.adopted({"marketplace": "DE", "include_offers": True})
    assert adopted == {"marketplace": "DE", "min_confidence": 0.0, "include_product": True}
    assert (CONVERSIONS.price({}), CONVERSIONS.price(adopted)) == (2, 3)


def test_a_batch_is_what_the_first_upstream_takes_and_never_tiny(settings: Settings) -> None:
    assert CONVERSIONS.batch({}) == 100
    settings.PROVIDERS = []
    assert CONVERSIONS.batch({"marketplace": "DE"}) == 20


def test_a_claim_that_cannot_be_kept_as_it_is_keeps_no_other_out(alice: User, settings: Settings) -> None:
    settings.PROVIDERS = [catalogue({codes(2)[0]: OWN_ASIN, codes(2)[1]: "NOT-AN-ASIN"})]
    good, bad = converted(alice, codes(2))
    assert (good.outcome, bad.outcome) == (Outcome.DELIVERED, Outcome.NOT_FOUND)
    assert list(Mapping.objects.values_list("code", flat=True)) == [codes(2)[0]]


def test_all_upstreams_down_is_a_failure_worth_trying_again(alice: User, settings: Settings) -> None:
    down = ProviderError("down", retryable=True, reason=ErrorClass.UPSTREAM_DOWN)
    settings.PROVIDERS = [catalogue(dict.fromkeys(codes(2), down))]
    for result in converted(alice, codes(2)):
        assert (result.outcome, result.retry_after) == (Outcome.FAILED, AGAIN_SECONDS)
        assert result.reason == "Nobody who could know this answers now."
