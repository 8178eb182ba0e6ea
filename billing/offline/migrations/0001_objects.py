"""What the offline checkout knows of customers, payments and events."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="OfflineObject",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "name",
                    models.CharField(
                        help_text="Its id, written as Stripe's are.", max_length=255, unique=True
                    ),
                ),
                ("kind", models.CharField(help_text="What Stripe calls `object`.", max_length=40)),
                ("body", models.JSONField()),
                ("idempotency_key", models.CharField(max_length=255, null=True, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "session",
                    models.ForeignKey(
                        help_text="The one that it belongs to.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="billing_offline.offlineobject",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["kind", "-id"], name="billing_offline_of_kind")],
            },
        ),
    ]
