"""What the stand-in knows. In the database, because web server and worker both have to know it."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

LENGTH = 255


class OfflineObject(models.Model):
    """A customer, session, payment, charge, refund, dispute or event, as Stripe would keep it.

    Whoever changes what belongs to a session locks that session's row first.
    """

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=LENGTH, unique=True, help_text="Its id, written as Stripe's are.")
    kind = models.CharField(max_length=40, help_text="What Stripe calls `object`.")
    body = models.JSONField()
    session = models.ForeignKey(
        "self", models.CASCADE, null=True, related_name="parts", help_text="The one that it belongs to."
    )
    idempotency_key = models.CharField(max_length=LENGTH, null=True, unique=True)  # noqa: DJ001   unique or none
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["kind", "-id"], name="billing_offline_of_kind")]

    def __str__(self) -> str:
        return self.name
