"""Work in turn: so many at once, any number waiting for an upstream."""

import threading
from collections.abc import Callable

import pytest

from providers.turns import Turns


def in_threads(count: int, work: Callable[[], object]) -> list[threading.Thread]:
    threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def test_no_more_work_at_once_than_there_are_turns() -> None:
    turns, guard = Turns(2), threading.Lock()
    at_work: list[int] = []
    counts: list[int] = []

    def work() -> None:
        with turns.taken():
            with guard:
                at_work.append(1)
                counts.append(len(at_work))
            with guard:
                at_work.pop()

    for thread in in_threads(20, work):
        thread.join(10)
    assert len(counts) == 20
    assert max(counts) <= 2


def test_any_number_may_wait_for_an_upstream() -> None:
    turns, all_wait = Turns(1), threading.Barrier(20)

    def work() -> None:
        with turns.taken(), turns.given_back():
            all_wait.wait(10)

    for thread in in_threads(20, work):
        thread.join(10)
    assert not all_wait.broken


def test_whoever_has_a_turn_keeps_it() -> None:
    turns = Turns(1, patience=10)
    with turns.taken(), turns.taken():
        pass
    with turns.taken():
        pass


def test_without_a_turn_there_is_nothing_to_give_back() -> None:
    turns = Turns(1, patience=10)
    with turns.given_back(), turns.given_back():
        pass
    with turns.taken():
        pass


def test_a_turn_ends_with_its_work_even_when_that_fails() -> None:
    turns = Turns(1, patience=10)
    for _ in range(3):
        with pytest.raises(ValueError, match="failed"), turns.taken():
            raise ValueError("failed")
        with pytest.raises(ValueError, match="failed"), turns.taken(), turns.given_back():
            raise ValueError("failed")


def test_a_queue_that_stands_still_is_left_behind() -> None:
    turns, is_done = Turns(1, patience=0.01), threading.Event()
    with turns.taken():

        def work() -> None:
            with turns.taken():
                is_done.set()

        in_threads(1, work)
        assert is_done.wait(10)
