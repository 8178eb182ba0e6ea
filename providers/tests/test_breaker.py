"""The circuit breaker: when it opens, who tries, when it closes."""

import pytest

from providers.breaker import BROKEN, FAILURES, FIRST_PAUSE, LONGEST_PAUSE, Breaker
from providers.errors import ErrorClass, ProviderError
from providers.shared import Shared
from providers.tests.clocks import Stopped

DOWN = ErrorClass.UPSTREAM_DOWN


@pytest.fixture
def time() -> Stopped:
    return Stopped()


@pytest.fixture
def breaker(time: Stopped) -> Breaker:
    return Breaker("test", patience=25, clock=time.clock, facts=Shared())


def fail(breaker: Breaker, times: int = FAILURES, reason: ErrorClass = DOWN) -> None:
    for _ in range(times):
        breaker.note("search", reason)


def is_open(breaker: Breaker) -> bool:
    try:
        breaker.enter("search")
    except ProviderError:
        return True
    return False


@pytest.mark.parametrize("reason", sorted(BROKEN))
def test_it_opens_after_some_failures_in_a_row(breaker: Breaker, reason: ErrorClass) -> None:
    fail(breaker, FAILURES - 1, reason)
    assert not is_open(breaker)
    fail(breaker, 1, reason)
    assert is_open(breaker)


def test_a_success_in_between_begins_the_count_anew(breaker: Breaker) -> None:
    for _ in range(3):
        fail(breaker, FAILURES - 1)
        breaker.note("search", None)
    assert not is_open(breaker)


@pytest.mark.parametrize("reason", sorted(set(ErrorClass) - BROKEN))
def test_a_refusal_shows_that_the_upstream_lives(breaker: Breaker, reason: ErrorClass) -> None:
    fail(breaker, FAILURES - 1)
    fail(breaker, 1, reason)
    fail(breaker, FAILURES - 1)
    assert not is_open(breaker)


def test_the_refusal_says_how_long_it_stays_open(breaker: Breaker, time: Stopped) -> None:
    fail(breaker)
    time.passes(4)
    with pytest.raises(ProviderError) as caught:
        breaker.enter("search")
    assert caught.value.retry_after == pytest.approx(FIRST_PAUSE - 4)
    assert (caught.value.reason, caught.value.retryable) == (DOWN, False)


def test_after_the_pause_exactly_one_may_try(breaker: Breaker, time: Stopped) -> None:
    fail(breaker)
    time.passes(FIRST_PAUSE)
    assert [is_open(breaker) for _ in range(3)] == [False, True, True]


def test_a_trial_that_succeeds_closes_it(breaker: Breaker, time: Stopped) -> None:
    fail(breaker)
    time.passes(FIRST_PAUSE)
    assert not is_open(breaker)
    breaker.note("search", None)
    assert [is_open(breaker) for _ in range(3)] == [False, False, False]
    assert breaker.health("search").state == "closed"


def test_a_trial_that_fails_doubles_the_pause_up_to_a_limit(breaker: Breaker, time: Stopped) -> None:
    fail(breaker)
    pauses = []
    for _ in range(6):
        time.passes(breaker.health("search").retry_after)
        assert not is_open(breaker)
        fail(breaker, 1)
        pauses.append(breaker.health("search").retry_after)
    assert pauses == [pytest.approx(one) for one in (20, 40, 80, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE)]


def test_a_trial_that_never_ends_gives_way_to_another(breaker: Breaker, time: Stopped) -> None:
    fail(breaker)
    time.passes(FIRST_PAUSE)
    assert not is_open(breaker)
    time.passes(24)
    assert is_open(breaker)
    time.passes(1)
    assert not is_open(breaker)


def test_a_trial_that_was_not_made_gives_way_at_once(breaker: Breaker, time: Stopped) -> None:
    fail(breaker)
    time.passes(FIRST_PAUSE)
    assert not is_open(breaker)
    breaker.forgo("search")
    assert not is_open(breaker)


def test_to_forgo_a_call_that_was_no_trial_changes_nothing(breaker: Breaker) -> None:
    fail(breaker)
    breaker.forgo("search")
    assert is_open(breaker)


def test_failures_that_began_before_it_opened_do_not_lengthen_the_pause(
    breaker: Breaker, time: Stopped
) -> None:
    fail(breaker, 50)
    time.passes(FIRST_PAUSE)
    assert not is_open(breaker)


def test_each_operation_has_a_circuit_of_its_own(breaker: Breaker) -> None:
    fail(breaker)
    breaker.enter("offers")
    assert [breaker.health(one).state for one in ("search", "offers")] == ["open", "closed"]


def test_all_processes_share_a_circuit(time: Stopped) -> None:
    ours, theirs = (Breaker("test", patience=25, clock=time.clock, facts=Shared()) for _ in range(2))
    fail(ours)
    assert is_open(theirs)
    time.passes(FIRST_PAUSE)
    assert [is_open(theirs), is_open(ours)] == [False, True]
    assert ours.health("search").state == "half open"
    theirs.note("search", None)
    assert not is_open(ours)
