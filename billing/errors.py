"""What can go wrong with money. Knows no HTTP; `config/errors.py` says how each is answered."""


class BillingError(Exception):
    """Nothing was bought, and no credits have moved."""


class CheckoutNotOffered(BillingError):
    """This install has no account at Stripe, so that nothing can be paid."""

    def __init__(self) -> None:
        super().__init__("This install sells no credits: it has no account at Stripe. Ask who runs it.")


class PaymentsUnavailable(BillingError):
    """Stripe does not answer, or refuses us; what it said is for the log and not for the caller."""

    def __init__(self) -> None:
        super().__init__("The payment service does not answer. Nothing was bought; try again shortly.")


class TopUpsNotOffered(BillingError):
    """This install charges no saved cards."""

    def __init__(self) -> None:
        super().__init__("This install offers no automatic top-ups. Buy packages one by one.")


class NoSavedCard(BillingError):
    """No card is saved that could pay."""

    def __init__(self) -> None:
        super().__init__(
            "No card is saved. Buy a package and keep the card, or add one by POST credits/portal-session."
        )


class UnknownCard(BillingError):
    """The card that is meant is none of the account's."""

    def __init__(self) -> None:
        super().__init__("This is none of your saved cards, which GET credits/payment-methods lists.")


class ConsentMissing(BillingError):
    """A card is charged by itself only if its owner has agreed to it; `consent_text` says to what."""

    def __init__(self, consent_text: str) -> None:
        self.consent_text = consent_text
        super().__init__("Show consent_text to the card's owner, and send it back if they agree to it.")


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
    """What was paid is not what was ordered; the message says in what way. `problem`: of the order."""

    problem = "mismatch"


class PaidTwice(PaymentMismatch):
    """A second page of the same order was paid."""

    problem = "twice"


class StillChanging(Exception):
    """Others change the same order faster than Stripe can be read; try again."""
