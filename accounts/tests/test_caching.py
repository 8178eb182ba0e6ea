"""The cache may be away: asking it never fails, and an outage is not waited for on every call."""

import pytest
from django.core.cache import caches

from accounts import caching
from accounts.caching import LimitsCache, Outage, forget, outage, recall, remember


def test_what_is_remembered_is_recalled_until_it_is_forgotten() -> None:
    remember("name", {"a": [1, None, True, "é"]}, seconds=5)
    assert recall("name") == {"a": [1, None, True, "é"]}
    forget(["name"])
    assert recall("name") is None


def test_it_is_forgotten_by_itself() -> None:
    remember("name", 1, seconds=5)
    assert 0 < caches["default"].ttl("name") <= 5  # type: ignore[attr-defined]  # of django-redis


@pytest.mark.usefixtures("redis_away")
def test_without_redis_nothing_is_remembered_and_nothing_fails() -> None:
    remember("name", 1, seconds=5)
    assert recall("name") is None
    forget(["name"])


@pytest.mark.usefixtures("redis_away")
def test_redis_that_failed_is_left_alone_for_a_moment() -> None:
    assert not outage.is_on()
    recall("name")
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
