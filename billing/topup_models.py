"""Automatic top-ups: what an account has agreed to, and why it is off if it is."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

ID_LENGTH = 255  # of Stripe's ids


class AutoTopUpQuerySet(models.QuerySet[Any]):
    """Which accounts' top-ups."""

    def low(self, now: datetime) -> Self:
        """Those that are on, of accounts with fewer credits to spend than they want to have.

        Not of accounts that owe credits: a card would pay for what was taken back, not for what is to come.
        """
        left = Coalesce(F("user__wallet__balance") - F("user__wallet__held"), 0)
        on = self.filter(is_on=True, livemode=settings.STRIPE_LIVE_MODE, user__is_active=True)
        few = on.alias(left=left).filter(threshold__gt=F("left"))
        return few.exclude(paused_until__gt=now).exclude(user__wallet__receivable__gt=0)

    def switch_off(self, reason: str, *, order: Any = None) -> int:
        """Switch off those that are on, and keep why; how many that were."""
        return self.filter(is_on=True).update(
            is_on=False, off_reason=reason, off_order=order, off_at=timezone.now(), paused_until=None
        )


class AutoTopUp(models.Model):
    """When which package is bought with which saved card, as its owner has agreed to it.

    The package is kept as it was then: at another price nothing is bought before the owner agrees anew.
    """

    class OffReason(models.TextChoices):
        """Why it is off, for programs and for people."""

        NONE = ""
        OWNER = "owner", "You have switched it off."
        DECLINED = "declined", "The bank or card company refused the payment."
        AUTHENTICATION = "authentication_required", "The bank wants you to confirm the payment yourself."
        CARD_REMOVED = "card_removed", "The card was removed."
        CANCELED = "canceled", "The payment was cancelled."
        PRICE_CHANGED = "price_changed", "The package is not sold any more as you agreed to it."
        DISPUTED = "disputed", "A payment of yours is disputed."
        REFUNDED = "refunded", "A payment of yours was refunded."
        OPERATOR = "operator", "Whoever runs this install has switched it off."

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="auto_top_up"
    )
    is_on = models.BooleanField(default=True)
    threshold = models.BigIntegerField(help_text="With fewer credits to spend than these it buys.")
    package = models.CharField(max_length=40)
    credits = models.BigIntegerField()
    amount = models.BigIntegerField(help_text="The price, in the smallest unit of the currency.")
    currency = models.CharField(max_length=3)
    monthly_ceiling = models.BigIntegerField(help_text="The most in a calendar month (UTC), in that unit.")
    payment_method_id = models.CharField(max_length=ID_LENGTH)
    card_brand = models.CharField(max_length=40)
    card_last4 = models.CharField(max_length=4)
    livemode = models.BooleanField(help_text="Whether real money is meant.")
    consented_at = models.DateTimeField()
    consent_text = models.TextField(help_text="What the owner has agreed to, word for word.")
    paused_until = models.DateTimeField(null=True, help_text="Nothing is bought before.")
    off_reason = models.CharField(max_length=30, choices=OffReason, blank=True, default="")
    off_order = models.ForeignKey(
        "billing.CreditOrder", models.SET_NULL, null=True, related_name="+", help_text="The one that failed."
    )
    off_at = models.DateTimeField(null=True)

    objects = AutoTopUpQuerySet.as_manager()

    class Meta:
        verbose_name = "automatic top-up"
        permissions: ClassVar = [("switch_off_top_ups", "Can switch off an account's automatic top-ups")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(threshold__gt=0, threshold__lte=F("credits")),
                name="billing_autotopup_is_enough_at_once",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, monthly_ceiling__gte=F("amount")),
                name="billing_autotopup_ceiling_lets_one_through",
            ),
            models.CheckConstraint(
                condition=Q(is_on=True, off_reason="", off_at=None)
                | Q(is_on=False, off_at__isnull=False) & ~Q(off_reason=""),
                name="billing_autotopup_off_has_its_reason",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user"], condition=Q(is_on=True), name="billing_autotopup_on"),
            models.Index(fields=["payment_method_id"], name="billing_autotopup_of_card"),
        ]

    def __str__(self) -> str:
        return f"{self.package} below {self.threshold}, {'on' if self.is_on else 'off'}"
