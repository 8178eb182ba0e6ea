"""Calls, a row for each, and their sums by day."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="APICall",
            fields=[
                ("user_id", models.UUIDField(help_text="Empty when nobody was known to call.", null=True)),
                (
                    "key_id",
                    models.UUIDField(help_text="Empty for a session.", null=True, verbose_name="API key"),
                ),
                ("operation", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField(help_text="Of HTTP.")),
                (
                    "outcome",
                    models.CharField(
                        help_text="The problem's code, or ok, not_modified, replayed.", max_length=64
                    ),
                ),
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField(help_text="When the call came: the time in its id.")),
                ("method", models.CharField(max_length=10)),
                ("credits", models.IntegerField(help_text="Taken for this call.")),
                ("duration_us", models.IntegerField(verbose_name="duration, µs")),
                ("client_request_id", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "verbose_name": "API call",
                "indexes": [models.Index(models.F("user_id"), models.F("id"), name="api_apicall_of_user")],
            },
        ),
        migrations.CreateModel(
            name="UsageDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("user_id", models.UUIDField(help_text="Empty when nobody was known to call.", null=True)),
                (
                    "key_id",
                    models.UUIDField(help_text="Empty for a session.", null=True, verbose_name="API key"),
                ),
                ("operation", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField(help_text="Of HTTP.")),
                (
                    "outcome",
                    models.CharField(
                        help_text="The problem's code, or ok, not_modified, replayed.", max_length=64
                    ),
                ),
                ("day", models.DateField()),
                ("calls", models.BigIntegerField()),
                ("credits", models.BigIntegerField()),
                ("duration_us", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user_id", "day", "operation", "key_id", "outcome", "status"),
                        name="api_usageday_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
    ]
