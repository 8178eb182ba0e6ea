"""Orders of credits, who their buyers are at Stripe, and what Stripe has told us.

An order exists before Stripe hears of it. What it granted is the ledger entry with the key
`purchase:<order id>`, which can be written once; `billing/settling.py` alone changes an order after that.
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from billing.mail_models import PaymentMail
from billing.querysets import CreditOrderQuerySet, StripeInboxQuerySet
from billing.topup_models import ID_LENGTH, AutoTopUp

ADDRESS_LENGTH = 1000
NEVER_CAME = ("not_begun", "not_taken")  # to a payment: failures that are none of the buyer's
__all__ = ["AutoTopUp", "CreditOrder", "PaymentMail", "StripeCustomer", "StripeInbox"]


class CreditOrder(models.Model):
    """A pack of credits that somebody wants to buy, at the price of that moment."""

    class Kind(models.TextChoices):
        """How it came about."""

        CHECKOUT = "checkout"
        AUTO_TOPUP = "auto_topup"
        MANUAL = "manual"

    class Status(models.TextChoices):
        """What Stripe says of the payment. The last three have been paid; `disputed`: and are held back."""

        PENDING = "pending"
        FAILED = "failed"
        EXPIRED = "expired"
        PAID = "paid"
        REFUNDED = "refunded"
        DISPUTED = "disputed"

    class Problem(models.TextChoices):
        """What is wrong with the payment, so that a person has to look."""

        NONE = ""
        MISMATCH = "mismatch", "The payment is not what was ordered"
        NO_USER = "no_user", "The buyer's account is gone"
        TWICE = "twice", "Another page of the same order was paid"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="credit_orders"
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.CHECKOUT)
    package = models.CharField(max_length=40)
    credits = models.BigIntegerField()
    amount = models.BigIntegerField(help_text="The price, in the smallest unit of the currency.")
    currency = models.CharField(max_length=3)
    livemode = models.BooleanField(help_text="Whether real money is meant.")
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    session_id = models.CharField(max_length=ID_LENGTH, null=True, unique=True)  # noqa: DJ001   unique or unknown
    payment_intent_id = models.CharField(max_length=ID_LENGTH, null=True, unique=True)  # noqa: DJ001
    charge_id = models.CharField(max_length=ID_LENGTH, null=True, unique=True)  # noqa: DJ001
    payment_method_id = models.CharField(
        max_length=ID_LENGTH, blank=True, default="", help_text="The saved card of an automatic top-up."
    )
    instead_of = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="paid_instead", help_text="The top-up that failed."
    )
    receipt_url = models.URLField(max_length=ADDRESS_LENGTH, blank=True)
    amount_paid = models.BigIntegerField(null=True, help_text="After discounts and with tax.")
    amount_refunded = models.BigIntegerField(default=0)
    refunded_credits = models.BigIntegerField(default=0, help_text="Taken back because money went back.")
    disputed_credits = models.BigIntegerField(default=0, help_text="Taken back because of disputes.")
    dispute_status = models.CharField(max_length=30, blank=True, help_text="Of the last dispute.")
    failure_code = models.CharField(max_length=100, blank=True)
    problem = models.CharField(max_length=10, choices=Problem, blank=True, default="")
    problem_detail = models.TextField(blank=True, default="")
    moves = models.IntegerField(default=0, help_text="How often credits were taken back or given again.")
    version = models.IntegerField(default=0, help_text="Raised by each change, so that none is built on old.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    paid_at = models.DateTimeField(null=True, help_text="When the credits were granted.")

    objects = CreditOrderQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(credits__gt=0, amount__gte=0), name="billing_creditorder_sells_something"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "failed", "expired"], paid_at=None)
                | Q(status__in=["paid", "refunded", "disputed"], paid_at__isnull=False),
                name="billing_creditorder_paid_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(refunded_credits__gte=0, disputed_credits__gte=0)
                & Q(credits__gte=F("refunded_credits") + F("disputed_credits")),
                name="billing_creditorder_takes_back_what_it_gave",
            ),
            models.CheckConstraint(
                condition=Q(paid_at__isnull=False) | Q(refunded_credits=0, disputed_credits=0),
                name="billing_creditorder_unpaid_takes_nothing_back",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(kind="auto_topup", status="pending"),
                name="billing_creditorder_one_open_top_up",
            ),
        ]
        permissions: ClassVar = [("close_problem", "Can say that a problem with a payment is dealt with")]
        indexes: ClassVar = [
            models.Index(fields=["user", "-created_at", "-id"], name="billing_creditorder_of_user"),
            models.Index(fields=["id"], condition=~Q(problem=""), name="billing_creditorder_problems"),
        ]

    def __str__(self) -> str:
        return f"{self.package} of {self.created_at:%Y-%m-%d}, {self.status}"

    @property
    def key(self) -> str:
        """The key of the ledger entry by which the credits are granted."""
        return f"purchase:{self.pk}"

    @property
    def is_top_up(self) -> bool:
        """Whether a saved card pays, without anybody before a page."""
        return self.kind == self.Kind.AUTO_TOPUP

    @property
    def can_be_paid_instead(self) -> bool:
        """Whether it is a top-up that was refused, so that its package can be paid by hand."""
        return self.is_top_up and self.status == self.Status.FAILED and self.failure_code not in NEVER_CAME

    @property
    def is_paid(self) -> bool:
        """Whether the credits have been granted, whatever came afterwards."""
        return self.paid_at is not None


class StripeCustomer(models.Model):
    """Who an account is at Stripe. The row is there before Stripe hears of it; its id makes the call once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="stripe_customer")
    customer_id = models.CharField(max_length=ID_LENGTH, null=True, unique=True)  # noqa: DJ001
    livemode = models.BooleanField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.customer_id or "not known to Stripe yet"


