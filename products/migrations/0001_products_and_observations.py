from django.db import migrations, models

import products.models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Observation",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("asin", models.CharField(max_length=10, verbose_name="ASIN")),
                ("marketplace", models.CharField(max_length=2)),
                ("series", models.CharField(max_length=40)),
                ("provider", models.CharField(max_length=40)),
                ("observed_at", models.DateTimeField()),
                ("value", products.models.NumericField(decimal_places=6, max_digits=30, null=True)),
                (
                    "currency",
                    models.CharField(
                        blank=True, db_default="", help_text="Of money; else empty.", max_length=3
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["asin", "marketplace", "-observed_at", "-id"],
                        name="products_observation_newest",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("asin", "marketplace", "series", "provider", "observed_at"),
                        name="products_observation_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("asin", models.CharField(max_length=10, verbose_name="ASIN")),
                ("marketplace", models.CharField(max_length=2)),
                ("document", models.JSONField()),
                ("title", models.TextField(blank=True, db_default="")),
                (
                    "is_not_found",
                    models.BooleanField(
                        default=False, help_text="The upstreams say there is no such product."
                    ),
                ),
                (
                    "is_sample",
                    models.BooleanField(
                        default=False, help_text="Invented by the stand-in, not said by Amazon."
                    ),
                ),
                (
                    "providers",
                    models.CharField(
                        blank=True, help_text="Whose facts the answer is made of.", max_length=200
                    ),
                ),
                ("fetched_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("asin", "marketplace"), name="products_product_once")
                ],
            },
        ),
    ]
