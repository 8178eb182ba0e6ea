"""A batch that fails takes no other along, and the last failure counts when nothing was answered."""

from collections.abc import Callable

import pytest

from providers.batches import Answered, cut, each, found_or_raised, gathered
from providers.errors import ProviderError, left_out, unbelievable

FIRST, LAST = unbelievable("the first"), unbelievable("the last")


def answers(found: dict[str, int], doubt: ProviderError | None = None) -> Callable[[], Answered[int]]:
    return lambda: (found, doubt)


def fails(failure: Exception) -> Callable[[], Answered[int]]:
    def ask() -> Answered[int]:
        raise failure

    return ask


def test_values_are_cut_in_their_order() -> None:
    assert list(cut("abcde", 2)) == ["ab", "cd", "e"]
    assert list(cut(["a", "b"], 2)) == [["a", "b"]]
    assert list(cut([], 2)) == []


def test_a_question_that_fails_takes_no_other_along() -> None:
    assert gathered([answers({"a": 1}), fails(FIRST), answers({"b": 2})]) == {"a": 1, "b": 2}
    assert gathered([fails(FIRST), answers({"a": 1}, left_out())]) == {"a": 1}


@pytest.mark.parametrize(
    "questions",
    [
        [fails(FIRST), fails(LAST)],
        [answers({}, FIRST), fails(LAST)],
        [fails(FIRST), answers({}, LAST)],
        [fails(LAST), answers({})],
    ],
)
def test_without_any_answer_the_last_failure_is_raised(questions: list[Callable[[], Answered[int]]]) -> None:
    with pytest.raises(ProviderError) as caught:
        gathered(questions)
    assert caught.value is LAST


def test_no_answer_and_no_failure_is_nothing() -> None:
    assert gathered([answers({})]) == gathered([]) == {}


def test_a_fault_of_ours_is_no_failure_of_a_question() -> None:
    with pytest.raises(KeyError):
        gathered([answers({"a": 1}), fails(KeyError("ours"))])


def test_every_key_is_asked_about_on_its_own() -> None:
    def ask(key: str) -> int:
        if key == "bad":
            raise LAST
        return len(key)

    assert each(["one", "bad", "three"], ask) == {"one": 3, "three": 5}
    with pytest.raises(ProviderError):
        each(["bad"], ask)
    assert each([], ask) == {}


def test_a_failure_counts_only_when_nothing_was_found() -> None:
    assert found_or_raised({"a": None}, LAST) == {"a": None}
    assert found_or_raised({}, None) == {}
    with pytest.raises(ProviderError):
        found_or_raised({}, LAST)
