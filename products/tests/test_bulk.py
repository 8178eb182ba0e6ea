"""Many lookups at once, through the protocol of bulk jobs."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from rest_framework.exceptions import ValidationError
from rest_framework.test import APIClient

from accounts.models import User
from api.bulk import Outcome, Result, Row, Wait
from products import tally
from products.bulk import ProductLookups
from products.errors import ProductNotFound
from products.tests.factories import ASIN, a_product, full, purse, sample, upstream
from providers.base import Part, ProductData
from providers.errors import AGAIN_SECONDS, ErrorClass, ProviderError
from providers.sample import failures
from providers.sample.provider import SampleProvider

pytestmark = pytest.mark.django_db
LOOKUPS = ProductLookups()
LATER = timedelta(hours=2)  # no longer fresh, and not too old to serve


def asins(count: int) -> list[str]:
    return [f"B0{number:08d}" for number in range(count)]


def looked_up(user: User, codes: Sequence[str], *, price: int | None = None, **form: Any) -> list[Result]:
    """What became of each code, in their order; nothing else is in the answer."""
    options = LOOKUPS.asked(validated(**form))
    most = LOOKUPS.price(options) if price is None else price
    rows = [Row(number, code, "asin", most) for number, code in enumerate(codes)]
    found = LOOKUPS.find(rows, user=user, options=orjson.loads(orjson.dumps(options)))
    results = LOOKUPS.deliver(found, user=user, charge="chg_1")
    assert set(results) == set(range(len(codes)))
    return [results[number] for number in range(len(codes))]


def validated(**form: Any) -> dict[str, Any]:
    read = LOOKUPS.form(data=form)
    read.is_valid(raise_exception=True)
    return dict(read.validated_data)


def queries(user: User, codes: Sequence[str]) -> int:
    """How many statements a batch takes, first look to last."""
    with CaptureQueriesContext(connection) as asked:
        assert {one.outcome for one in looked_up(user, codes)} == {Outcome.DELIVERED}
    return len(asked)


def down(asin: str, place: str, parts: frozenset[Part]) -> ProductData:
    raise ProviderError("down", retryable=True, reason=ErrorClass.UPSTREAM_DOWN)


class Counted(SampleProvider):
    """The stand-in, which counts how many it is asked about in each call."""

    together: list[int]

    def __init__(self, together: list[int]) -> None:
        super().__init__(timeout_ms=0)
        self.together = together

    def products(self, asins: Sequence[str], **how: Any) -> dict[str, ProductData | None]:
        self.together.append(len(asins))
        return super().products(asins, **how)


@pytest.fixture
def together(settings: Settings) -> list[int]:
    """How many were asked about in each call to the upstream."""
    calls: list[int] = []
    backend = f"{__name__}.Counted"
    settings.PROVIDERS = [{"NAME": "sample", "BACKEND": backend, "OPTIONS": {"together": calls}}]
    return calls


# --- what is given ---


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"include_offers": True, "include_reviews": True, "include_images": False},
        {"fields": ["title", "price"], "marketplace": "DE"},
    ],
)
def test_the_data_is_that_of_a_lookup(alice: User, as_alice: APIClient, form: dict[str, Any]) -> None:
    with time_machine.travel(timedelta(0), tick=False) as clock:
        [result] = looked_up(alice, [ASIN], **form)
        clock.shift(7)
        single = as_alice.post("/api/v1/products/asin", {"asin": ASIN, **form}, format="json").json()["data"]
    told = orjson.loads(result.data)
    ages = {name: (told.pop(name), single.pop(name)) for name in ("freshness", "age_seconds")}
    assert told == single
    assert ages["freshness"] == ("fresh", "cached")
    assert (result.age_seconds, *ages["age_seconds"]) == (0, 0, 7)


def test_what_is_delivered_has_a_price_and_says_whose_it_is(alice: User) -> None:
    [plain] = looked_up(alice, [ASIN])
    [whole] = looked_up(alice, [ASIN], include_offers=True, include_reviews=True)
    assert (plain.outcome, plain.lines) == (Outcome.DELIVERED, [("product.lookup", 1)])
    assert (whole.credits, dict(whole.lines)) == (
        3,
        {"product.lookup": 1, "product.offers": 1, "product.reviews": 1},
    )
    assert (plain.asin, plain.providers, plain.reason, plain.retry_after) == (ASIN, ["sample"], "", None)


def test_a_part_that_nobody_delivers_is_not_paid_for(alice: User, settings: Settings) -> None:
    settings.PROVIDERS = [
        upstream("bare", lambda asin, place, parts: a_product(asin=asin, marketplace=place))
    ]
    [result] = looked_up(alice, [ASIN], include_offers=True)
    assert result.lines == [("product.lookup", 1)]


def test_no_more_is_taken_than_was_promised(alice: User, settings: Settings) -> None:
    settings.CREDIT_PRICES = settings.CREDIT_PRICES | {"product.lookup": 5}
    assert [one.credits for one in looked_up(alice, [ASIN], price=1)] == [1]
    assert [one.credits for one in looked_up(alice, [ASIN], price=0)] == [0]


def test_the_operation_takes_no_credits_itself(alice: User) -> None:
    looked_up(alice, asins(3))
    assert purse(alice) == full(100)


# --- what is not ---


def test_what_does_not_exist_is_said_and_free(alice: User) -> None:
    [result] = looked_up(alice, [failures.PRODUCT_NOT_FOUND])
    assert (result.outcome, result.credits, result.data, result.retry_after) == (
        Outcome.NOT_FOUND,
        0,
        "",
        None,
    )
    assert result.reason == str(ProductNotFound(failures.PRODUCT_NOT_FOUND, "US"))


def test_a_stale_answer_is_delivered_and_free(alice: User, settings: Settings) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        looked_up(alice, [ASIN])
    settings.PROVIDERS = [upstream("sample", down)]
    with time_machine.travel(now + LATER, tick=False):
        [result] = looked_up(alice, [ASIN])
        assert (result.outcome, result.lines) == (Outcome.DELIVERED, [])
        assert orjson.loads(result.data)["freshness"] == "stale"
        assert result.age_seconds == pytest.approx(LATER.total_seconds(), abs=5)


def test_a_failure_says_when_to_try_again_and_no_name(alice: User) -> None:
    down, limited = looked_up(alice, ["B0FAIL0500", "B0FAIL0429"])
    assert (down.outcome, down.retry_after) == (Outcome.FAILED, AGAIN_SECONDS)
    assert (limited.outcome, limited.retry_after) == (Outcome.FAILED, 30)
    assert (down.wait, limited.wait) == (Wait.FAILURE, Wait.LIMIT)
    assert down.reason == limited.reason == "Nobody who could know this answers now."


def test_a_marketplace_that_nobody_serves_is_not_tried_again(alice: User, settings: Settings) -> None:
    settings.PROVIDERS = []
    [result] = looked_up(alice, [ASIN], marketplace="EG")
    assert (result.outcome, result.retry_after) == (Outcome.FAILED, None)
    assert result.reason == "No upstream of this install serves the marketplace EG."


# --- one does not keep the others back ---


@pytest.mark.parametrize("code", sorted(failures.PRODUCT_FAILURES))
def test_one_that_breaks_the_call_fails_alone(alice: User, together: list[int], code: str) -> None:
    names = asins(4)
    results = looked_up(alice, [*names[:2], code, *names[2:]])
    assert [one.outcome for one in results] == [
        Outcome.DELIVERED, Outcome.DELIVERED, Outcome.FAILED, Outcome.DELIVERED, Outcome.DELIVERED
    ]  # fmt: skip
    assert together == [5, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("strange", [{"rating": "5"}, {"availability": object()}], ids=["checked", "written"])
def test_one_that_breaks_our_own_code_fails_alone(
    alice: User, settings: Settings, strange: dict[str, Any]
) -> None:
    def says(asin: str, place: str, parts: frozenset[Part]) -> ProductData:
        return a_product(asin=asin, marketplace=place, **(strange if asin == ASIN else {}))

    settings.PROVIDERS = [upstream("strange", says)]
    results = looked_up(alice, [*asins(2), ASIN])
    assert [one.outcome for one in results] == [Outcome.DELIVERED, Outcome.DELIVERED, Outcome.FAILED]
    assert (results[2].reason, results[2].retry_after) == (
        "Something went wrong here; it has been logged.",
        AGAIN_SECONDS,
    )


def test_when_time_is_over_nobody_is_asked_alone(
    alice: User, together: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.deadline.BATCH_SECONDS", 0.0)
    results = looked_up(alice, [*asins(2), "B0FAIL0500"])
    assert {one.outcome for one in results} == {Outcome.FAILED}
    assert together == [3]


# --- what it takes ---


def test_as_many_statements_for_a_hundred_as_for_ten(alice: User) -> None:
    assert queries(alice, asins(10)) == queries(alice, asins(110)[10:])


def test_what_is_kept_takes_no_statement_and_no_upstream(alice: User, together: list[int]) -> None:
    names = asins(100)
    looked_up(alice, names)
    assert queries(alice, names) == 0
    assert together == [100]


def test_only_what_is_not_kept_is_asked_for(alice: User, together: list[int]) -> None:
    looked_up(alice, asins(3))
    looked_up(alice, asins(10))
    assert together == [3, 7]


def test_max_age_says_how_old_an_answer_may_be(alice: User, together: list[int]) -> None:
    looked_up(alice, [ASIN])
    looked_up(alice, [ASIN], max_age=0)
    assert together == [1, 1]


def test_no_connection_is_held_while_the_upstream_answers(
    transactional_db: None, alice: User, settings: Settings
) -> None:
    held: list[Any] = []
    settings.PROVIDERS = [sample(latency_ms=1, sleep=lambda seconds: held.append(connection.connection))]
    User.objects.count()
    looked_up(alice, asins(3))
    assert held == [None]


def test_delivering_asks_nothing(alice: User) -> None:
    options = LOOKUPS.asked({})
    found = LOOKUPS.find([Row(7, ASIN, "asin", 1)], user=alice, options=options)
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        delivered = LOOKUPS.deliver(found, user=alice, charge="chg_1")
    assert [query for query in asked if "SAVEPOINT" not in query["sql"]] == []
    assert delivered[7].outcome is Outcome.DELIVERED


def test_each_is_counted_as_a_lookup(alice: User) -> None:
    looked_up(alice, [ASIN, failures.PRODUCT_NOT_FOUND, "B0FAIL0500"])
    looked_up(alice, [ASIN, failures.PRODUCT_NOT_FOUND])
    noted = Counter(str(one.outcome) for one in tally.writer.waiting)
    assert noted == {"misses": 2, "failed": 1, "hits": 1, "negative": 1}


# --- the terms ---


def test_what_is_asked_is_plain_and_says_what_is_usual() -> None:
    usual = {
        "marketplace": "US",
        "include_offers": False,
        "include_reviews": False,
        "include_images": True,
        "fields": None,
        "max_age": None,
    }
    assert LOOKUPS.asked({}) == LOOKUPS.asked(validated()) == usual
    asked = LOOKUPS.asked(validated(marketplace="gb", include_offers=True, fields="title,price", max_age=9))
    assert orjson.loads(orjson.dumps(asked)) == {
        **usual, "marketplace": "UK", "include_offers": True, "fields": ["price", "title"], "max_age": 9
    }  # fmt: skip
    assert LOOKUPS.adopted({"marketplace": "DE", "min_confidence": 0.9}) == {**usual, "marketplace": "DE"}


@pytest.mark.parametrize("name", ["only_if_cached", "max_credits", "dry_run", "asin"])
def test_what_is_for_a_single_call_is_no_option_of_a_job(name: str) -> None:
    with pytest.raises(ValidationError, match="There is no such field here"):
        validated(**{name: "1"})


def test_the_price_is_that_of_all_that_may_be_delivered() -> None:
    assert LOOKUPS.price({}) == LOOKUPS.price(LOOKUPS.asked({})) == 1
    assert LOOKUPS.price(LOOKUPS.asked(validated(include_offers=True, include_reviews=True))) == 3


def test_nothing_is_promised_to_be_free(alice: User) -> None:
    looked_up(alice, [ASIN])
    assert LOOKUPS.free([ASIN], user=alice, options={}) == set()


def test_a_batch_is_what_the_first_upstream_takes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LOOKUPS.batch({}) == 100
    monkeypatch.setattr("products.tests.factories.Upstream.max_batch", 20)
    settings.PROVIDERS = [upstream("small", down), *settings.PROVIDERS]
    assert LOOKUPS.batch({"marketplace": "DE"}) == 20
