"""What entries add up to by day, and how far they have been added up."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("credits", "0003_plan_guards_well"),
    ]

    operations = [
        migrations.CreateModel(
            name="LedgerFold",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("folded_to", models.BigIntegerField(db_default=0, default=0)),
                (
                    "next_to",
                    models.BigIntegerField(
                        blank=True, help_text="Up to where entries can be folded next.", null=True
                    ),
                ),
                (
                    "next_transaction",
                    models.BigIntegerField(
                        blank=True, help_text="Once all transactions below this have ended.", null=True
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="credits_ledgerfold_one_row")
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
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
                ("key", models.CharField(help_text="The id of the API key; empty for none.", max_length=64)),
                ("received", models.BigIntegerField()),
                ("spent", models.BigIntegerField()),
                ("entries", models.BigIntegerField()),
                (
                    "wallet",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="days",
                        to="credits.wallet",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("wallet", "day", "kind", "operation", "key"), name="credits_ledgerday_once"
                    )
                ],
            },
        ),
    ]
