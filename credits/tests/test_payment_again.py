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


def fail(user: Any, *, is_held: bool = True, **terms: Any) -> None:
    """One piece of work that an upstream spoils."""

    def work() -> None:
        with payment(user, 3, **LOOKUP, **terms) as due:
            if is_held:
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
    assert pay(user, is_held=True).charged == 0
    assert figures(user) == (10, 0, 0)


# --- who knows that it tries again pays for what is delivered in the end ---


@either_way
@pytest.mark.parametrize(("due_now", "gross"), [(3, 3), (1, 3), (0, 3), (1, 5)])
def test_what_an_earlier_attempt_was_charged_beyond_what_is_due_is_given_back(
    is_held: bool, due_now: int, gross: int
) -> None:
    user, cap = user_with(10), uuid4()
    set_cap(cap, limit=5, period="total")
    charge(user, gross, cap=cap, **LOOKUP)
    for _ in range(2):
        with payment(user, 3, cap=cap, is_again=True, **LOOKUP) as due:
            if is_held:
                due.authorise()
            due.amount = due_now
        assert (due.charged, due.available) == (due_now, 10 - due_now)
    assert figures(user) == (10 - due_now, 0, 0)
    assert cap_of(cap).spent == due_now
    assert_sound()


@either_way
def test_an_earlier_attempt_is_given_back_when_nothing_can_be_delivered(is_held: bool) -> None:
    user = user_with(10)
    pay(user)
    for _ in range(2):
        fail(user, is_held=is_held, is_again=True)
    assert entries_of(user) == [("grant", 10), ("charge", -3), ("refund", 3)]
    assert figures(user) == (10, 0, 0)
    assert_sound()


def test_without_the_database_an_earlier_charge_stays_for_the_next_attempt() -> None:
    user = user_with(10)
    pay(user)
    with pytest.raises(OperationalError), payment(user, 3, is_again=True, **LOOKUP):
        raise OperationalError("away")
    assert figures(user) == (7, 0, 0)


@pytest.mark.parametrize("use", [lambda user: charge(user_with(10), 3, **LOOKUP), lambda user: None])
def test_what_is_not_ours_is_not_given_back(use: Callable[[Any], Any]) -> None:
    user = user_with(10)
    use(user)
    with payment(user, 3, is_again=True, **LOOKUP) as due:
        due.amount = 0
    assert due.charged == 0
    assert figures(user) == (10, 0, 0)


@pytest.mark.parametrize("due_now", [3, 1, 0])
def test_what_a_dead_attempt_has_set_aside_pays_for_an_answer_that_is_kept_by_now(due_now: int) -> None:
    user, cap = user_with(3), uuid4()
    set_cap(cap, limit=3, period="total")
    hold(user, 3, cap=cap, **LOOKUP)
    with payment(user, 3, cap=cap, is_again=True, **LOOKUP) as due:
        due.amount = due_now
    assert due.charged == due_now
    assert figures(user) == (3 - due_now, 0, 0)
    assert cap_of(cap).spent == due_now
    assert_sound()


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
