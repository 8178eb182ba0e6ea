"""What can go wrong with money. Knows no HTTP; `config/errors.py` says how each is answered."""


class BillingError(Exception):
    """Nothing was bought, and no credits have moved."""


class CheckoutNotOffered(BillingError):
    """This install has no account at Stripe, so that nothing can be paid."""

    def __init__(self) -> None:
        super().__init__("This install sells no credits: it has no account at Stripe. Ask who runs it.")


class PaymentsUnavailable(BillingError):
    """Stripe does not answer, or refuses us; what it said is for the log and not for the caller."""

    retry_after = 30

    def __init__(self) -> None:
        super().__init__("The payment service does not answer. Nothing was bought; try again shortly.")


class UnknownOrder(BillingError):
    """There is no such order, or it is another account's."""

    def __init__(self) -> None:
        super().__init__("There is no such purchase.")


class SignatureRefused(BillingError):
    """An event that Stripe did not sign, or not for us, or too long ago; the message says no more."""

    def __init__(self) -> None:
        super().__init__("The signature is not valid for this body.")


class EventRefused(BillingError):
    """What was signed is no event that can be read."""

    def __init__(self) -> None:
        super().__init__("The body is no event of Stripe's.")


class Unmatched(Exception):
    """What an event tells of belongs to no order of ours; trying again would not help."""


class PaymentMismatch(Exception):
    """What was paid is not what was ordered; the message says in what way."""


class StillChanging(Exception):
    """Others change the same order faster than Stripe can be read; try again."""
