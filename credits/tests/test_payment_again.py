"""payment() under a key that was used before: what was charged counts, and nothing is charged twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from credits import holds
from credits.caps import set_cap
from credits.errors import CapReached, DuplicateEntry, InsufficientCredits
from credits.models import Hold
from credits.services import Payment, charge, grant, hold, payment, refund
from credits.tests.cables import Cable
from credits.tests.factories import assert_sound, at_once, cap_of, entries_of, figures, user_with

pytestmark = pytest.mark.django_db

LOOKUP: Any = {"operation": "product.lookup", "key": "chg_1"}


def pay(user: Any, amount: int = 3, *, is_held: bool = False, **terms: Any) -> Payment:
    """One piece of work, from a cache or from an upstream."""
    with payment(user, amount, **{**LOOKUP, **terms}) as due:
        if is_held:
            due.authorise()
    return due


def fail(user: Any, **terms: Any) -> None:
    """One piece of work that an upstream spoils."""

    def work() -> None:
        with payment(user, 3, **LOOKUP, **terms) as due:
            due.authorise()
            raise RuntimeError("upstream")

    with pytest.raises(RuntimeError):
        work()


either_way = pytest.mark.parametrize("is_held", [False, True], ids=["cached", "asked"])


@either_way
@pytest.mark.parametrize("credits", [3, 10])
def test_what_was_charged_is_not_charged_again(is_held: bool, credits: int) -> None:
    user = user_with(credits)
    assert pay(user).charged == 3
    again = pay(user, is_held=is_held)
    assert (again.charged, again.available) == (3, credits - 3)
    assert entries_of(user) == [("grant", credits), ("charge", -3)]
    assert figures(user) == (credits - 3, 0, 0)
    assert_sound()


@either_way
def test_what_was_charged_counts_whatever_is_delivered_now(is_held: bool) -> None:
    user = user_with(10)
    with payment(user, 3, **LOOKUP) as due:
        due.amount = 1
    again = pay(user, is_held=is_held)
    assert (again.charged, again.available) == (1, 9)


def test_a_cap_that_is_reached_does_not_stop_what_was_charged() -> None:
    user, cap = user_with(10), uuid4()
    set_cap(cap, limit=3, period="total")
    for is_held in (True, True, False):
        assert pay(user, cap=cap, is_held=is_held).charged == 3
    assert cap_of(cap).spent == 3
    assert_sound()


def test_a_charge_of_the_same_work_meanwhile_lets_go_what_was_held() -> None:
    user = user_with(10)
    with payment(user, 3, **LOOKUP) as due:
        due.authorise()
        charge(user, 3, **LOOKUP)
    assert (due.charged, due.available) == (3, 7)
    assert figures(user) == (7, 0, 0)
    assert_sound()


@either_way
@pytest.mark.parametrize(
    "use",
    [
        lambda user: charge(user_with(10), 3, **LOOKUP),
        lambda user: charge(user, 3, operation="product.search", key="chg_1"),
        lambda user: charge(user, 4, **LOOKUP),
        lambda user: grant(user, 3, **LOOKUP),
    ],
    ids=["another wallet", "another operation", "more than is due", "no charge"],
)
def test_a_key_that_stands_for_something_else_is_refused(use: Callable[[Any], Any], is_held: bool) -> None:
    user = user_with(10)
    use(user)
    before = figures(user)
    with pytest.raises(DuplicateEntry):
        pay(user, is_held=is_held)
    assert figures(user) == before
    assert_sound()


@pytest.mark.parametrize(
    "use",
    [
        lambda user: hold(user_with(10), 3, **LOOKUP),
        lambda user: hold(user, 3, operation="product.search", key="chg_1"),
        lambda user: hold(user, 2, **LOOKUP),
    ],
    ids=["another wallet", "another operation", "less than is due"],
)
def test_a_hold_of_something_else_is_refused(use: Callable[[Any], Any]) -> None:
    user = user_with(10)
    use(user)
    before = figures(user)
    with pytest.raises(DuplicateEntry):
        pay(user, is_held=True)
    assert figures(user) == before


def test_who_can_pay_neither_now_nor_has_paid_is_refused() -> None:
    user = user_with(2)
    charge(user_with(5), 3, **LOOKUP)
    with pytest.raises(InsufficientCredits):
        pay(user, is_held=True)


def test_work_that_failed_can_be_tried_again() -> None:
    user = user_with(10)
    for _ in range(2):
        fail(user)
    with payment(user, 3, **LOOKUP) as due:
        due.authorise()
        assert figures(user) == (10, 3, 0)
    assert (due.charged, due.available) == (3, 7)
    assert entries_of(user) == [("grant", 10), ("charge", -3)]
    assert_sound()


def test_work_that_failed_is_refused_before_an_upstream_when_credits_are_short_now() -> None:
    user, cap = user_with(3), uuid4()
    set_cap(cap, limit=3, period="total")
    fail(user, cap=cap)
    set_cap(cap, limit=2, period="total")
    with pytest.raises(CapReached):
        pay(user, is_held=True, cap=cap)
    charge(user, 1, operation="product.lookup", key="chg_2")
    with pytest.raises(InsufficientCredits):
        pay(user, is_held=True)
    assert figures(user) == (2, 0, 0)


def test_the_rest_of_a_larger_hold_that_is_taken_over_is_let_go() -> None:
    user = user_with(10)
    hold(user, 5, **LOOKUP)
    assert pay(user, is_held=True).charged == 3
    assert figures(user) == (7, 0, 0)
    assert_sound()


def test_a_hold_that_is_taken_over_too_late_becomes_a_plain_charge() -> None:
    user = user_with(10)
    hold(user, 3, **LOOKUP)
    with payment(user, 3, **LOOKUP) as due:
        due.authorise()
        holds.release_expired(timezone.now() + timedelta(hours=1))
    assert due.charged == 3
    assert figures(user) == (7, 0, 0)
    assert_sound()


def test_a_charge_that_was_refunded_is_not_taken_again() -> None:
    user = user_with(10)
    pay(user)
    refund("chg_1", key="ref_1")
    assert pay(user, is_held=True).charged == 3
    assert figures(user) == (10, 0, 0)


@pytest.mark.django_db(transaction=True)
@either_way
def test_many_at_once_under_one_key_pay_once_and_are_all_answered(is_held: bool) -> None:
    user = user_with(1000)
    outcomes = at_once(*[lambda: pay(user, is_held=is_held).charged] * 16)
    assert outcomes == [3] * 16
    assert figures(user) == (997, 0, 0)
    assert entries_of(user) == [("grant", 1000), ("charge", -3)]
    assert not Hold.objects.open().exists()
    assert_sound()


@pytest.mark.django_db(transaction=True)
@either_way
@pytest.mark.parametrize("is_committed", [True, False], ids=["committed", "not committed"])
def test_who_never_hears_of_the_commit_pays_once(is_held: bool, is_committed: bool) -> None:
    user = user_with(10)

    def work() -> tuple[int, int | None]:
        with Cable() as cable:
            pay(user, 1, key="chg_0", is_held=is_held)  # whatever is prepared on first use is prepared now
            cable.cut_at(b"chg_1", is_delivered=is_committed)
            with payment(user, 3, **LOOKUP) as due:
                if is_held:
                    due.authorise()
                cable.arm()
            assert cable.is_cut
            return due.charged, due.available

    assert at_once(work) == [(3, 6)]
    assert figures(user) == (6, 0, 0)
    assert entries_of(user) == [("grant", 10), ("charge", -1), ("charge", -3)]
    assert_sound()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_stays_away_is_told_and_nothing_is_taken() -> None:
    user = user_with(10)

    def work() -> None:
        with Cable() as cable, payment(user, 3, **LOOKUP):
            connection.ensure_connection()
            cable.close()

    [outcome] = at_once(work)
    assert isinstance(outcome, OperationalError)
    assert figures(user) == (10, 0, 0)
