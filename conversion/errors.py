"""What can go wrong with a conversion. Knows no HTTP; `config/errors.py` says how each is answered."""

from collections.abc import Sequence
from typing import Any


class ReportRefused(Exception):
    """The file is no report that can be read, or no row of it names a pair; the message says which and why.

    `reasons` are the first of its rows that were refused.
    """

    def __init__(self, why: str, reasons: Sequence[Any] = ()) -> None:
        self.reasons = [{"line": one.line, "reason": one.reason} for one in reasons]
        super().__init__(why)


class TooManyRows(ReportRefused):
    """The file has more rows than are taken; none was."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"The report has more than {most:,} rows, which is the most that is taken: none was."
        )


class UnknownInventory(Exception):
    """There is no such inventory, or it is another account's."""

    def __init__(self) -> None:
        super().__init__("There is no such inventory.")


class NotConnected(Exception):
    """The account has no credentials of Amazon's kept here."""

    def __init__(self) -> None:
        super().__init__("No seller account is connected.")


class SyncUnderWay(Exception):
    """The account's stock is being fetched, or is about to be."""

    retry_after = 60

    def __init__(self) -> None:
        super().__init__("The stock is being fetched already. Look at last_synced_at a little later.")


class SyncNotOffered(Exception):
    """This install has no application at Amazon by which sellers could let it read their stock."""

    def __init__(self) -> None:
        super().__init__("This install is not registered with Amazon. Upload a report instead.")


class NoMatch(Exception):
    """Nobody knows which ASIN the code means. Costs nothing."""

    credits_charged = 0

    def __init__(self, code: str) -> None:
        self.fnsku = code
        super().__init__(
            f"Nobody knows which ASIN {code} means. Read the label again; it may be one that was never sold."
        )


class NotSureEnough(Exception):
    """The best answer is less sure than the caller wants. Costs nothing, and is not told."""

    credits_charged = 0

    def __init__(self, code: str, confidence: float, min_confidence: float) -> None:
        self.fnsku = code
        self.confidence = round(confidence, 4)
        self.min_confidence = min_confidence
        super().__init__(
            f"The best answer about {code} has a confidence of {confidence:.2f}, "
            f"and min_confidence asks for {min_confidence:.2f}."
        )


class UnknownConversion(Exception):
    """There is no such conversion, or it is another account's."""

    def __init__(self) -> None:
        super().__init__("There is no such conversion among yours.")


class FeedbackError(Exception):
    """The feedback was not taken, and nothing has changed."""


class FeedbackGiven(FeedbackError):
    """The conversion has its feedback, which stands."""

    def __init__(self) -> None:
        super().__init__("You have said of this answer whether it is right; that is said once.")


class NotToBeJudged(FeedbackError):
    """The conversion names no ASIN: it is pending, or nobody knew one."""

    def __init__(self) -> None:
        super().__init__("This conversion has no answer that could be right or wrong.")


class SameASIN(FeedbackError):
    """The answer was called wrong, and the ASIN given instead is the one answered."""

    def __init__(self, asin: str) -> None:
        super().__init__(f"{asin} is what was answered. Leave it out, or say that the answer is correct.")


class NothingWithheld(FeedbackError):
    """There is no refund that could be given: it has been, or none was due."""

    def __init__(self) -> None:
        super().__init__("No refund is withheld here.")
