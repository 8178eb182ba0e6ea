"""What an answer of fnskutoasin.com says of a code."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import ErrorClass, ProviderError
from providers.fnskutoasin.parse import Task, task
from providers.tests.fixtures import fixtures_of

CODE = "X001PALLET"
fixture = fixtures_of("fnskutoasin")


def answer(**changes: Any) -> dict[str, Any]:
    """Return the answer of a finished search, with another task."""
    whole = fixture("finished")
    return whole | {"data": whole["data"] | changes}


def reason(body: dict[str, Any]) -> ErrorClass:
    with pytest.raises(ProviderError) as caught:
        task(body, CODE)
    assert not caught.value.retryable
    return caught.value.reason


def test_a_finished_search_has_its_asin() -> None:
    assert task(fixture("finished"), CODE) == Task(is_pending=False, asin="B0PALLET01")


def test_a_search_that_goes_on_is_pending() -> None:
    assert task(fixture("pending"), CODE) == Task(is_pending=True)


def test_a_failed_search_found_none() -> None:
    assert task(fixture("failed"), CODE) == Task(is_pending=False)


@pytest.mark.parametrize("asin", [None, "", "  ", "None", "none", "NULL"])
def test_words_for_none_are_no_asin(asin: object) -> None:
    assert task(answer(asin=asin), CODE) == Task(is_pending=False)


@pytest.mark.parametrize(
    ("asin", "normal"),
    [("B0PALLET01", "B0PALLET01"), (" b0pallet01 ", "B0PALLET01"), ("043942089x", "043942089X")],
)
def test_an_asin_is_in_its_normal_form(asin: str, normal: str) -> None:
    assert task(answer(asin=asin), CODE).asin == normal


@pytest.mark.parametrize(
    "asin", ["X001PALLET", "B0PALLET", "4006381333931", "no idea", 7, ["B0PALLET01"], {}, True, "B0" * 5000]
)
def test_what_is_no_asin_is_not_believed(asin: object) -> None:
    assert reason(answer(asin=asin)) is ErrorClass.INVALID_ANSWER


@pytest.mark.parametrize("code", ["x001pallet", " X001PALLET "])
def test_the_case_of_the_code_does_not_matter(code: str) -> None:
    assert task(answer(barCode=code), CODE).asin == "B0PALLET01"
    assert task(fixture("finished"), code).asin == "B0PALLET01"


@pytest.mark.parametrize("code", [None, "", "X001OTHER1", 7, [CODE]])
def test_an_answer_about_another_code_is_not_believed(code: object) -> None:
    assert reason(answer(barCode=code)) is ErrorClass.INVALID_ANSWER


@pytest.mark.parametrize("state", [None, 3, -1, "1", True, False, 0.5, [1], {}])
def test_a_task_in_no_known_state_is_not_believed(state: object) -> None:
    assert reason(answer(taskState=state)) is ErrorClass.INVALID_ANSWER


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": []}, {"data": "x"}, {"succeeded": True}])
def test_an_answer_without_a_task_is_not_believed(body: dict[str, Any]) -> None:
    assert reason(body) is ErrorClass.INVALID_ANSWER


def test_what_did_not_succeed_is_a_refusal() -> None:
    assert reason(fixture("finished") | {"succeeded": False}) is ErrorClass.INVALID_REQUEST
    assert reason({"succeeded": False, "data": None}) is ErrorClass.INVALID_REQUEST


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(changes=st.dictionaries(st.sampled_from(["barCode", "asin", "taskState"]), JSON), outer=JSON)
def test_whatever_is_sent_is_read_or_refused(changes: dict[str, Any], outer: Any) -> None:
    for body in (answer(**changes), {"succeeded": outer, "data": outer}):
        try:
            found = task(body, CODE)
        except ProviderError:
            continue
        assert found.asin is None or not found.is_pending
