"""Mails about payments: a row for each, written with the credits that it tells of, so that it goes once."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

ABOUT_LENGTH = 255  # of Stripe's ids


class PaymentMailQuerySet(models.QuerySet[Any]):
    """Which mails."""

    def due(self, now: datetime) -> Self:
        """Those to be sent now, the longest waiting first."""
        return self.filter(status="waiting", due_at__lte=now).order_by("due_at", "id")

    def needing_attention(self, before: datetime) -> Self:
        """Those that nobody will try again; handed over before this moment, and not known to have gone."""
        return self.filter(Q(status="given_up") | Q(status="sending", due_at__lt=before))


class PaymentMail(models.Model):
    """One thing to tell the buyer of an order, as it was when it happened.

    It is `sending` before the mail server hears of it. Whoever dies then leaves it so: it may have gone, and
    nothing sends it again by itself.
    """

    class Kind(models.TextChoices):
        """What it tells."""

        PURCHASE = "purchase"
        FAILED = "failed"
        REFUND = "refund"
        REFUND_FAILED = "refund_failed"
        DISPUTE = "dispute"
        DISPUTE_WON = "dispute_won"
        DISPUTE_LOST = "dispute_lost"

    class Status(models.TextChoices):
        """How far it has come."""

        WAITING = "waiting"
        SENDING = "sending", "Handed over; whether it went is not known"
        SENT = "sent"
        GIVEN_UP = "given_up", "It failed for days"
        NOBODY = "nobody", "The account is gone"

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey("billing.CreditOrder", models.CASCADE, related_name="mails", db_index=False)
    kind = models.CharField(max_length=20, choices=Kind)
    about = models.CharField(
        max_length=ABOUT_LENGTH, blank=True, help_text="Stripe's id of the refund or dispute; else empty."
    )
    told = models.JSONField(default=dict, help_text="Amounts, in the smallest unit, and what else it says.")
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    attempts = models.IntegerField(default=0)
    error = models.CharField(max_length=100, blank=True, help_text="Of the last attempt.")
    due_at = models.DateTimeField(default=timezone.now, help_text="Or when it was handed over.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(null=True)

    objects = PaymentMailQuerySet.as_manager()

    class Meta:
        permissions: ClassVar = [("send_mail_again", "Can send a mail again that may have been lost")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "kind", "about"], name="billing_paymentmail_once"),
            models.CheckConstraint(
                condition=Q(status="sent", sent_at__isnull=False) | ~Q(status="sent") & Q(sent_at=None),
                name="billing_paymentmail_sent_has_its_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(status="waiting"), name="billing_paymentmail_due")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of order {self.order_id}, {self.status}"
