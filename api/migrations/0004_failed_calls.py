"""The calls that failed through a fault of ours: few, and looked for by the clock."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("api", "0003_calls_of_user_by_time"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="apicall",
            index=models.Index(
                fields=["id"],
                condition=models.Q(outcome__in=["internal_error", "service_unavailable"]),
                name="api_apicall_failed",
            ),
        ),
    ]
