"""Mails about payments, each once."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0001_orders_and_inbox"),
    ]

    operations = [
        migrations.CreateModel(
            name="PaymentMail",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("purchase", "Purchase"),
                            ("failed", "Failed"),
                            ("refund", "Refund"),
                            ("refund_failed", "Refund Failed"),
                            ("dispute", "Dispute"),
                            ("dispute_won", "Dispute Won"),
                            ("dispute_lost", "Dispute Lost"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "about",
                    models.CharField(
                        blank=True,
                        help_text="Stripe's id of the refund or dispute; else empty.",
                        max_length=255,
                    ),
                ),
                (
                    "told",
                    models.JSONField(
                        default=dict, help_text="Amounts, in the smallest unit, and what else it says."
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sending", "Handed over; whether it went is not known"),
                            ("sent", "Sent"),
                            ("given_up", "It failed for days"),
                            ("nobody", "The account is gone"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("attempts", models.IntegerField(default=0)),
                ("error", models.CharField(blank=True, help_text="Of the last attempt.", max_length=100)),
                (
                    "due_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, help_text="Or when it was handed over."
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mails",
                        to="billing.creditorder",
                    ),
                ),
            ],
            options={
                "permissions": [("send_mail_again", "Can send a mail again that may have been lost")],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "waiting")),
                        fields=["due_at"],
                        name="billing_paymentmail_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("order", "kind", "about"), name="billing_paymentmail_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("sent_at__isnull", False), ("status", "sent")),
                            models.Q(models.Q(("status", "sent"), _negated=True), ("sent_at", None)),
                            _connector="OR",
                        ),
                        name="billing_paymentmail_sent_has_its_time",
                    ),
                ],
            },
        ),
    ]
