"""Facts that all processes share, and what happens to them without Redis."""

import threading

from django_redis import get_redis_connection

from providers.shared import MOST_IN_MEMORY, Fact, Shared


def counted(fact: Fact) -> tuple[Fact, int]:
    count = fact.get("count", 0) + 1
    return {"count": count}, count


def test_a_fact_nobody_knows_is_empty() -> None:
    assert Shared().read("new") == {}


def test_a_change_is_seen_by_every_process() -> None:
    ours, theirs = Shared(), Shared()
    assert [one.change("x", counted, seconds=60) for one in (ours, theirs, ours)] == [1, 2, 3]
    assert theirs.read("x") == {"count": 3}


def test_no_change_is_lost_among_threads_and_processes() -> None:
    processes, together = [Shared(), Shared()], threading.Barrier(8)

    def count(shared: Shared) -> None:
        together.wait()
        for _ in range(25):
            shared.change("x", counted, seconds=60)

    threads = [threading.Thread(target=count, args=(processes[number % 2],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Shared().read("x") == {"count": 200}


def test_a_fact_is_forgotten_some_time_after_its_last_change() -> None:
    Shared().change("x", counted, seconds=60)
    assert 59_000 < get_redis_connection("default").pttl("pallet:upstream:x") <= 60_000


def test_what_stays_as_it_is_is_not_written() -> None:
    shared = Shared()
    shared.change("x", lambda fact: (fact, None), seconds=60)
    assert get_redis_connection("default").exists("pallet:upstream:x") == 0


def test_without_redis_a_process_remembers_for_itself(redis_away: None) -> None:
    shared = Shared()
    assert [shared.change("x", counted, seconds=60) for _ in range(3)] == [1, 2, 3]
    assert shared.read("x") == {"count": 3}


def test_what_a_process_remembers_for_itself_is_bounded() -> None:
    shared = Shared()
    shared._away_until = float("inf")
    for number in range(MOST_IN_MEMORY + 10):
        shared.change(str(number), counted, seconds=60)
    assert len(shared._memory) <= MOST_IN_MEMORY
