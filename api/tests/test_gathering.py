"""Questions that come at once are asked together, and each gets its own answer."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.gathering import LARGEST, Gathering


class Slow:
    """Answers twice what is asked; the first question waits until the others stand in line."""

    def __init__(
        self,
        *,
        others: int = 0,
        fails_at: int | None = None,
        failure: type[BaseException] = ConnectionError,
    ) -> None:
        self.gathering: Gathering[int, int] = Gathering(self.double)
        self.others = others
        self.fails_at = fails_at
        self.failure = failure
        self.groups: list[int] = []
        self.is_asked = threading.Event()

    def double(self, numbers: Sequence[int]) -> list[int]:
        self.groups.append(len(numbers))
        if len(self.groups) == 1:
            self.is_asked.set()
            while len(self.gathering.line) < self.others:
                threading.Event().wait(0.001)
        if self.fails_at in numbers:
            raise self.failure("away")
        return [2 * number for number in numbers]

    def ask_at_once(self) -> list[int | BaseException | None]:
        """Ask for 0 and, while that is under way, for all others; what each one gets."""
        with ThreadPoolExecutor(self.others + 1) as threads:
            first = threads.submit(self.gathering.ask, 0)
            self.is_asked.wait(10)
            rest = [threads.submit(self.gathering.ask, number) for number in range(1, self.others + 1)]
            return [one.exception(10) or one.result() for one in (first, *rest)]


def test_alone_it_is_a_plain_question() -> None:
    slow = Slow()
    assert [slow.gathering.ask(number) for number in (1, 2)] == [2, 4]
    assert slow.groups == [1, 1]


def test_those_who_come_meanwhile_are_asked_for_together_and_each_gets_its_own() -> None:
    slow = Slow(others=50)
    assert slow.ask_at_once() == [2 * number for number in range(51)]
    assert slow.groups == [1, 50]


def test_a_line_longer_than_a_group_takes_two() -> None:
    slow = Slow(others=LARGEST + 10)
    assert slow.ask_at_once() == [2 * number for number in range(LARGEST + 11)]
    assert slow.groups == [1, LARGEST, 10]


def test_a_failure_is_told_to_the_whole_group_and_to_nobody_else() -> None:
    slow = Slow(others=3, fails_at=2)
    first, *rest = slow.ask_at_once()
    assert first == 0
    assert [type(one) for one in rest] == [ConnectionError] * 3
    assert slow.gathering.ask(7) == 14


def test_a_failure_is_over_with_its_group() -> None:
    slow = Slow(fails_at=1)
    with pytest.raises(ConnectionError):
        slow.gathering.ask(1)
    assert slow.gathering.ask(2) == 4


def test_who_is_ended_while_asking_for_all_ends_nobody_else() -> None:
    slow = Slow(others=3, fails_at=2, failure=SystemExit)
    first, *rest = slow.ask_at_once()
    assert first == 0
    assert sorted(type(one).__name__ for one in rest) == ["InterruptedError"] * 2 + ["SystemExit"]
    assert slow.gathering.ask(7) == 14
