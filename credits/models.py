"""What is known about credits: wallets, ledger entries, holds and spending caps.

Credits are whole numbers. The constraints here and the triggers of `migrations/0002_ledger_laws.py` hold
whoever writes; only `credits/services.py` does. Laws and reasons: `docs/ledger.md`.
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from credits.querysets import HoldQuerySet, LedgerEntryQuerySet, SpendingCapQuerySet, WalletQuerySet

KEY_LENGTH = 200
OPERATION_LENGTH = 64
REFERENCE_LENGTH = 200
DATABASE_CLOCK = models.Func(
    function="clock_timestamp", output_field=models.DateTimeField()
)  # read under the lock


class Wallet(models.Model):
    """A user's prepaid credits. Its key is the user's, so that taking credits needs no lookup."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="wallet"
    )
    balance = models.BigIntegerField(default=0, db_default=0)
    held = models.BigIntegerField(
        default=0, db_default=0, help_text="The part of the balance set aside by open holds."
    )
    receivable = models.BigIntegerField(
        default=0, db_default=0, help_text="Clawed back but already spent; credits that come in pay it first."
    )
    created_at = models.DateTimeField(db_default=DATABASE_CLOCK)

    objects = WalletQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(balance__gte=0), name="credits_wallet_balance_not_negative"),
            models.CheckConstraint(
                condition=Q(held__gte=0, held__lte=F("balance")), name="credits_wallet_held_within_balance"
            ),
            models.CheckConstraint(
                condition=Q(receivable__gte=0), name="credits_wallet_receivable_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(receivable=0) | Q(balance=F("held")),
                name="credits_wallet_owing_has_nothing_to_spend",
            ),
        ]
        permissions: ClassVar = [("adjust_wallet", "Can correct a balance, giving a reason")]

    def __str__(self) -> str:
        return f"wallet of {self.user_id}: {self.balance} credits"

    @property
    def available(self) -> int:
        """Credits that can be spent now."""
        return self.balance - self.held


class Kind(models.TextChoices):
    """Why credits moved."""

    GRANT = "grant"
    CHARGE = "charge"
    REFUND = "refund"
    EXPIRY = "expiry"
    ADJUSTMENT = "adjustment"
    REVERSAL = "reversal"


class HoldStatus(models.TextChoices):
    """Open, or how it ended: all captured, the rest let go, or let go by the sweep after its time."""

    OPEN = "open"
    CAPTURED = "captured"
    RELEASED = "released"
    EXPIRED = "expired"


