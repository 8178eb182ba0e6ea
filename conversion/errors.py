"""What can go wrong with a conversion. Knows no HTTP; `config/errors.py` says how each is answered."""


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
