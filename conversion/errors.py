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
