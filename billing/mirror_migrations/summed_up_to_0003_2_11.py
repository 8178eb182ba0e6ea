"""dj-stripe's tables at once: a second instead of the minute that its own migrations take one by one.

When a newer dj-stripe brings a migration, it works without a change here, only more slowly. To sum it up too,
rename this file and add the name below.
"""

from typing import ClassVar

from django.db import migrations

from billing.summing import CreateTables, migrations_of

NAMES = ("0001_initial", "0002_2_10", "0003_2_11")
UPSTREAM = migrations_of("djstripe.migrations", NAMES)


class Migration(migrations.Migration):
    """The table of migrations has rows for all of these afterwards, as dj-stripe expects."""

    initial = True
    replaces: ClassVar = [("djstripe", name) for name in NAMES]
    dependencies: ClassVar = UPSTREAM[0].dependencies
    operations: ClassVar = [CreateTables(UPSTREAM)]
