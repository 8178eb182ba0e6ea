"""The cache may be away: asking it never fails, and an outage is not waited for on every call."""

import pytest
from django.core.cache import caches
from django_redis import get_redis_connection

from accounts import caching, facts
from accounts.caching import LimitsCache, Outage, outage
from accounts.credentials import Claim

SESSION = Claim("session", "a session", b"")


def test_what_is_remembered_is_recalled_until_it_is_forgotten() -> None:
    facts.remember(SESSION, b'{"a": 1}', seconds=5)
    assert facts.recall(SESSION) == b'{"a": 1}'
    facts.forget_now([SESSION.name])
    assert facts.recall(SESSION) is None


def test_it_is_forgotten_by_itself() -> None:
    facts.remember(SESSION, b"1", seconds=3.5)
    assert 3000 < get_redis_connection("default").pttl(SESSION.name) <= 3500


def test_what_was_read_too_long_ago_is_not_remembered() -> None:
    for seconds in 0.0001, 0, -1:
        facts.remember(SESSION, b"1", seconds=seconds)
        assert facts.recall(SESSION) is None


@pytest.mark.usefixtures("redis_away")
def test_without_redis_nothing_is_remembered_and_nothing_fails() -> None:
    facts.remember(SESSION, b"1", seconds=5)
    assert facts.recall(SESSION) is None
    facts.forget_now([SESSION.name])


@pytest.mark.usefixtures("redis_away")
def test_redis_that_failed_is_left_alone_for_a_moment() -> None:
    assert not outage.is_on()
    facts.recall(SESSION)
    assert outage.is_on()


def test_a_call_is_made_again_after_the_pause() -> None:
    pause = Outage()
    calls: list[str] = []

    def fail() -> str:
        calls.append("asked")
        raise ConnectionError

    answers = [pause.attempt(fail, otherwise=lambda: "without") for _ in range(3)]
    assert (answers, calls) == (["without"] * 3, ["asked"])
    pause.end()
    assert pause.attempt(lambda: "with", otherwise=lambda: "without") == "with"


def test_a_mistake_of_ours_is_no_outage() -> None:
    def mistake() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        Outage().attempt(mistake, otherwise=caching.nothing)
    assert not outage.is_on()


@pytest.mark.usefixtures("redis_away")
def test_counts_go_on_in_memory_without_redis() -> None:
    limits = caches["limits"]
    assert limits.add("count", 1, 60) is True
    assert limits.add("count", 1, 60) is False
    assert limits.incr("count") == 2
    assert limits.get("count") == 2
    assert limits.get("nothing", 0) == 0
    assert limits.incr("begun-in-redis") == 1


def test_counts_are_in_redis_when_it_is_there() -> None:
    limits = caches["limits"]
    assert limits.add("count", 1, 60) is True
    assert limits.add("count", 1, 60) is False
    assert limits.incr("count") == 2
    assert limits.get("count") == 2
    assert isinstance(limits, LimitsCache)
    assert limits.memory.get("count") is None
