"""Give the guards of older databases the functions that 0002 makes now: with plans that stay good."""

from importlib import import_module

from django.db import migrations

laws = import_module("credits.migrations.0002_ledger_laws")


class Migration(migrations.Migration):
    """Where 0002 has made them like this already, nothing changes."""

    dependencies = [("credits", "0002_ledger_laws")]

    operations = [
        migrations.RunSQL(laws.BALANCE, migrations.RunSQL.noop),
        migrations.RunSQL(laws.HOLDS, migrations.RunSQL.noop),
    ]
