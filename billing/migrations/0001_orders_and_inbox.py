"""Orders of credits, who buys them at Stripe, and the inbox for what Stripe tells."""

import uuid

import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CreditOrder",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("checkout", "Checkout"),
                            ("auto_topup", "Auto Topup"),
                            ("manual", "Manual"),
                        ],
                        default="checkout",
                        max_length=10,
                    ),
                ),
                ("package", models.CharField(max_length=40)),
                ("credits", models.BigIntegerField()),
                (
                    "amount",
                    models.BigIntegerField(help_text="The price, in the smallest unit of the currency."),
                ),
                ("currency", models.CharField(max_length=3)),
                ("livemode", models.BooleanField(help_text="Whether real money is meant.")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("failed", "Failed"),
                            ("expired", "Expired"),
                            ("paid", "Paid"),
                            ("refunded", "Refunded"),
                            ("disputed", "Disputed"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("session_id", models.CharField(max_length=255, null=True, unique=True)),
                ("payment_intent_id", models.CharField(max_length=255, null=True, unique=True)),
                ("charge_id", models.CharField(max_length=255, null=True, unique=True)),
                ("receipt_url", models.URLField(blank=True, max_length=1000)),
                ("amount_paid", models.BigIntegerField(help_text="After discounts and with tax.", null=True)),
                ("amount_refunded", models.BigIntegerField(default=0)),
                (
                    "refunded_credits",
                    models.BigIntegerField(default=0, help_text="Taken back because money went back."),
                ),
                (
                    "disputed_credits",
                    models.BigIntegerField(default=0, help_text="Taken back because of disputes."),
                ),
                (
                    "dispute_status",
                    models.CharField(blank=True, help_text="Of the last dispute.", max_length=30),
                ),
                ("failure_code", models.CharField(blank=True, max_length=100)),
                (
                    "problem",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "None"),
                            ("mismatch", "The payment is not what was ordered"),
                            ("no_user", "The buyer's account is gone"),
                        ],
                        default="",
                        max_length=10,
                    ),
                ),
                ("problem_detail", models.TextField(blank=True, default="")),
                (
                    "moves",
                    models.IntegerField(
                        default=0, help_text="How often credits were taken back or given again."
                    ),
                ),
                (
                    "version",
                    models.IntegerField(
                        default=0, help_text="Raised by each change, so that none is built on old."
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("paid_at", models.DateTimeField(help_text="When the credits were granted.", null=True)),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="credit_orders",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StripeCustomer",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("customer_id", models.CharField(max_length=255, null=True, unique=True)),
                ("livemode", models.BooleanField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stripe_customer",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StripeInbox",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("event_id", models.CharField(max_length=255, unique=True)),
                ("type", models.CharField(max_length=100)),
                ("livemode", models.BooleanField()),
                ("payload", models.JSONField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("done", "Done"),
                            ("unmatched", "No order of ours is meant"),
                            ("refused", "The payment is not what was ordered"),
                            ("given_up", "It failed for days"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("attempts", models.IntegerField(default=0)),
                ("error", models.TextField(blank=True, default="", help_text="Of the last attempt.")),
                (
                    "due_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, help_text="Whoever works it moves this on first."
                    ),
                ),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("done_at", models.DateTimeField(null=True)),
                ("mirrored_at", models.DateTimeField(help_text="When dj-stripe had taken it in.", null=True)),
                ("mirror_attempts", models.IntegerField(default=0)),
                ("mirror_due_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("mirror_error", models.TextField(blank=True, default="")),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="events",
                        to="billing.creditorder",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "Stripe's events",
                "permissions": [("replay_event", "Can let an event be worked again")],
            },
        ),
        migrations.AddIndex(
            model_name="creditorder",
            index=models.Index(fields=["user", "-created_at", "-id"], name="billing_creditorder_of_user"),
        ),
        migrations.AddIndex(
            model_name="creditorder",
            index=models.Index(
                condition=models.Q(("problem", ""), _negated=True),
                fields=["id"],
                name="billing_creditorder_problems",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditorder",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 0), ("credits__gt", 0)),
                name="billing_creditorder_sells_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("paid_at", None), ("status__in", ["pending", "failed", "expired"])),
                    models.Q(("paid_at__isnull", False), ("status__in", ["paid", "refunded", "disputed"])),
                    _connector="OR",
                ),
                name="billing_creditorder_paid_has_its_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("disputed_credits__gte", 0),
                    ("refunded_credits__gte", 0),
                    (
                        "credits__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("refunded_credits"), "+", models.F("disputed_credits")
                        ),
                    ),
                ),
                name="billing_creditorder_takes_back_what_it_gave",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("paid_at__isnull", False),
                    models.Q(("disputed_credits", 0), ("refunded_credits", 0)),
                    _connector="OR",
                ),
                name="billing_creditorder_unpaid_takes_nothing_back",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditorder",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "auto_topup"), ("status", "pending")),
                fields=("user",),
                name="billing_creditorder_one_open_top_up",
            ),
        ),
        migrations.AddIndex(
            model_name="stripeinbox",
            index=models.Index(
                condition=models.Q(("status", "waiting")), fields=["due_at"], name="billing_stripeinbox_due"
            ),
        ),
        migrations.AddIndex(
            model_name="stripeinbox",
            index=models.Index(
                condition=models.Q(("mirrored_at", None), ("status", "done")),
                fields=["mirror_due_at"],
                name="billing_stripeinbox_unmirrored",
            ),
        ),
        migrations.AddIndex(
            model_name="stripeinbox",
            index=models.Index(fields=["received_at"], name="billing_stripeinbox_age"),
        ),
        migrations.AddIndex(
            model_name="stripeinbox",
            index=models.Index(
                condition=models.Q(("status__in", ["unmatched", "refused", "given_up"])),
                fields=["status"],
                name="billing_stripeinbox_attention",
            ),
        ),
    ]
