"""What the fake Stripe knows, and what happens to money there: each act changes objects and makes events."""

import copy
import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

Object = dict[str, Any]
VERSION = "2026-08-26.dahlia"


def new_id(prefix: str) -> str:
    """An id that nobody has had."""
    return f"{prefix}_{uuid4().hex}"


class State:
    """Objects by id, in the order in which they were made, and every event about them."""

    def __init__(self, *, livemode: bool = False) -> None:
        self.livemode = livemode
        self.guard = threading.RLock()
        self.objects: dict[str, Object] = {}
        self.events: list[Object] = []
        self.account = self.add(
            "account",
            "acct",
            email="owner@example.com",
            country="US",
            default_currency="usd",
            business_profile={"name": "Pallet"},
            settings={"branding": {"icon": None, "logo": None}, "dashboard": {"display_name": "Pallet"}},
            charges_enabled=True,
            type="standard",
        )

    def add(self, kind: str, prefix: str, **facts: Any) -> Object:
        """A new object."""
        with self.guard:
            made = {
                "id": new_id(prefix),
                "object": kind,
                "created": int(time.time()),
                "livemode": self.livemode,
                "metadata": {},
                **facts,
            }
            self.objects[made["id"]] = made
            return made

    def all(self, kind: str) -> Iterator[Object]:
        """Those of one kind, the newest first."""
        with self.guard:
            found = [one for one in self.objects.values() if one["object"] == kind]
        yield from reversed(found)

    def tell(self, kind: str, about: Object) -> Object:
        """An event: the object as it is now."""
        event = self.add(
            "event",
            "evt",
            type=kind,
            api_version=VERSION,
            pending_webhooks=1,
            request={"id": None, "idempotency_key": None},
            data={"object": copy.deepcopy(about)},
        )
        self.events.append(event)
        return event

    # --- what the API makes ---

    def create_customer(self, form: Object) -> Object:
        """A buyer."""
        facts = {name: form.get(name) for name in ("email", "name", "phone", "description")}
        return self.add(
            "customer",
            "cus",
            metadata=form.get("metadata", {}),
            balance=0,
            currency=None,
            delinquent=False,
            default_source=None,
            discount=None,
            invoice_settings={"default_payment_method": None},
            address=None,
            shipping=None,
            **facts,
        )

    def create_session(self, form: Object) -> Object:
        """A page on which to pay."""
        subtotal = sum(
            int(line["price_data"]["unit_amount"]) * int(line["quantity"]) for line in form["line_items"]
        )
        session = self.add(
            "checkout.session",
            f"cs_{'live' if self.livemode else 'test'}",
            mode=form["mode"],
            status="open",
            payment_status="unpaid",
            amount_subtotal=subtotal,
            amount_total=subtotal,
            currency=form["line_items"][0]["price_data"]["currency"],
            client_reference_id=form.get("client_reference_id"),
            customer=form.get("customer"),
            metadata=form.get("metadata", {}),
            payment_intent=None,
            setup_intent=None,
            subscription=None,
            invoice=None,
            success_url=form["success_url"],
            cancel_url=form.get("cancel_url"),
            payment_method_types=["card"],
            payment_intent_data=form.get("payment_intent_data", {}),
            asked=form,
        )
        session["url"] = f"https://checkout.stripe.com/c/pay/{session['id']}"
        return session

    def create_portal(self, form: Object) -> Object:
        """The page on which a buyer manages cards."""
        session = self.add(
            "billing_portal.session", "bps", customer=form["customer"], return_url=form["return_url"]
        )
        session["url"] = f"https://billing.stripe.com/p/session/{session['id']}"
        return session

    def create_intent(self, form: Object, card: Object) -> Object:
        """A payment by a saved card, as that behaves."""
        intent = self.add(
            "payment_intent",
            "pi",
            amount=int(form["amount"]),
            amount_received=0,
            currency=form["currency"],
            customer=form["customer"],
            metadata=form.get("metadata", {}),
            status="requires_payment_method",
            latest_charge=None,
            last_payment_error=None,
            payment_method=card["id"],
            asked=form,
        )
        if card["behaves"] == "pays":
            self.charge(intent)
            self.tell("payment_intent.succeeded", intent)
        else:
            error = {"type": "card_error", "code": card["behaves"], "message": "Not without the buyer."}
            intent["last_payment_error"] = error
            self.tell("payment_intent.payment_failed", intent)
        return intent

    # --- what buyers do ---

    def save_card(self, customer: str, *, behaves: str = "pays", last4: str = "4242") -> Object:
        """Keep a card, which `pays` when nobody is there, or is refused with a code of Stripe's."""
        card = self.add(
            "payment_method",
            "pm",
            type="card",
            customer=customer,
            card={"brand": "visa", "last4": last4, "exp_month": 12, "exp_year": 2031},
            billing_details={"address": None, "email": None, "name": None, "phone": None},
            behaves=behaves,
        )
        self.tell("payment_method.attached", card)
        return card

    def remove_card(self, card: Object) -> list[Object]:
        """Take a card away, which is for good."""
        with self.guard:
            card["customer"] = None
            return [self.tell("payment_method.detached", card)]

    def intent_of(self, session: Object) -> Object:
        """The payment that a session has begun."""
        if session["payment_intent"] is None:
            intent = self.add(
                "payment_intent",
                "pi",
                amount=session["amount_total"],
                amount_received=0,
                currency=session["currency"],
                customer=session["customer"],
                metadata=session["payment_intent_data"].get("metadata", {}),
                status="requires_payment_method",
                latest_charge=None,
                last_payment_error=None,
                payment_method=None,
            )
            session["payment_intent"] = intent["id"]
        return self.objects[session["payment_intent"]]

    def charge(self, intent: Object) -> Object:
        """Money has come."""
        charge = self.add(
            "charge",
            "ch",
            amount=intent["amount"],
            amount_captured=intent["amount"],
            amount_refunded=0,
            currency=intent["currency"],
            customer=intent["customer"],
            payment_intent=intent["id"],
            payment_method=intent["payment_method"],
            balance_transaction=None,
            invoice=None,
            source=None,
            metadata=intent["metadata"],
            status="succeeded",
            paid=True,
            captured=True,
            refunded=False,
            disputed=False,
        )
        charge["receipt_url"] = f"https://pay.stripe.com/receipts/{charge['id']}"
        received = {"amount_received": intent["amount"], "latest_charge": charge["id"]}
        intent.update(status="succeeded", last_payment_error=None, **received)
        return charge

    def pay(self, session: Object, *, discount: int = 0, tax: int = 0) -> list[Object]:
        """Pay at once. Amounts in the smallest unit; whoever pays nothing makes no payment at all."""
        with self.guard:
            session["amount_total"] = session["amount_subtotal"] - discount + tax
            session["status"] = "complete"
            if session["amount_total"] == 0:
                session["payment_status"] = "no_payment_required"
                return [self.tell("checkout.session.completed", session)]
            session["payment_status"] = "paid"
            intent = self.intent_of(session)
            intent["amount"] = session["amount_total"]
            if session["payment_intent_data"].get("setup_future_usage") == "off_session":
                intent["payment_method"] = self.save_card(session["customer"])["id"]
            created = self.tell("payment_intent.created", intent)
            charge = self.charge(intent)
            return [
                created,
                self.tell("charge.succeeded", charge),
                self.tell("payment_intent.succeeded", intent),
                self.tell("checkout.session.completed", session),
            ]

    def decline(self, session: Object, code: str = "card_declined") -> list[Object]:
        """Be refused; the session stays open."""
        with self.guard:
            intent = self.intent_of(session)
            intent["last_payment_error"] = {"type": "card_error", "code": code, "message": "Declined."}
            return [self.tell("payment_intent.payment_failed", intent)]

    def pay_later(self, session: Object) -> list[Object]:
        """Order a bank to pay, which takes days."""
        with self.guard:
            session["status"] = "complete"
            intent = self.intent_of(session)
            intent["status"] = "processing"
            return [
                self.tell("payment_intent.processing", intent),
                self.tell("checkout.session.completed", session),
            ]

    def succeed_later(self, session: Object) -> list[Object]:
        """The bank has paid."""
        with self.guard:
            intent = self.intent_of(session)
            charge = self.charge(intent)
            session["payment_status"] = "paid"
            return [
                self.tell("charge.succeeded", charge),
                self.tell("payment_intent.succeeded", intent),
                self.tell("checkout.session.async_payment_succeeded", session),
            ]

    def fail_later(self, session: Object) -> list[Object]:
        """The bank has not paid."""
        with self.guard:
            intent = self.intent_of(session)
            intent["status"] = "requires_payment_method"
            intent["last_payment_error"] = {"type": "card_error", "code": "debit_not_authorized"}
            return [
                self.tell("payment_intent.payment_failed", intent),
                self.tell("checkout.session.async_payment_failed", session),
            ]

    def expire(self, session: Object) -> list[Object]:
        """Leave it for a day."""
        with self.guard:
            session["status"] = "expired"
            return [self.tell("checkout.session.expired", session)]

    # --- what happens to money afterwards ---

    def charge_of(self, session: Object) -> Object:
        """The charge by which a session was paid."""
        return self.objects[self.objects[session["payment_intent"]]["latest_charge"]]

    def refund(self, session: Object, amount: int) -> list[Object]:
        """Give money back."""
        with self.guard:
            charge = self.charge_of(session)
            refund = self.add(
                "refund",
                "re",
                amount=amount,
                charge=charge["id"],
                currency=charge["currency"],
                payment_intent=charge["payment_intent"],
                status="succeeded",
            )
            charge["amount_refunded"] += amount
            charge["refunded"] = charge["amount_refunded"] == charge["amount"]
            return [self.tell("refund.created", refund), self.tell("charge.refunded", charge)]

    def fail_refund(self, session: Object, *, drops: bool = True) -> list[Object]:
        """The last refund does not arrive; `drops`: the charge says so too."""
        with self.guard:
            charge = self.charge_of(session)
            refund = next(one for one in self.all("refund") if one["charge"] == charge["id"])
            refund["status"] = "failed"
            if drops:
                charge["amount_refunded"] -= refund["amount"]
            return [self.tell("refund.failed", refund), self.tell("refund.updated", refund)]

    def dispute(
        self, session: Object, amount: int | None = None, status: str = "needs_response"
    ) -> list[Object]:
        """The card's owner wants the money back."""
        with self.guard:
            charge = self.charge_of(session)
            dispute = self.add(
                "dispute",
                "du",
                amount=charge["amount"] if amount is None else amount,
                charge=charge["id"],
                currency=charge["currency"],
                payment_intent=charge["payment_intent"],
                balance_transactions=[],
                reason="fraudulent",
                status=status,
            )
            charge["disputed"] = True
            told = [self.tell("charge.dispute.created", dispute)]
            if not status.startswith("warning"):
                told.append(self.tell("charge.dispute.funds_withdrawn", dispute))
            return told

    def close_dispute(self, session: Object, status: str) -> list[Object]:
        """The bank has decided: won, lost or warning_closed."""
        with self.guard:
            charge = self.charge_of(session)
            dispute = next(one for one in self.all("dispute") if one["charge"] == charge["id"])
            dispute["status"] = status
            told = [self.tell("charge.dispute.closed", dispute)]
            if status == "won":
                told.append(self.tell("charge.dispute.funds_reinstated", dispute))
            return told
