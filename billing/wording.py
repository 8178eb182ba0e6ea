"""What people read about payments: amounts, how a payment stands, why one failed. Pure."""

from django.db.models import TextChoices

from billing.models import CreditOrder
from billing.standing import OPEN_DISPUTES, REFUSED_CODE

# Stripe's smallest unit is a hundredth, but for these: https://docs.stripe.com/currencies#minor-units
WHOLE = {
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "JPY",
    "KMF",
    "KRW",
    "MGA",
    "PYG",
    "RWF",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
}
THOUSANDTHS = {"BHD", "JOD", "KWD", "OMR", "TND"}


class PaymentStanding(TextChoices):
    """How a payment stands, for whoever paid."""

    PENDING = "pending", "Not paid yet"
    IN_REVIEW = "in_review", "Waiting for a person to look at it"
    FAILED = "failed", "Not paid: the payment failed"
    EXPIRED = "expired", "Not paid: the page to pay on has expired"
    PAID = "paid", "Paid"
    PARTLY_REFUNDED = "partly_refunded", "Partly refunded"
    REFUNDED = "refunded", "Refunded"
    DISPUTED = "disputed", "Disputed: the bank has not decided yet"
    DISPUTE_LOST = "dispute_lost", "Disputed: the bank has taken the money back"


def standing_of(order: CreditOrder) -> PaymentStanding:
    """Return how a payment stands."""
    if order.problem and not order.is_paid:
        return PaymentStanding.IN_REVIEW
    if order.status == CreditOrder.Status.DISPUTED and order.dispute_status not in OPEN_DISPUTES:
        return PaymentStanding.DISPUTE_LOST
    if order.status == CreditOrder.Status.PAID and order.amount_refunded:
        return PaymentStanding.PARTLY_REFUNDED
    return PaymentStanding(order.status)


# Why a payment failed. Whoever is told that a card is stolen may be who stole it: all else is "refused".
REFUSED = "The bank or card company refused the payment."
FAILURES = {
    "authentication_required": "The bank wants you to confirm the payment yourself.",
    "canceled": "The payment was cancelled.",
    "card_removed": "The saved card is not there any more.",
    "card_velocity_exceeded": "The card's limit is reached.",
    "debit_not_authorized": "The bank did not authorise the debit.",
    "expired_card": "The card has expired.",
    "incorrect_cvc": "The card's security code was wrong.",
    "incorrect_number": "The card's number was wrong.",
    "insufficient_funds": "There was not enough money.",
    "not_begun": "The payment service did not take the payment.",
    "not_taken": "The payment service did not take the payment.",
    "processing_error": "Something went wrong at the bank or card company.",
}


def told_code(code: str) -> str:
    """Return the code of a failure that may be told: one that has its words, else the general one."""
    return code if not code or code in FAILURES else REFUSED_CODE


def failure_of(code: str) -> str:
    """Return why a payment failed, in a sentence; empty if it has not."""
    return FAILURES.get(code, REFUSED) if code else ""


def money(amount: int, currency: str) -> str:
    """Return an amount of the smallest unit as people write it, such as `10.00 USD`."""
    code = currency.upper()
    places = 0 if code in WHOLE else 3 if code in THOUSANDTHS else 2
    return f"{amount / 10**places:,.{places}f} {code}"