class Hold(models.Model):
    """Credits set aside for work under way. Ends exactly once; what was never captured was never taken."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="holds", db_index=False)
    amount = models.BigIntegerField()
    captured = models.BigIntegerField(default=0, db_default=0)
    released = models.BigIntegerField(default=0, db_default=0)
    status = models.CharField(
        max_length=10, choices=HoldStatus, default=HoldStatus.OPEN, db_default=HoldStatus.OPEN
    )
    key = models.CharField(max_length=KEY_LENGTH)
    operation = models.CharField(max_length=OPERATION_LENGTH)
    reference = models.CharField(max_length=REFERENCE_LENGTH, blank=True, db_default="")
    cap = models.UUIDField(
        null=True, blank=True, help_text="The subject of the spending cap this counts against."
    )
    cap_window = models.DateTimeField(
        null=True, blank=True, help_text="The window of the cap it was counted in."
    )
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=DATABASE_CLOCK)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key"], name="credits_hold_key_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, captured__gte=0, released__gte=0),
                name="credits_hold_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(status="open", released=0, captured__lt=F("amount"), ended_at=None)
                | Q(status="captured", released=0, captured=F("amount"), ended_at__isnull=False)
                | Q(
                    status__in=["released", "expired"],
                    released__gt=0,
                    released=F("amount") - F("captured"),
                    ended_at__isnull=False,
                ),
                name="credits_hold_is_open_or_ended_in_full",
            ),
            models.CheckConstraint(
                condition=Q(cap=None, cap_window=None) | Q(cap__isnull=False, cap_window__isnull=False),
                name="credits_hold_cap_has_its_window",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["wallet"],
                include=["amount", "captured"],
                condition=Q(status="open"),
                name="credits_hold_open_of_wallet",
            ),
            models.Index(
                fields=["expires_at"], condition=Q(status="open"), name="credits_hold_open_by_expiry"
            ),
            models.Index(
                fields=["ended_at"],
                condition=~Q(status="open") & Q(captured=0),
                name="credits_hold_without_trace",
            ),
        ]

    def __str__(self) -> str:
        return f"hold {self.key}: {self.amount} credits, {self.status}"

    @property
    def remaining(self) -> int:
        """Credits still set aside."""
        return self.amount - self.captured - self.released

    @property
    def is_open(self) -> bool:
        """Whether it can still be captured."""
        return self.status == HoldStatus.OPEN


class LedgerEntry(models.Model):
    """One movement of credits, never changed or deleted. Within a wallet, id order is the order of commit."""

    id = models.BigAutoField(primary_key=True)
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="entries", db_index=False)
    amount = models.BigIntegerField(help_text="Signed: what came in is positive.")
    balance_after = models.BigIntegerField()
    receivable = models.BigIntegerField(
        default=0, db_default=0, help_text="What this added to the wallet's receivable, or paid off it."
    )
    kind = models.CharField(max_length=10, choices=Kind)
    operation = models.CharField(max_length=OPERATION_LENGTH)
    reference = models.CharField(max_length=REFERENCE_LENGTH, blank=True, db_default="")
    key = models.CharField(max_length=KEY_LENGTH)
    charge = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="refunds", db_index=False
    )
    hold = models.ForeignKey(
        Hold, on_delete=models.PROTECT, null=True, blank=True, related_name="captures", db_index=False
    )
    cap = models.UUIDField(
        null=True, blank=True, help_text="The subject of the spending cap this counted against."
    )
    cap_window = models.DateTimeField(
        null=True, blank=True, help_text="The window of the cap it was counted in."
    )
    metadata = models.JSONField(default=dict, blank=True, db_default={})
    created_at = models.DateTimeField(db_default=DATABASE_CLOCK)

    objects = LedgerEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key"], name="credits_ledgerentry_key_once"),
            models.CheckConstraint(condition=~Q(key=""), name="credits_ledgerentry_key_not_empty"),
            models.CheckConstraint(
                condition=Q(kind__in=["grant", "refund"], amount__gt=0)
                | Q(kind__in=["charge", "expiry"], amount__lt=0)
                | Q(kind="reversal", amount__lte=0)
                | (Q(kind="adjustment") & ~Q(amount=0)),
                name="credits_ledgerentry_sign_of_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="reversal") & (Q(amount__lt=0) | Q(receivable__gt=0))
                | ~Q(kind="reversal") & Q(receivable=0),
                name="credits_ledgerentry_receivable_of_reversals",
            ),
            models.CheckConstraint(
                condition=Q(balance_after__gte=0), name="credits_ledgerentry_balance_after_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(kind="refund", charge__isnull=False) | (~Q(kind="refund") & Q(charge=None)),
                name="credits_ledgerentry_refund_names_its_charge",
            ),
            models.CheckConstraint(
                condition=Q(hold=None) | Q(kind="charge"), name="credits_ledgerentry_capture_is_a_charge"
            ),
            models.CheckConstraint(
                condition=Q(cap=None, cap_window=None)
                | Q(kind__in=["charge", "refund"], cap__isnull=False, cap_window__isnull=False),
                name="credits_ledgerentry_cap_has_its_window",
            ),
            models.CheckConstraint(
                condition=~Q(kind="adjustment") | Q(metadata__has_keys=["actor", "reason"]),
                name="credits_ledgerentry_adjustment_says_who_and_why",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["wallet", "id"], name="credits_ledgerentry_of_wallet"),
            models.Index(
                fields=["charge"], condition=Q(charge__isnull=False), name="credits_ledgerentry_refunds"
            ),
            models.Index(
                fields=["hold"], condition=Q(hold__isnull=False), name="credits_ledgerentry_captures"
            ),
            models.Index(fields=["wallet"], condition=~Q(receivable=0), name="credits_ledgerentry_owing"),
            models.Index(
                fields=["wallet", "kind", "id"],
                condition=~Q(kind="charge"),
                name="credits_ledgerentry_kinds",
            ),
            models.Index(fields=["wallet", "operation", "id"], name="credits_ledgerentry_operations"),
            models.Index(
                fields=["wallet", "reference", "id"],
                condition=~Q(reference=""),
                name="credits_ledgerentry_references",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}: {self.amount:+d}"


class Period(models.TextChoices):
    """How long a spending cap counts before it starts afresh, in UTC calendar days and months."""

    DAY = "day"
    MONTH = "month"
    TOTAL = "total"


class SpendingCap(models.Model):
    """The most that may be spent in someone's name; `subject` is the id of an API key, for instance."""

    subject = models.UUIDField(primary_key=True)
    limit = models.BigIntegerField()
    period = models.CharField(max_length=5, choices=Period)
    spent = models.BigIntegerField(
        default=0, db_default=0, help_text="In this window: charges and open holds."
    )
    excess = models.BigIntegerField(
        default=0, db_default=0, help_text="Spent beyond the limit because the limit was lowered afterwards."
    )
    window_started_at = models.DateTimeField()

    objects = SpendingCapQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(period__in=["day", "month", "total"]), name="credits_spendingcap_period"
            ),
            models.CheckConstraint(
                condition=Q(spent__gte=0, spent__lte=F("limit")),
                name="credits_spendingcap_spent_within_limit",
            ),
            models.CheckConstraint(
                condition=Q(excess=0) | Q(excess__gt=0, spent=F("limit")),
                name="credits_spendingcap_excess_only_when_full",
            ),
        ]

    def __str__(self) -> str:
        return f"cap of {self.subject}: {self.spent} of {self.limit} a {self.period}"


