"""Asking upstreams about many codes: one call for all, the next upstream for what is left, none kept back."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from providers import deadline
from providers.base import IdentifierProvider, Match, Source
from providers.codes import Told, ask
from providers.errors import AGAIN_SECONDS, ErrorClass, ProviderError, UpstreamUnavailable
from providers.kinds import Kind
from providers.marketplaces import MARKETPLACES

A, B, C = "X00AAAAAAA", "X00BBBBBBB", "X00CCCCCCC"
ASIN = "B07ZPKCJ6X"
SEARCHING = ProviderError("searching", retryable=False, reason=ErrorClass.PENDING, retry_after=30)
DOWN = ProviderError("down", retryable=True, reason=ErrorClass.UPSTREAM_DOWN, retry_after=9)


class Resolver(IdentifierProvider):
    """Says of each code an ASIN or None, raises what is to be raised for one, leaves out what it lacks."""

    kinds = frozenset({Kind.FNSKU})
    marketplaces = frozenset(MARKETPLACES)

    def __init__(self, name: str, says: dict[str, Any], max_batch: int = 100) -> None:
        self.name = name  # type: ignore[misc]  # one class plays several providers
        self.max_batch = max_batch  # type: ignore[misc]
        self.says = says
        self.calls: list[list[str]] = []

    def resolve(self, codes: Sequence[str], *, marketplace: str) -> dict[str, Match | None]:
        self.calls.append(list(codes))
        return {code: self.match(self.says[code], code) for code in codes if code in self.says}

    def match(self, said: Any, code: str) -> Match | None:
        if isinstance(said, Exception):
            raise said
        at = datetime(2026, 11, 20, tzinfo=UTC)
        return said and Match(code=code, asins=(said,), source=Source(self.name, at))


def told(*providers: Resolver, codes: Sequence[str] = (A, B)) -> dict[str, Any]:
    return dict(ask(codes, providers, marketplace="US"))


def test_all_are_asked_about_in_one_call() -> None:
    one = Resolver("one", {A: ASIN, B: None})
    answers = told(one)
    assert one.calls == [[A, B]]
    assert answers[A].match.asins == (ASIN,)
    assert (answers[B].match, answers[B].is_known) == (None, True)


def test_the_next_one_is_asked_about_what_is_left_and_nobody_about_nothing() -> None:
    first, second, third = Resolver("1", {A: ASIN, B: None}), Resolver("2", {B: ASIN}), Resolver("3", {})
    answers = told(first, second, third)
    assert (second.calls, third.calls) == ([[B]], [])
    assert answers[B].match.source.provider == "2"


@pytest.mark.parametrize("reason", list(ErrorClass))
def test_one_that_breaks_the_call_fails_alone(reason: ErrorClass) -> None:
    one = Resolver("one", {A: ASIN, B: ProviderError("no", retryable=False, reason=reason), C: ASIN})
    answers = told(one, codes=[A, B, C])
    assert (answers[A].match.asins, answers[C].match.asins) == ((ASIN,), (ASIN,))
    assert not getattr(answers[B], "is_known", False)
    assert one.calls == [[A, B, C], [A], [B], [C]]


def test_a_fault_of_the_adapter_is_a_failure_of_that_code() -> None:
    answers = told(Resolver("one", {A: ASIN, B: KeyError("a fault")}))
    assert isinstance(answers[A], Told)
    assert isinstance(answers[B], UpstreamUnavailable)
    assert answers[B].reasons == {"one": ErrorClass.INVALID_ANSWER}


def test_one_that_takes_a_code_at_a_time_has_asked_alone_already() -> None:
    one = Resolver("one", dict.fromkeys((A, B), DOWN), max_batch=1)
    assert all(isinstance(answer, UpstreamUnavailable) for answer in told(one).values())
    assert len(one.calls) == 1


def test_when_time_is_over_nobody_is_asked_alone() -> None:
    one = Resolver("one", {A: ASIN, B: DOWN})
    with deadline.within(0):
        assert isinstance(told(one)[A], UpstreamUnavailable)
    assert len(one.calls) == 1


def test_what_is_left_out_among_others_may_still_be_searched_for() -> None:
    answers = told(Resolver("one", {A: ASIN}), Resolver("two", {B: None}))
    assert (answers[B].is_known, answers[B].retry_after) == (True, AGAIN_SECONDS)


def test_what_is_left_out_alone_is_a_failure() -> None:
    assert told(Resolver("one", {}), codes=[A])[A].reasons == {"one": ErrorClass.PARTIAL}


def test_what_is_searched_for_says_how_long_it_takes() -> None:
    assert told(Resolver("one", {A: SEARCHING}), codes=[A])[A].retry_after == 30


def test_of_a_code_of_which_all_failed_the_shortest_wait_is_told() -> None:
    slow = ProviderError("later", retryable=True, reason=ErrorClass.RATE_LIMITED, retry_after=40)
    failure = told(Resolver("one", {A: slow}), Resolver("two", {A: DOWN}), codes=[A])[A]
    assert (failure.reasons, failure.retry_after) == (
        {"one": ErrorClass.RATE_LIMITED, "two": ErrorClass.UPSTREAM_DOWN},
        9,
    )


def test_a_none_outweighs_a_failure() -> None:
    answer = told(Resolver("one", {A: DOWN}), Resolver("two", {A: None}), codes=[A])[A]
    assert (answer.match, answer.is_known, answer.retry_after) == (None, True, None)
