"""From an answer of fnskutoasin.com to what it says of one code. Pure.

An answer is an envelope, `{"succeeded": ..., "messages": [...], "data": {...}}`, around the task that finds
the code's ASIN: `{"barCode": ..., "asin": ..., "taskState": ...}`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers.errors import ErrorClass, ProviderError, unbelievable
from providers.kinds import Kind
from providers.recognition import recognise

PENDING, FINISHED, FAILED = 0, 1, 2
NO_ASIN = {"", "NONE", "NULL"}  # one client saw the word None where null was meant


@dataclass(frozen=True, slots=True)
class Task:
    """How far the search is; `asin` None: it is finished and found none, or not finished."""

    is_pending: bool
    asin: str | None = None


def task(body: Mapping[str, Any], code: str) -> Task:
    """Return how far the search for this code is; raises ProviderError when the answer says nothing of it."""
    if body.get("succeeded") is False:
        raise ProviderError("it refuses the code", retryable=False, reason=ErrorClass.INVALID_REQUEST)
    data = body.get("data")
    if not isinstance(data, dict):
        raise unbelievable("the upstream sent no task")
    _check_code(data.get("barCode"), code)
    state = data.get("taskState")
    if isinstance(state, bool) or state not in (PENDING, FINISHED, FAILED):
        raise unbelievable("the upstream sent a task in no known state")
    return Task(is_pending=state == PENDING, asin=_asin(data.get("asin")) if state == FINISHED else None)


def _check_code(told: object, asked: str) -> None:
    if not isinstance(told, str) or told.strip().upper() != asked.strip().upper():
        raise unbelievable("the upstream sent an answer about another code")


def _asin(value: object) -> str | None:
    """Return the ASIN, None for the words that mean none; raises ProviderError for what is no ASIN."""
    if value is None or (isinstance(value, str) and value.strip().upper() in NO_ASIN):
        return None
    found = recognise(value) if isinstance(value, str) else None
    if found is None or found.kind not in (Kind.ASIN, Kind.ISBN10):
        raise unbelievable("the upstream sent what is no ASIN")
    return found.normal