class LedgerDay(models.Model):
    """What a wallet's entries of one UTC day, kind, operation and API key add up to (`rollup.py`)."""

    wallet = models.ForeignKey(
        Wallet,
        on_delete=models.PROTECT,
        related_name="days",
        db_index=False,
        db_constraint=False,  # its check would lock busy wallets; the entries have one of their own
    )
    day = models.DateField()
    kind = models.CharField(max_length=10, choices=Kind)
    operation = models.CharField(max_length=OPERATION_LENGTH)
    key = models.CharField(max_length=64, help_text="The id of the API key; empty for none.")
    received = models.BigIntegerField()
    spent = models.BigIntegerField()
    entries = models.BigIntegerField()
    first_id = models.BigIntegerField(help_text="The first of these entries.")
    last_id = models.BigIntegerField(help_text="The last of them.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["wallet", "day", "kind", "operation", "key"], name="credits_ledgerday_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.kind} {self.operation}: {self.received} in, {self.spent} out"


class LedgerFold(models.Model):
    """The watermark: entries up to `folded_to` are in LedgerDay. One row."""

    id = models.SmallIntegerField(primary_key=True)
    folded_to = models.BigIntegerField(default=0, db_default=0)
    next_to = models.BigIntegerField(
        null=True, blank=True, help_text="Up to where entries can be folded next."
    )
    next_transaction = models.BigIntegerField(
        null=True, blank=True, help_text="Once all transactions below this have ended."
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="credits_ledgerfold_one_row"),
        ]

    def __str__(self) -> str:
        return f"folded up to {self.folded_to}"
