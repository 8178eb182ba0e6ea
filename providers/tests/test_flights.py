"""One asks, the others wait: threads of one process, and leases between processes."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django_redis import get_redis_connection
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from providers.errors import ErrorClass, UpstreamUnavailable
from providers.flights import Flights
from providers.lease import Lease

KEY = "US:B0PALLET01:core"
LOCK = f"pallet:flight:{KEY}"


class Work:
    """What a leader does: counts itself, waits until it may end, then answers or fails."""

    def __init__(self, outcome: object = "answer") -> None:
        self.outcome = outcome
        self.calls = 0
        self.begun = threading.Event()
        self.may_end = threading.Event()
        self._guard = threading.Lock()

    def __call__(self) -> object:
        with self._guard:
            self.calls += 1
        self.begun.set()
        assert self.may_end.wait(30)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


def quick(outcome: object = "answer") -> Work:
    """Return work that ends at once."""
    work = Work(outcome)
    work.may_end.set()
    return work


class Crowd:
    """Threads that all run the same flight; each one's outcome is kept."""

    def __init__(self, count: int, run: Callable[[], object]) -> None:
        self._outcomes: list[object] = []
        self._run = run
        self._threads = [threading.Thread(target=self._one, daemon=True) for _ in range(count)]

    def _one(self) -> None:
        try:
            self._outcomes.append(self._run())
        except BaseException as error:
            self._outcomes.append(error)

    def start(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def join(self) -> list[object]:
        for thread in self._threads:
            thread.join(30)
        return self._outcomes


class Waiting(threading.Event):
    """An event that tells when somebody begins to wait for it."""

    def __init__(self, someone_waits: threading.Semaphore) -> None:
        super().__init__()
        self._someone_waits = someone_waits

    def wait(self, timeout: float | None = None) -> bool:
        self._someone_waits.release()
        return super().wait(timeout)


def nothing() -> None:
    return None


@pytest.fixture
def flights() -> Flights[Any]:
    return Flights()


@pytest.fixture
def other() -> Iterator[Lease]:
    """The lease of another process, as this one sees it."""
    yield Lease(KEY, seconds=30)
    get_redis_connection("default").delete(LOCK)


def outcomes_behind(flights: Flights[Any], work: Work, count: int) -> list[object]:
    """Let a crowd gather behind a leader who is at work, then let the work end; return what each one got."""
    leader = Crowd(1, lambda: flights.run(KEY, work=work, look=nothing)).start()
    assert work.begun.wait(30)
    arrived = threading.Semaphore(0)
    flight = flights._under_way[KEY]
    flight.over = Waiting(arrived)
    followers = Crowd(count, lambda: flights.run(KEY, work=work, look=nothing)).start()
    for _ in range(count):
        assert arrived.acquire(timeout=30)
    work.may_end.set()
    return leader.join() + followers.join()


def test_one_works_and_all_have_the_answer(flights: Flights[Any]) -> None:
    work = Work()
    assert outcomes_behind(flights, work, 20) == ["answer"] * 21
    assert work.calls == 1
    assert flights._under_way == {}


def test_all_fail_with_the_one_who_works(flights: Flights[Any]) -> None:
    failure = UpstreamUnavailable({"keepa": ErrorClass.TIMEOUT})
    work = Work(failure)
    assert outcomes_behind(flights, work, 5) == [failure] * 6
    assert work.calls == 1


def test_when_the_leader_is_killed_another_leads(flights: Flights[Any]) -> None:
    work = Work(SystemExit())
    outcomes = outcomes_behind(flights, work, 1)
    assert [type(outcome) for outcome in outcomes] == [SystemExit, SystemExit]
    assert work.calls == 2


def test_what_is_asked_later_is_asked_again(flights: Flights[Any]) -> None:
    work = quick()
    flights.run(KEY, work=work, look=nothing)
    flights.run(KEY, work=work, look=nothing)
    assert work.calls == 2


def test_different_questions_do_not_wait_for_each_other(flights: Flights[Any]) -> None:
    work = Work()
    crowd = Crowd(1, lambda: flights.run("another", work=work, look=nothing)).start()
    assert work.begun.wait(30)
    assert flights.run(KEY, work=quick(), look=nothing) == "answer"
    work.may_end.set()
    crowd.join()


def test_who_has_waited_long_enough_asks_alone() -> None:
    flights: Flights[Any] = Flights(patience=0.01)
    slow = Work("slow")
    crowd = Crowd(1, lambda: flights.run(KEY, work=slow, look=nothing)).start()
    assert slow.begun.wait(30)
    assert flights.run(KEY, work=quick("own"), look=nothing) == "own"
    slow.may_end.set()
    assert crowd.join() == ["slow"]


def test_without_redis_a_process_flies_on_its_own(flights: Flights[Any], redis_away: None) -> None:
    work = Work()
    assert outcomes_behind(flights, work, 5) == ["answer"] * 6
    assert work.calls == 1


# --- between processes -----------------------------------------------------------------------------------


def test_an_answer_found_on_taking_the_lease_is_enough(flights: Flights[Any]) -> None:
    work = quick()
    assert flights.run(KEY, work=work, look=lambda: "found") == "found"
    assert work.calls == 0


def test_what_another_process_finds_is_taken_from_the_store(flights: Flights[Any], other: Lease) -> None:
    assert other.take() is None
    kept: list[str] = []
    work = quick()
    crowd = Crowd(1, lambda: flights.run(KEY, work=work, look=lambda: kept[0] if kept else None)).start()
    with other.held():
        kept.append("theirs")
    assert crowd.join() == ["theirs"]
    assert work.calls == 0


def until_somebody_looks(commands: Any) -> None:
    """Return when a connection to our Redis database has looked whether the lease is still held."""
    ours = get_redis_connection("default").connection_pool.connection_kwargs.get("db", 0)
    looks = (seen for seen in commands.listen() if seen["command"] == f"GET {LOCK}" and seen["db"] == ours)
    assert next(seen for seen in looks if seen["client_type"] != "lua")


def test_the_failure_of_another_process_is_ours_too(flights: Flights[Any], other: Lease) -> None:
    def fail() -> None:
        with other.held(), get_redis_connection("default").monitor() as commands:
            crowd.start()
            until_somebody_looks(commands)
            raise UpstreamUnavailable({"keepa": ErrorClass.RATE_LIMITED}, retry_after=12)

    assert other.take() is None
    work = quick()
    crowd = Crowd(1, lambda: flights.run(KEY, work=work, look=nothing))
    with pytest.raises(UpstreamUnavailable):
        fail()
    (outcome,) = crowd.join()
    assert isinstance(outcome, UpstreamUnavailable)
    assert (outcome.reasons, outcome.retry_after) == ({"keepa": ErrorClass.RATE_LIMITED}, 12)
    assert work.calls == 0


def test_a_process_that_died_is_waited_for_no_longer_than_its_lease(flights: Flights[Any]) -> None:
    dead = Lease(KEY, seconds=0.05)
    assert dead.take() is None
    work = quick()
    assert flights.run(KEY, work=work, look=nothing) == "answer"
    assert work.calls == 1


def test_a_process_that_hangs_is_not_waited_for_for_ever(other: Lease) -> None:
    assert other.take() is None
    flights: Flights[Any] = Flights(patience=0.03)
    assert flights.run(KEY, work=quick(), look=nothing) == "answer"


def test_a_lease_is_renewed_while_the_work_goes_on() -> None:
    redis = get_redis_connection("default")
    lease = Lease(KEY, seconds=60, renew_after=0.01)
    assert lease.take() is None
    with lease.held():
        redis.expire(LOCK, 30)
        while redis.ttl(LOCK) <= 30:
            assert redis.exists(LOCK)
    assert not redis.exists(LOCK)


def test_nobody_gives_back_or_renews_the_lease_of_another(other: Lease) -> None:
    redis = get_redis_connection("default")
    late = Lease(KEY, seconds=30)
    assert late.take() is None
    with late.held():
        redis.delete(LOCK)
        assert other.take() is None
    assert redis.get(LOCK) == other.take().encode()  # type: ignore[union-attr]


def test_redis_going_away_in_mid_flight_does_no_harm() -> None:
    lease = Lease(KEY, seconds=0.03)
    assert lease.take() is None
    lease._redis = Redis(port=1, retry=Retry(NoBackoff(), 0))  # nobody listens there
    with pytest.raises(RedisError):
        lease.take()
    with pytest.raises(UpstreamUnavailable), lease.held():
        raise UpstreamUnavailable({})
