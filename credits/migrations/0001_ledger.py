"""Wallets, holds, ledger entries and spending caps, with the constraints that columns can state."""

import uuid

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SpendingCap",
            fields=[
                ("subject", models.UUIDField(primary_key=True, serialize=False)),
                ("limit", models.BigIntegerField()),
                (
                    "period",
                    models.CharField(
                        choices=[("day", "Day"), ("month", "Month"), ("total", "Total")], max_length=5
                    ),
                ),
                (
                    "spent",
                    models.BigIntegerField(
                        db_default=0, default=0, help_text="In this window: charges and open holds."
                    ),
                ),
                (
                    "excess",
                    models.BigIntegerField(
                        db_default=0,
                        default=0,
                        help_text="Spent beyond the limit because the limit was lowered afterwards.",
                    ),
                ),
                ("window_started_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("period__in", ["day", "month", "total"])),
                        name="credits_spendingcap_period",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("spent__gte", 0), ("spent__lte", models.F("limit"))),
                        name="credits_spendingcap_spent_within_limit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("excess", 0),
                            models.Q(("excess__gt", 0), ("spent", models.F("limit"))),
                            _connector="OR",
                        ),
                        name="credits_spendingcap_excess_only_when_full",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Wallet",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="wallet",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("balance", models.BigIntegerField(db_default=0, default=0)),
                (
                    "held",
                    models.BigIntegerField(
                        db_default=0, default=0, help_text="The part of the balance set aside by open holds."
                    ),
                ),
                (
                    "receivable",
                    models.BigIntegerField(
                        db_default=0,
                        default=0,
                        help_text="Clawed back but already spent; credits that come in pay it first.",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="clock_timestamp", output_field=models.DateTimeField()
                        )
                    ),
                ),
            ],
            options={
                "permissions": [("adjust_wallet", "Can correct a balance, giving a reason")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("balance__gte", 0)), name="credits_wallet_balance_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("held__gte", 0), ("held__lte", models.F("balance"))),
                        name="credits_wallet_held_within_balance",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("receivable__gte", 0)),
                        name="credits_wallet_receivable_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("receivable", 0), ("balance", models.F("held")), _connector="OR"),
                        name="credits_wallet_owing_has_nothing_to_spend",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("amount", models.BigIntegerField()),
                ("captured", models.BigIntegerField(db_default=0, default=0)),
                ("released", models.BigIntegerField(db_default=0, default=0)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("captured", "Captured"),
                            ("released", "Released"),
                            ("expired", "Expired"),
                        ],
                        db_default="open",
                        default="open",
                        max_length=10,
                    ),
                ),
                ("key", models.CharField(max_length=200)),
                ("operation", models.CharField(max_length=64)),
                ("reference", models.CharField(blank=True, db_default="", max_length=200)),
                (
                    "cap",
                    models.UUIDField(
                        blank=True,
                        help_text="The subject of the spending cap this counts against.",
                        null=True,
                    ),
                ),
                (
                    "cap_window",
                    models.DateTimeField(
                        blank=True, help_text="The window of the cap it was counted in.", null=True
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="clock_timestamp", output_field=models.DateTimeField()
                        )
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "wallet",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="credits.wallet",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("amount", models.BigIntegerField(help_text="Signed: what came in is positive.")),
                ("balance_after", models.BigIntegerField()),
                (
                    "receivable",
                    models.BigIntegerField(
                        db_default=0,
                        default=0,
                        help_text="What this added to the wallet's receivable, or paid off it.",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("grant", "Grant"),
                            ("charge", "Charge"),
                            ("refund", "Refund"),
                            ("expiry", "Expiry"),
                            ("adjustment", "Adjustment"),
                            ("reversal", "Reversal"),
                        ],
                        max_length=10,
                    ),
                ),
                ("operation", models.CharField(max_length=64)),
                ("reference", models.CharField(blank=True, db_default="", max_length=200)),
                ("key", models.CharField(max_length=200)),
                (
                    "cap",
                    models.UUIDField(
                        blank=True,
                        help_text="The subject of the spending cap this counted against.",
                        null=True,
                    ),
                ),
                (
                    "cap_window",
                    models.DateTimeField(
                        blank=True, help_text="The window of the cap it was counted in.", null=True
                    ),
                ),
                ("metadata", models.JSONField(blank=True, db_default={}, default=dict)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="clock_timestamp", output_field=models.DateTimeField()
                        )
                    ),
                ),
                (
                    "charge",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="credits.ledgerentry",
                    ),
                ),
                (
                    "hold",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="captures",
                        to="credits.hold",
                    ),
                ),
                (
                    "wallet",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="credits.wallet",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "ledger entries",
                "indexes": [
                    models.Index(fields=["wallet", "id"], name="credits_ledgerentry_of_wallet"),
                    models.Index(
                        condition=models.Q(("charge__isnull", False)),
                        fields=["charge"],
                        name="credits_ledgerentry_refunds",
                    ),
                    models.Index(
                        condition=models.Q(("hold__isnull", False)),
                        fields=["hold"],
                        name="credits_ledgerentry_captures",
                    ),
                    models.Index(
                        condition=models.Q(("receivable", 0), _negated=True),
                        fields=["wallet"],
                        name="credits_ledgerentry_owing",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("key",), name="credits_ledgerentry_key_once"),
                    models.CheckConstraint(
                        condition=models.Q(("key", ""), _negated=True),
                        name="credits_ledgerentry_key_not_empty",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount__gt", 0), ("kind__in", ["grant", "refund"])),
                            models.Q(("amount__lt", 0), ("kind__in", ["charge", "expiry"])),
                            models.Q(("amount__lte", 0), ("kind", "reversal")),
                            models.Q(("kind", "adjustment"), models.Q(("amount", 0), _negated=True)),
                            _connector="OR",
                        ),
                        name="credits_ledgerentry_sign_of_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "reversal"),
                                models.Q(("amount__lt", 0), ("receivable__gt", 0), _connector="OR"),
                            ),
                            models.Q(models.Q(("kind", "reversal"), _negated=True), ("receivable", 0)),
                            _connector="OR",
                        ),
                        name="credits_ledgerentry_receivable_of_reversals",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("balance_after__gte", 0)),
                        name="credits_ledgerentry_balance_after_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("charge__isnull", False), ("kind", "refund")),
                            models.Q(models.Q(("kind", "refund"), _negated=True), ("charge", None)),
                            _connector="OR",
                        ),
                        name="credits_ledgerentry_refund_names_its_charge",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("hold", None), ("kind", "charge"), _connector="OR"),
                        name="credits_ledgerentry_capture_is_a_charge",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cap", None), ("cap_window", None)),
                            models.Q(
                                ("cap__isnull", False),
                                ("cap_window__isnull", False),
                                ("kind__in", ["charge", "refund"]),
                            ),
                            _connector="OR",
                        ),
                        name="credits_ledgerentry_cap_has_its_window",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "adjustment"), _negated=True),
                            ("metadata__has_keys", ["actor", "reason"]),
                            _connector="OR",
                        ),
                        name="credits_ledgerentry_adjustment_says_who_and_why",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(
                condition=models.Q(("status", "open")),
                fields=["wallet"],
                include=("amount", "captured"),
                name="credits_hold_open_of_wallet",
            ),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(
                condition=models.Q(("status", "open")),
                fields=["expires_at"],
                name="credits_hold_open_by_expiry",
            ),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(
                condition=models.Q(models.Q(("status", "open"), _negated=True), ("captured", 0)),
                fields=["ended_at"],
                name="credits_hold_without_trace",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.UniqueConstraint(fields=("key",), name="credits_hold_key_once"),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0), ("captured__gte", 0), ("released__gte", 0)),
                name="credits_hold_amounts_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("captured__lt", models.F("amount")),
                        ("ended_at", None),
                        ("released", 0),
                        ("status", "open"),
                    ),
                    models.Q(
                        ("captured", models.F("amount")),
                        ("ended_at__isnull", False),
                        ("released", 0),
                        ("status", "captured"),
                    ),
                    models.Q(
                        ("ended_at__isnull", False),
                        (
                            "released",
                            django.db.models.expressions.CombinedExpression(
                                models.F("amount"), "-", models.F("captured")
                            ),
                        ),
                        ("released__gt", 0),
                        ("status__in", ["released", "expired"]),
                    ),
                    _connector="OR",
                ),
                name="credits_hold_is_open_or_ended_in_full",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cap", None), ("cap_window", None)),
                    models.Q(("cap__isnull", False), ("cap_window__isnull", False)),
                    _connector="OR",
                ),
                name="credits_hold_cap_has_its_window",
            ),
        ),
    ]
