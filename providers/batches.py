"""Asking in batches: each may fail without the others, and only when nothing was answered does it matter."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from providers.errors import ProviderError

T = TypeVar("T")
Answered = tuple[dict[str, T], ProviderError | None]  # and why something is missing, if something is


def cut(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield the values in their order, so many at a time."""
    return (values[start : start + size] for start in range(0, len(values), size))


def gathered(questions: Iterable[Callable[[], Answered[T]]]) -> dict[str, T]:
    """Ask one question after the other and return all that was answered.

    One that fails with ProviderError is passed over. When nothing at all was answered, the last failure or
    reason is raised.
    """
    found: dict[str, T] = {}
    failure: ProviderError | None = None
    for ask in questions:
        try:
            answered, doubt = ask()
            found |= answered
            failure = doubt or failure
        except ProviderError as error:
            failure = error
    return found_or_raised(found, failure)


def each(keys: Iterable[str], ask: Callable[[str], T]) -> dict[str, T]:
    """Return what is answered about each key, asked about one by one; failures as with `gathered`."""
    return gathered(partial(_one, key, ask) for key in keys)


def found_or_raised(found: dict[str, T], failure: ProviderError | None) -> dict[str, T]:
    """Return what was found; raises the failure, if there was one, when that is nothing."""
    if failure is not None and not found:
        raise failure
    return found


def _one(key: str, ask: Callable[[str], T]) -> Answered[T]:
    return {key: ask(key)}, None
