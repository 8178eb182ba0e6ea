"""The token buckets: order, waits, what is learned, and how they are shared."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import ErrorClass, ProviderError
from providers.limits import KEPT_SECONDS, Lesson, Limits, Rate
from providers.shared import Shared
from providers.tests.clocks import Stopped

RATE = Rate(2, 3)


@pytest.fixture
def time() -> Stopped:
    return Stopped()


@pytest.fixture
def limits(time: Stopped) -> Limits:
    return Limits("test", {"search": RATE}, clock=time.clock, facts=Shared())


def refused(limits: Limits, **options: float) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        limits.take("search", **options)
    return caught.value


def test_a_full_bucket_lets_its_burst_through_at_once(limits: Limits) -> None:
    assert [limits.take("search") for _ in range(3)] == [0, 0, 0]


def test_when_it_is_empty_the_failure_names_the_wait(limits: Limits) -> None:
    for _ in range(3):
        limits.take("search")
    error = refused(limits)
    assert (error.reason, error.retryable, error.retry_after) == (ErrorClass.RATE_LIMITED, False, 0.5)


def test_who_may_wait_is_told_how_long_each_a_little_longer(limits: Limits) -> None:
    assert [limits.take("search", wait_max=5) for _ in range(6)] == [0, 0, 0, 0.5, 1.0, 1.5]


def test_who_is_refused_takes_nothing(limits: Limits) -> None:
    for _ in range(3):
        limits.take("search")
    refused(limits)
    refused(limits)
    assert limits.take("search", wait_max=1) == 0.5


def test_tokens_come_back_with_time_up_to_the_burst(limits: Limits, time: Stopped) -> None:
    for _ in range(3):
        limits.take("search")
    time.passes(0.5)
    limits.take("search")
    time.passes(3600)
    standing = limits.standing("search")
    assert (standing.rate, standing.tokens) == (RATE, 3)


def test_a_call_that_costs_more_than_there_is_leaves_a_debt(limits: Limits, time: Stopped) -> None:
    assert limits.take("search", cost=7) == 0
    assert refused(limits).retry_after == pytest.approx((1 - (3 - 7)) / 2)
    time.passes(2.5)
    assert limits.take("search") == 0


def test_a_bucket_nobody_knows_a_rate_of_lets_all_through(limits: Limits) -> None:
    assert [limits.take("unknown") for _ in range(100)] == [0] * 100
    assert limits.standing("unknown").rate is None


def test_a_rate_that_an_upstream_tells_holds_from_then_on(limits: Limits, time: Stopped) -> None:
    limits.learn("search", Lesson(per_second=0.5))
    for _ in range(3):
        limits.take("search")
    assert refused(limits).retry_after == pytest.approx(2)
    assert limits.standing("search").rate == Rate(0.5, 3)


def test_a_rate_can_be_learned_where_there_was_none(limits: Limits) -> None:
    limits.learn("tokens", Lesson(per_second=1, burst=60, tokens=2))
    assert [limits.take("tokens") for _ in range(2)] == [0, 0]
    with pytest.raises(ProviderError):
        limits.take("tokens")


def test_a_wait_that_an_upstream_names_is_kept(limits: Limits, time: Stopped) -> None:
    limits.learn("search", Lesson(wait=30))
    assert refused(limits, wait_max=29).retry_after == pytest.approx(30)
    time.passes(30)
    assert limits.take("search") == 0


def test_an_upstream_that_lets_nobody_in_is_left_alone_for_as_long_as_that_is_remembered(
    limits: Limits,
) -> None:
    limits.learn("search", Lesson(per_second=0, tokens=0))
    assert refused(limits, wait_max=60).retry_after == KEPT_SECONDS


def test_two_processes_share_a_bucket(time: Stopped) -> None:
    ours, theirs = (Limits("test", {"search": RATE}, clock=time.clock, facts=Shared()) for _ in range(2))
    assert [ours.take("search"), theirs.take("search"), ours.take("search")] == [0, 0, 0]
    assert theirs.take("search", wait_max=1) == 0.5


def test_credentials_and_operations_have_buckets_of_their_own(time: Stopped) -> None:
    rates = {"search": Rate(1, 1), "offers": Rate(1, 1)}
    one, other = (Limits(name, rates, clock=time.clock, facts=Shared()) for name in ("a", "b"))
    assert [one.take("search"), one.take("offers"), other.take("search")] == [0, 0, 0]


def test_many_threads_never_take_more_than_there_is(time: Stopped) -> None:
    limits = Limits("test", {"search": Rate(1, 10)}, clock=time.clock, facts=Shared())
    passed, together = [], threading.Barrier(16)

    def take() -> None:
        together.wait()
        for _ in range(5):
            try:
                passed.append(limits.take("search"))
            except ProviderError:
                continue

    threads = [threading.Thread(target=take) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passed == [0] * 10


@pytest.fixture
def without_redis(redis_away: None) -> Shared:
    """Facts in a process that does not reach Redis."""
    return Shared()


def test_without_redis_the_limit_holds_in_the_process(without_redis: Shared, time: Stopped) -> None:
    limits = Limits("test", {"search": RATE}, clock=time.clock, facts=without_redis)
    assert [limits.take("search", wait_max=5) for _ in range(5)] == [0, 0, 0, 0.5, 1.0]


@given(
    st.lists(st.tuples(st.floats(0, 3), st.sampled_from([0.0, 0.4, 10.0])), max_size=60),
    st.sampled_from([Rate(2, 3), Rate(0.1, 1), Rate(5, 10)]),
)
def test_in_no_window_do_more_calls_go_out_than_the_bucket_allows(
    calls: list[tuple[float, float]], rate: Rate
) -> None:
    time = Stopped()
    limits = Limits("test", {"search": rate}, clock=time.clock, facts=InMemory())
    sent = []
    for pause, wait_max in calls:
        time.passes(pause)
        try:
            sent.append(time.seconds + limits.take("search", wait_max=wait_max))
        except ProviderError:
            continue
    for first, start in enumerate(sent):
        for last in range(first, len(sent)):
            allowed = rate.burst + (sent[last] - start) * rate.per_second
            assert last - first + 1 <= allowed + 1e-6


class InMemory(Shared):
    """Facts of one test alone."""

    def __init__(self) -> None:
        super().__init__()
        self._away_until = float("inf")
