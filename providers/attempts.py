"""What is told of every attempt to ask an upstream, and to whom."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

log = structlog.stdlib.get_logger("pallet.providers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt as it is recorded: what was asked of whom, how it ended, its time and its cost there.

    Nothing in it is a secret: `credential` is the name of one, not the thing itself. `cost` is in the
    upstream's own unit. `delivered` is how many answers came with it.
    """

    provider: str
    credential: str
    operation: str
    marketplace: str
    outcome: str  # "ok", or the ErrorClass
    seconds: float
    status: int | None = None
    cost: float | None = None
    delivered: int = 0
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


Observer = Callable[[Attempt], None]


def log_attempt(attempt: Attempt) -> None:
    """Write the attempt to the log."""
    log.debug(
        "upstream_call",
        provider=attempt.provider,
        operation=attempt.operation,
        outcome=attempt.outcome,
        seconds=round(attempt.seconds, 3),
        status=attempt.status,
        cost=attempt.cost,
    )


observers: list[Observer] = [log_attempt]
"""Who is told of every attempt. They must not wait: the caller does."""


def announce(attempt: Attempt) -> None:
    """Tell all observers; the usual observer of a client."""
    for observe in observers:
        observe(attempt)
