"""One user's calls by time, an order that no other index has."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("api", "0002_idempotent_requests"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="apicall",
            name="api_apicall_of_user",
        ),
        migrations.AddIndex(
            model_name="apicall",
            index=models.Index(
                models.F("user_id"), models.F("at"), models.F("id"), name="api_apicall_of_user_by_time"
            ),
        ),
    ]
