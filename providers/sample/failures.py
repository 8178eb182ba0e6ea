"""The magic codes: each makes the stand-in fail in one way, so that nobody has to wait for a failure.

All of them are valid codes, and they are magic here only: another upstream is asked about them as about any.
`docs/sample-provider.md` lists them, and a test compares the two.
"""

from dataclasses import dataclass

from providers.errors import ErrorClass, ProviderError

# Answered, but not as wished. The gateway must notice each of these.
PRODUCT_NOT_FOUND = "B0FAIL0404"
PRODUCT_LEFT_OUT = "B0MISSING0"
PRODUCT_OF_ANOTHER_ASIN = "B0GARBAGE0"
PRODUCT_WITH_NEGATIVE_PRICE = "B0NEGATIVE"
PRODUCT_WITHOUT_PRICE = "B0PARTIAL0"

CODE_NOT_FOUND = "X00FAIL404"
CODE_OF_NO_ASIN = "X00GARBAGE"
CODE_OF_TWO_ASINS = "X00TWOASIN"


@dataclass(frozen=True, slots=True)
class Failure:
    """One way to fail; `is_slow` answers only after the provider's time-out, `retry_after` is in seconds."""

    reason: ErrorClass
    message: str
    retryable: bool = False
    retry_after: float | None = None
    is_slow: bool = False

    def error(self) -> ProviderError:
        """Return the exception to raise, a new one each time."""
        return ProviderError(
            self.message, retryable=self.retryable, reason=self.reason, retry_after=self.retry_after
        )


_BY_STATUS = {
    "400": Failure(ErrorClass.INVALID_REQUEST, "sample: the request was refused"),
    "401": Failure(ErrorClass.AUTH_FAILED, "sample: the key was not accepted"),
    "402": Failure(ErrorClass.OUT_OF_CREDIT, "sample: the account upstream is empty"),
    "403": Failure(ErrorClass.NOT_ENTITLED, "sample: the key may not do this"),
    "429": Failure(ErrorClass.RATE_LIMITED, "sample: too many requests", retryable=True, retry_after=30),
    "500": Failure(ErrorClass.UPSTREAM_DOWN, "sample: the upstream is down", retryable=True),
    "504": Failure(ErrorClass.TIMEOUT, "sample: no answer in time", retryable=True, is_slow=True),
}
_PENDING = Failure(ErrorClass.PENDING, "sample: still being worked on", retryable=True, retry_after=5)
_NOT_JSON = Failure(ErrorClass.INVALID_ANSWER, "sample: the answer was a web page, not data")

PRODUCT_FAILURES: dict[str, Failure] = {
    **{f"B0FAIL0{status}": failure for status, failure in _BY_STATUS.items()},
    "B0HTMLPAGE": _NOT_JSON,
    "B0PENDING0": _PENDING,
}
CODE_FAILURES: dict[str, Failure] = {
    **{f"X00FAIL{status}": failure for status, failure in _BY_STATUS.items()},
    "X00NOTJSON": _NOT_JSON,
    "X00PENDING": _PENDING,
}
