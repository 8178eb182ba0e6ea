"""Calls to upstreams to test with."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from monitoring import recording
from providers.attempts import Attempt


def an_attempt(**facts: Any) -> Attempt:
    """Return an attempt as a client tells it, but for these facts."""
    usual: dict[str, Any] = {
        "provider": "keepa",
        "credential": "1a2b3c4d",
        "operation": "products",
        "marketplace": "US",
        "outcome": "ok",
        "seconds": 0.25,
        "status": 200,
        "cost": 1,
        "delivered": 1,
    }
    return Attempt(**{**usual, **facts})


def failed(reason: str, **facts: Any) -> Attempt:
    """Return an attempt that failed for this reason."""
    return an_attempt(**{"outcome": reason, "status": 503, "cost": None, "delivered": 0, **facts})


def written(*attempts: Attempt, at: datetime | None = None) -> None:
    """Record attempts, through the front door; `at` is when each of them ended."""
    for attempt in attempts:
        recording.note(attempt if at is None else replace(attempt, at=at))
    recording.writer.flush()
