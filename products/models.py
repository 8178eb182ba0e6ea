"""What is known about an ASIN: the last answer, and how its figures moved."""

from typing import ClassVar

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from products.querysets import ObservationQuerySet


class NumericField(models.DecimalField):  # type: ignore[type-arg]
    """PostgreSQL's numeric without a fixed scale: 12.90 stays 12.90, and a rank has no decimals."""

    def __init__(self, **options: object) -> None:
        options.pop("max_digits", None)
        options.pop("decimal_places", None)
        super().__init__(max_digits=30, decimal_places=6, **options)  # type: ignore[arg-type]

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Return the column's type."""
        return "numeric"


class Product(models.Model):
    """The last answer about an ASIN in one marketplace; also that there is no such product.

    `document` is what `providers.codec.dump` writes, without the history, which stands in Observation.
    """

    id = models.BigAutoField(primary_key=True)
    asin = models.CharField("ASIN", max_length=10)
    marketplace = models.CharField(max_length=2)
    document = models.JSONField()
    title = models.TextField(blank=True, db_default="")
    is_not_found = models.BooleanField(default=False, help_text="The upstreams say there is no such product.")
    is_sample = models.BooleanField(default=False, help_text="Invented by the stand-in, not said by Amazon.")
    providers = models.CharField(max_length=200, blank=True, help_text="Whose facts the answer is made of.")
    fetched_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["asin", "marketplace"], name="products_product_once"),
        ]

    def __str__(self) -> str:
        return f"{self.asin} {self.marketplace}"


class Observation(models.Model):
    """From `observed_at` on the series had this value, says the provider; None: from then on it had none."""

    id = models.BigAutoField(primary_key=True)
    asin = models.CharField("ASIN", max_length=10)
    marketplace = models.CharField(max_length=2)
    series = models.CharField(max_length=40)
    provider = models.CharField(max_length=40)
    observed_at = models.DateTimeField()
    value = NumericField(null=True)
    currency = models.CharField(max_length=3, blank=True, db_default="", help_text="Of money; else empty.")

    objects = ObservationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["asin", "marketplace", "series", "provider", "observed_at"],
                name="products_observation_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["asin", "marketplace", "-observed_at", "-id"], name="products_observation_newest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asin} {self.marketplace} {self.series} {self.observed_at:%Y-%m-%d %H:%M}: {self.value}"
