"""What can go wrong with webhooks. Knows no HTTP; `config/errors.py` says how each is answered."""


class WebhookError(Exception):
    """Ground of this app's errors. The text is for people and never holds a secret."""


class UnknownEndpoint(WebhookError):
    """There is no such endpoint, or it is another account's."""

    def __init__(self) -> None:
        super().__init__("There is no such webhook among yours.")


class UnknownDelivery(WebhookError):
    """There is no such delivery, or it is another account's."""

    def __init__(self) -> None:
        super().__init__("There is no such delivery among yours. Deliveries are kept for a limited time.")


class TooManyEndpoints(WebhookError):
    """An account has as many endpoints as one may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"There are {limit} webhooks already, the most one account may have: delete one.")
        self.limit = limit


class EndpointDisabled(WebhookError):
    """Something was to be sent to an endpoint that is switched off."""

    def __init__(self) -> None:
        super().__init__("This webhook is disabled. Enable it first.")


class URLRefused(WebhookError, ValueError):
    """An address that no webhook may have; the text says why."""


class AddressRefused(WebhookError):
    """A name led to an address that is not on the public internet. Says neither."""
