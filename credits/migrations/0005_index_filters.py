"""Make the filters of credits/history quick in a ledger of any length; the sums by day are made anew."""

from django.db import migrations, models

FORGET = "TRUNCATE credits_ledgerday, credits_ledgerfold"


class Migration(migrations.Migration):
    dependencies = [("credits", "0004_ledger_days")]

    operations = [
        migrations.RunSQL(FORGET, FORGET),
        migrations.AddField(
            "ledgerday",
            "first_id",
            models.BigIntegerField(default=0, help_text="The first of these entries."),
            preserve_default=False,
        ),
        migrations.AddField(
            "ledgerday",
            "last_id",
            models.BigIntegerField(default=0, help_text="The last of them."),
            preserve_default=False,
        ),
        migrations.AddIndex(
            "ledgerentry",
            models.Index(
                fields=["wallet", "kind", "id"],
                condition=~models.Q(kind="charge"),
                name="credits_ledgerentry_kinds",
            ),
        ),
        migrations.AddIndex(
            "ledgerentry",
            models.Index(fields=["wallet", "operation", "id"], name="credits_ledgerentry_operations"),
        ),
        migrations.AddIndex(
            "ledgerentry",
            models.Index(
                fields=["wallet", "reference", "id"],
                condition=~models.Q(reference=""),
                name="credits_ledgerentry_references",
            ),
        ),
    ]