class StripeInbox(models.Model):
    """An event as Stripe sent it, verified, and how far it has come."""

    class Status(models.TextChoices):
        """Waiting to be worked, or how that ended. The last three need a person."""

        WAITING = "waiting"
        DONE = "done"
        UNMATCHED = "unmatched", "No order of ours is meant"
        REFUSED = "refused", "The payment is not what was ordered"
        GIVEN_UP = "given_up", "It failed for days"

    id = models.BigAutoField(primary_key=True)
    event_id = models.CharField(max_length=ID_LENGTH, unique=True)
    type = models.CharField(max_length=100)
    livemode = models.BooleanField()
    payload = models.JSONField()
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    order = models.ForeignKey(CreditOrder, models.SET_NULL, null=True, related_name="events")
    attempts = models.IntegerField(default=0)
    error = models.TextField(blank=True, default="", help_text="Of the last attempt.")
    due_at = models.DateTimeField(default=timezone.now, help_text="Whoever works it moves this on first.")
    received_at = models.DateTimeField(default=timezone.now, editable=False)
    done_at = models.DateTimeField(null=True)
    mirrored_at = models.DateTimeField(null=True, help_text="When dj-stripe had taken it in.")
    mirror_attempts = models.IntegerField(default=0)
    mirror_due_at = models.DateTimeField(default=timezone.now)
    mirror_error = models.TextField(blank=True, default="")

    objects = StripeInboxQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "Stripe's events"
        permissions: ClassVar = [("replay_event", "Can let an event be worked again")]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(status="waiting"), name="billing_stripeinbox_due"),
            models.Index(
                fields=["mirror_due_at"],
                condition=Q(status="done", mirrored_at=None),
                name="billing_stripeinbox_unmirrored",
            ),
            models.Index(fields=["received_at"], name="billing_stripeinbox_age"),
            models.Index(
                fields=["status"],
                condition=Q(status__in=["unmatched", "refused", "given_up"]),
                name="billing_stripeinbox_attention",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
