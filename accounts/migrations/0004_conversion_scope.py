"""Keys that may do whatever a key may by default go on doing so, now that there are conversions."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import F, Func, Value

DEFAULTS = ["account:read", "credits:read", "products:read", "usage:read"]
NEW = "conversion:read"


def give(apps, schema_editor):
    """Add the scope to the keys that have all defaults; a list that somebody chose stays as it is."""
    keys = apps.get_model("accounts", "APIKey").objects
    keys.filter(scopes__contains=DEFAULTS).exclude(scopes__contains=[NEW]).update(
        scopes=changed("array_append")
    )


def take(apps, schema_editor):
    """Take the scope from all keys: nothing knows it any more."""
    keys = apps.get_model("accounts", "APIKey").objects
    keys.filter(scopes__contains=[NEW]).update(scopes=changed("array_remove"))


def changed(function):
    """Return the scopes with the new one added or removed."""
    kind = ArrayField(models.CharField(max_length=40))
    return Func(
        F("scopes"), Value(NEW, models.CharField(max_length=40)), function=function, output_field=kind
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_key_scopes_addresses_and_reroll"),
    ]

    operations = [
        migrations.RunPython(give, take, elidable=True),
    ]
