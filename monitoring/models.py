"""What is kept of every attempt to ask an upstream."""

from typing import ClassVar

from django.db import models

from monitoring.querysets import UpstreamCallQuerySet

NAME_LENGTH = 32
OPERATION_LENGTH = 64
MARKETPLACE_LENGTH = 8


class UpstreamCall(models.Model):
    """One attempt and how it ended; no address, no answer, no secret. Written by monitoring.recording alone.

    The index on time holds all that the scoreboard adds up, so that it reads no table.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    at = models.DateTimeField(help_text="When it ended.")
    provider = models.CharField(max_length=NAME_LENGTH)
    credential = models.CharField(
        max_length=NAME_LENGTH, blank=True, help_text="The name of the account there, not the key."
    )
    operation = models.CharField(
        max_length=OPERATION_LENGTH, help_text="What was asked; check: an answer was looked at, not believed."
    )
    marketplace = models.CharField(max_length=MARKETPLACE_LENGTH, blank=True)
    outcome = models.CharField(max_length=NAME_LENGTH, help_text="ok, or the reason why there is no answer.")
    status = models.PositiveSmallIntegerField(null=True, help_text="Of HTTP; empty when nothing came back.")
    duration_us = models.IntegerField("duration, µs")
    cost = models.DecimalField(
        max_digits=12, decimal_places=4, null=True, help_text="In the upstream's own unit."
    )
    delivered = models.IntegerField(help_text="Answers that came with it; below 0: taken back.")

    objects = UpstreamCallQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["at"],
                include=[
                    "provider",
                    "credential",
                    "operation",
                    "outcome",
                    "duration_us",
                    "cost",
                    "delivered",
                ],
                name="monitoring_upstream_by_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.provider} {self.operation} {self.outcome}"
