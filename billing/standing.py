"""What follows from what Stripe says: pure, and the same whatever was said before or how often."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from billing.errors import PaidTwice, PaymentMismatch
from billing.models import ADDRESS_LENGTH, CreditOrder
from billing.reading import Facts, Object

PAID = ("paid", "no_payment_required")
OPEN = ("processing", "succeeded")  # of a saved card's payments; with all others nobody is there to go on
REFUSED_CODE = "card_declined"  # Stripe's own for "refused"
WITHOUT_ERROR = {"requires_action": "authentication_required", "canceled": "canceled"}
OPEN_DISPUTES = ("needs_response", "under_review")  # the bank has the money, and has still to decide
TAKEN = (*OPEN_DISPUTES, "lost")  # disputes because of which money is gone, for now or for good
UNDECIDED = (*OPEN_DISPUTES, "warning_needs_response", "warning_under_review")
NO_MONEY_BACK = ("failed", "canceled")  # refunds that did not happen
Status = CreditOrder.Status


@dataclass(frozen=True, slots=True)
class Standing:
    """How an order stands. Credits are those to be taken back; amounts in the currency's smallest unit."""

    status: str
    session_id: str | None = None
    payment_intent_id: str | None = None
    charge_id: str | None = None
    receipt_url: str = ""
    amount_paid: int | None = None
    amount_refunded: int = 0
    refunded_credits: int = 0
    disputed_credits: int = 0
    dispute_status: str = ""
    failure_code: str = ""


def standing(order: CreditOrder, facts: Facts) -> Standing:
    """Return how the order stands. Raises PaymentMismatch when the payment is not what was ordered."""
    check(order, facts)
    charge = facts.charge
    is_paid = has_paid(order, facts)
    refunded = refunded_amount(facts) if is_paid else 0
    back = min(order.credits, part(order.credits, refunded, charge)) if is_paid else 0
    held = sum(part(order.credits, one["amount"], charge) for one in holding(facts)) if is_paid else 0
    return Standing(
        status=paid_status(order, back, held) if is_paid else unpaid_status(order, facts),
        session_id=facts.session.get("id"),
        payment_intent_id=facts.intent.get("id"),
        charge_id=charge.get("id"),
        receipt_url=receipt_of(charge),
        amount_paid=facts.session.get("amount_total", charge.get("amount")) if is_paid else None,
        amount_refunded=refunded,
        refunded_credits=back,
        disputed_credits=min(order.credits - back, held),
        dispute_status=facts.disputes[0]["status"] if facts.disputes else "",
        failure_code=failure_of(order, facts) if not is_paid else "",
    )


def receipt_of(charge: Object) -> str:
    """Return where the receipt is; empty for an address that nobody could keep."""
    address = charge.get("receipt_url") or ""
    return address if len(address) <= ADDRESS_LENGTH else ""


def has_paid(order: CreditOrder, facts: Facts) -> bool:
    """Whether the money has come, or nothing was to pay."""
    if order.is_top_up:
        return bool(facts.intent["status"] == "succeeded")
    return facts.session["payment_status"] in PAID and facts.session["status"] == "complete"


def check(order: CreditOrder, facts: Facts) -> None:
    """Raise PaymentMismatch unless the payment is the order's, at the order's price, and the only one."""
    if facts.rival.get("payment_status") in PAID:
        raise PaidTwice(f"another page of it was paid: {facts.rival['id']}")
    terms = terms_of_top_up(order, facts.intent) if order.is_top_up else terms_of_page(order, facts.session)
    for what, found, wanted in terms:
        if found != wanted:
            raise PaymentMismatch(f"{what} is {found}, ordered was {wanted}")


def terms_of_page(order: CreditOrder, session: Object) -> Iterator[tuple[str, Any, Any]]:
    """Yield what has to agree. The price before tax and discounts does; what is paid in the end need not."""
    yield "the mode", session["mode"], "payment"
    yield "live mode", session["livemode"], order.livemode
    yield "the session", session["id"], order.session_id or session["id"]
    yield "the order", (session.get("metadata") or {}).get("order"), str(order.pk)
    yield "the reference", session.get("client_reference_id"), str(order.pk)
    yield "the currency", session["currency"], order.currency.lower()
    yield "the amount", session["amount_subtotal"], order.amount


def terms_of_top_up(order: CreditOrder, intent: Object) -> Iterator[tuple[str, Any, Any]]:
    """Yield what has to agree where a saved card pays."""
    yield "live mode", intent["livemode"], order.livemode
    yield "the payment", intent["id"], order.payment_intent_id or intent["id"]
    yield "the order", (intent.get("metadata") or {}).get("order"), str(order.pk)
    yield "the currency", intent["currency"], order.currency.lower()
    yield "the amount", intent["amount"], order.amount


def refunded_amount(facts: Facts) -> int:
    """Return how much went back: what the charge says, less what its refunds say did not arrive."""
    told: int = facts.charge.get("amount_refunded", 0)
    arrived: int = sum(one["amount"] for one in facts.refunds if one["status"] not in NO_MONEY_BACK)
    return min(told, arrived)


def holding(facts: Facts) -> Iterator[Object]:
    """Yield disputes because of which money is gone, for now or for good. An inquiry takes none."""
    for dispute in facts.disputes:
        if dispute["status"] in TAKEN:
            yield dispute


def part(credits: int, amount: int, charge: Object) -> int:
    """Return which part of the credits an amount of the charge stands for, rounded up."""
    whole = charge.get("amount", 0)
    return -(-credits * amount // whole) if whole else 0


def paid_status(order: CreditOrder, refunded: int, disputed: int) -> str:
    """Return what a paid order is called."""
    if refunded >= order.credits:
        return Status.REFUNDED
    return Status.DISPUTED if disputed else Status.PAID


def unpaid_status(order: CreditOrder, facts: Facts) -> str:
    """Return what an order is called that is not paid; a bank may take days.

    Of a top-up nobody is there to try again, or to confirm it.
    """
    if order.is_top_up:
        return Status.PENDING if facts.intent["status"] in OPEN else Status.FAILED
    if facts.session["status"] == "expired":
        return Status.EXPIRED
    is_over = facts.intent.get("status") in ("requires_payment_method", "canceled")
    return Status.FAILED if facts.session["status"] == "complete" and is_over else Status.PENDING


def failure_of(order: CreditOrder, facts: Facts) -> str:
    """Return why the last attempt to pay failed, in Stripe's words."""
    error = facts.intent.get("last_payment_error") or {}
    code = error.get("decline_code") or error.get("code") or ""
    if order.is_top_up and not code and facts.intent["status"] not in OPEN:
        code = WITHOUT_ERROR.get(facts.intent["status"], REFUSED_CODE)
    return str(code)[:100]
