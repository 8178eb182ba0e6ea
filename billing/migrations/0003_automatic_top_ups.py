"""Automatic top-ups, the card that an order is paid with, and what is paid by hand instead."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_conversion_scope"),
        ("billing", "0002_mails_about_payments"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="creditorder",
            options={
                "permissions": [("close_problem", "Can say that a problem with a payment is dealt with")]
            },
        ),
        migrations.AddField(
            model_name="creditorder",
            name="instead_of",
            field=models.ForeignKey(
                help_text="The top-up that failed.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="paid_instead",
                to="billing.creditorder",
            ),
        ),
        migrations.AddField(
            model_name="creditorder",
            name="payment_method_id",
            field=models.CharField(
                blank=True, default="", help_text="The saved card of an automatic top-up.", max_length=255
            ),
        ),
        migrations.AlterField(
            model_name="creditorder",
            name="problem",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "None"),
                    ("mismatch", "The payment is not what was ordered"),
                    ("no_user", "The buyer's account is gone"),
                    ("twice", "Another page of the same order was paid"),
                ],
                default="",
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="AutoTopUp",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="auto_top_up",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("is_on", models.BooleanField(default=True)),
                (
                    "threshold",
                    models.BigIntegerField(help_text="With fewer credits to spend than these it buys."),
                ),
                ("package", models.CharField(max_length=40)),
                ("credits", models.BigIntegerField()),
                (
                    "amount",
                    models.BigIntegerField(help_text="The price, in the smallest unit of the currency."),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "monthly_ceiling",
                    models.BigIntegerField(help_text="The most in a calendar month (UTC), in that unit."),
                ),
                ("payment_method_id", models.CharField(max_length=255)),
                ("card_brand", models.CharField(max_length=40)),
                ("card_last4", models.CharField(max_length=4)),
                ("livemode", models.BooleanField(help_text="Whether real money is meant.")),
                ("consented_at", models.DateTimeField()),
                ("consent_text", models.TextField(help_text="What the owner has agreed to, word for word.")),
                ("paused_until", models.DateTimeField(help_text="Nothing is bought before.", null=True)),
                (
                    "off_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "None"),
                            ("owner", "You have switched it off."),
                            ("declined", "The bank or card company refused the payment."),
                            (
                                "authentication_required",
                                "The bank wants you to confirm the payment yourself.",
                            ),
                            ("card_removed", "The card was removed."),
                            ("canceled", "The payment was cancelled."),
                            ("price_changed", "The package is not sold any more as you agreed to it."),
                            ("disputed", "A payment of yours is disputed."),
                            ("refunded", "A payment of yours was refunded."),
                            ("operator", "Whoever runs this install has switched it off."),
                        ],
                        default="",
                        max_length=30,
                    ),
                ),
                ("off_at", models.DateTimeField(null=True)),
                (
                    "off_order",
                    models.ForeignKey(
                        help_text="The one that failed.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="billing.creditorder",
                    ),
                ),
            ],
            options={
                "verbose_name": "automatic top-up",
                "permissions": [("switch_off_top_ups", "Can switch off an account's automatic top-ups")],
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_on", True)), fields=["user"], name="billing_autotopup_on"
                    ),
                    models.Index(fields=["payment_method_id"], name="billing_autotopup_of_card"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("threshold__gt", 0), ("threshold__lte", models.F("credits"))),
                        name="billing_autotopup_is_enough_at_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("monthly_ceiling__gte", models.F("amount"))),
                        name="billing_autotopup_ceiling_lets_one_through",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_on", True), ("off_at", None), ("off_reason", "")),
                            models.Q(
                                ("is_on", False),
                                ("off_at__isnull", False),
                                models.Q(("off_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="billing_autotopup_off_has_its_reason",
                    ),
                ],
            },
        ),
    ]
