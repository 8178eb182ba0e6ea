"""What can go wrong upstream, in words every adapter shares. None of it knows HTTP statuses of ours."""

from collections.abc import Mapping
from enum import StrEnum


class ErrorClass(StrEnum):
    """Why an upstream gave no answer; the same words for every provider."""

    INVALID_REQUEST = "invalid_request"  # it refuses what we sent
    AUTH_FAILED = "auth_failed"  # it does not accept our key
    NOT_ENTITLED = "not_entitled"  # the key is good, the right is missing
    OUT_OF_CREDIT = "out_of_credit"  # our account there is empty
    RATE_LIMITED = "rate_limited"  # too much for now; retry_after may say how long
    NOT_FOUND = "not_found"  # the upstream lacks this very thing (a product it lacks is None, not an error)
    PENDING = "pending"  # it is still working on it
    PARTIAL = "partial"  # it answered, but left this one out
    INVALID_ANSWER = "invalid_answer"  # it answered something that cannot be believed
    UPSTREAM_DOWN = "upstream_down"  # no connection, a server error, or no JSON at all
    TIMEOUT = "timeout"  # nothing, or not all of it, in time


class ProviderError(Exception):
    """An upstream gave no usable answer. The message never holds a secret and may be logged.

    `retryable`: the same call may succeed a little later. `retry_after`: seconds to wait, where it said so.
    `is_told`: it is in the record of attempts already.
    """

    def __init__(
        self, message: str, *, retryable: bool, reason: ErrorClass, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.reason = reason
        self.retry_after = retry_after
        self.is_told = False

    @property
    def may_pass(self) -> bool:
        """Whether it has to do with the moment alone: asked a little later, the upstream may answer."""
        return self.reason in PASSING


PASSING = frozenset({ErrorClass.RATE_LIMITED, ErrorClass.UPSTREAM_DOWN, ErrorClass.TIMEOUT})


def unbelievable(what: object) -> ProviderError:
    """Return the error for an answer that cannot be believed, which says what it holds or lacks."""
    return ProviderError(str(what), retryable=False, reason=ErrorClass.INVALID_ANSWER)


def sent(what: str) -> ProviderError:
    """Return the error for an upstream that sent this, which cannot be believed."""
    return unbelievable(f"the upstream sent {what}")


def adapter_broke(error: Exception) -> ProviderError:
    """Return the error for a fault of an adapter, told by its kind alone."""
    return unbelievable(f"the adapter broke ({type(error).__name__})")


def left_out(what: str = "ASIN") -> ProviderError:
    """Return the error for a thing that was asked about, and of which the answer says nothing."""
    return ProviderError(f"it left this {what} out", retryable=False, reason=ErrorClass.PARTIAL)


def no_such_call() -> ProviderError:
    """Return the error for an address that the upstream does not know: ours is wrong."""
    return ProviderError("no such call", retryable=False, reason=ErrorClass.INVALID_REQUEST)


class UpstreamUnavailable(Exception):
    """Every provider that could have answered failed, and nothing young enough was kept.

    `reasons` maps the provider's name to its reason, in the order asked; `retry_after` is the shortest wait
    in seconds that one of them named.
    """

    def __init__(self, reasons: Mapping[str, ErrorClass], *, retry_after: float | None = None) -> None:
        told = ", ".join(f"{name}: {reason}" for name, reason in reasons.items())
        super().__init__(f"no upstream could answer ({told})" if told else "no upstream could answer")
        self.reasons = dict(reasons)
        self.retry_after = retry_after


class MarketplaceNotServed(UpstreamUnavailable):
    """None of the configured providers serves this marketplace, so nobody was asked."""

    def __init__(self, marketplace: str) -> None:
        super().__init__({})
        self.args = (f"no configured provider serves the marketplace {marketplace}",)
        self.marketplace = marketplace


def is_throttled(error: object) -> bool:
    """Say whether somebody would have been asked, had his limit not been reached."""
    return isinstance(error, UpstreamUnavailable) and ErrorClass.RATE_LIMITED in error.reasons.values()


AGAIN_SECONDS = 5.0  # when nobody says how long to wait


def told_of_failure(error: Exception) -> tuple[str, float | None]:
    """Return a sentence for people, and in how many seconds to try again; None: that would not help.

    Whose failure it was, and why, is for operators; the log says it.
    """
    if isinstance(error, MarketplaceNotServed):
        return f"No upstream of this install serves the marketplace {error.marketplace}.", None
    if isinstance(error, UpstreamUnavailable):
        return "Nobody who could know this answers now.", error.retry_after or AGAIN_SECONDS
    return "Something went wrong here; it has been logged.", AGAIN_SECONDS
