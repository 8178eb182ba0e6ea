"""What can go wrong with a lookup. Knows no HTTP; `config/errors.py` says how each is answered."""


class ProductNotFound(Exception):
    """The upstreams say that this marketplace has no such product. Costs nothing."""

    credits_charged = 0

    def __init__(self, asin: str, marketplace: str) -> None:
        self.asin = asin
        self.marketplace = marketplace
        super().__init__(
            f"There is no {asin} in the marketplace {marketplace}. Another marketplace may have it."
        )


class NotKept(Exception):
    """No answer is kept that is new enough, and no upstream was to be asked. Costs nothing."""

    credits_charged = 0

    def __init__(self, asin: str, marketplace: str) -> None:
        self.asin = asin
        self.marketplace = marketplace
        super().__init__(f"No answer about {asin} in {marketplace} is kept that would do.")
