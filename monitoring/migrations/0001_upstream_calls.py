"""Calls to upstreams, and the index that the scoreboard and the pruning read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="UpstreamCall",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField(help_text="When it ended.")),
                ("provider", models.CharField(max_length=32)),
                (
                    "credential",
                    models.CharField(
                        blank=True, help_text="The name of the account there, not the key.", max_length=32
                    ),
                ),
                (
                    "operation",
                    models.CharField(
                        help_text="What was asked; check: an answer was looked at, not believed.",
                        max_length=64,
                    ),
                ),
                ("marketplace", models.CharField(blank=True, max_length=8)),
                (
                    "outcome",
                    models.CharField(help_text="ok, or the reason why there is no answer.", max_length=32),
                ),
                (
                    "status",
                    models.PositiveSmallIntegerField(
                        help_text="Of HTTP; empty when nothing came back.", null=True
                    ),
                ),
                ("duration_us", models.IntegerField(verbose_name="duration, µs")),
                (
                    "cost",
                    models.DecimalField(
                        decimal_places=4, help_text="In the upstream's own unit.", max_digits=12, null=True
                    ),
                ),
                (
                    "delivered",
                    models.IntegerField(help_text="Answers that came with it; below 0: taken back."),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["at"],
                        include=(
                            "provider",
                            "credential",
                            "operation",
                            "outcome",
                            "duration_us",
                            "cost",
                            "delivered",
                        ),
                        name="monitoring_upstream_by_time",
                    )
                ],
            },
        ),
    ]
