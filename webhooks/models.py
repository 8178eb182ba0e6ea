"""Who wants to be told, what there was to tell, and how telling it went."""

import uuid
from typing import ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from webhooks import ids
from webhooks.querysets import DeliveryQuerySet, EndpointQuerySet
from webhooks.targets import LONGEST

TYPE_LENGTH = 40
KEY_LENGTH = 200


class Endpoint(models.Model):
    """An address of a customer's that is told of events.

    Its secrets are sealed (`webhooks.signing`): the database alone opens them to nobody.
    """

    class Reason(models.TextChoices):
        OWNER = "owner"
        OPERATOR = "operator"
        GONE = "gone"  # it answered 410
        FAILING = "failing"  # nothing could be delivered for too long

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=LONGEST, help_text="May hold a secret of its owner's in its query.")
    events = ArrayField(models.CharField(max_length=TYPE_LENGTH), help_text="What it is told of.")
    description = models.CharField(max_length=200, blank=True)
    secret = models.BinaryField(editable=False, help_text="Sealed.")
    previous_secret = models.BinaryField(null=True, editable=False, help_text="Sealed.")
    previous_until = models.DateTimeField(
        null=True, help_text="Until then the secret from before the last rotation signs as well."
    )
    is_enabled = models.BooleanField(default=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=10, choices=Reason, blank=True)
    owner_told_at = models.DateTimeField(null=True, help_text="When a mail said that it was disabled.")
    failing_since = models.DateTimeField(null=True, help_text="The first failure after the last success.")
    last_delivered_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        verbose_name = "webhook"
        indexes: ClassVar = [models.Index("user", "created_at", "id", name="webhooks_endpoint_of_user")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(is_enabled=True, disabled_at=None, disabled_reason="")
                | Q(is_enabled=False, disabled_at__isnull=False) & ~Q(disabled_reason=""),
                name="webhooks_endpoint_disabled_says_when_and_why",
            ),
            models.CheckConstraint(
                condition=Q(previous_secret=None, previous_until=None)
                | Q(previous_secret__isnull=False, previous_until__isnull=False),
                name="webhooks_endpoint_previous_secret_has_its_end",
            ),
            models.CheckConstraint(
                condition=Q(events__len__gt=0), name="webhooks_endpoint_is_told_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{ids.shown(ids.ENDPOINT, self.pk)} at {self.host}"

    @property
    def host(self) -> str:
        """The part of the address that may stand in a log."""
        return urlsplit(self.url).hostname or ""


class Event(models.Model):
    """Something that happened, as it is told: the same bytes to every endpoint and at each attempt."""

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="webhook_events")
    type = models.CharField(max_length=TYPE_LENGTH)
    data = models.JSONField()
    key = models.CharField(max_length=KEY_LENGTH, help_text="An event that is announced twice is one.")
    created_at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("user", "key", name="webhooks_event_once")]

    def __str__(self) -> str:
        return f"{self.type} {ids.shown(ids.EVENT, self.pk)}"


class Delivery(models.Model):
    """One event on its way to one endpoint. Whoever holds the lease, and nobody else, is sending it."""

    class Status(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        FAILED = "failed"  # all attempts were made
        CANCELLED = "cancelled"  # the endpoint was disabled before

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries")
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    attempt_count = models.PositiveSmallIntegerField(default=0, help_text="Since it was sent or replayed.")
    started_at = models.DateTimeField(null=True, help_text="The first of these attempts.")
    next_attempt_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True, help_text="Past it, whoever was sending has died.")
    lease_token = models.UUIDField(null=True, help_text="Of the newest attempt.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        indexes: ClassVar = [
            models.Index("endpoint", "created_at", "id", name="webhooks_delivery_of_endpoint"),
            models.Index(
                fields=["endpoint", "next_attempt_at"],
                condition=Q(status="pending"),
                name="webhooks_delivery_pending",
            ),
            models.Index(
                fields=["endpoint", "lease_until"],
                condition=Q(lease_until__isnull=False),
                name="webhooks_delivery_leased",
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint("event", "endpoint", name="webhooks_delivery_once"),
            models.CheckConstraint(
                condition=Q(status="pending", next_attempt_at__isnull=False)
                | ~Q(status="pending") & Q(next_attempt_at=None, lease_until=None),
                name="webhooks_delivery_only_pending_is_attempted",
            ),
            models.CheckConstraint(
                condition=Q(lease_until=None) | Q(lease_token__isnull=False),
                name="webhooks_delivery_lease_has_its_token",
            ),
        ]

    def __str__(self) -> str:
        return f"{ids.shown(ids.DELIVERY, self.pk)}: {self.status}"


class Attempt(models.Model):
    """One request, written down before it is sent. What was answered is not kept, only how it ended.

    Its id is the token of the lease under which it is made.
    """

    UNDER_WAY = "under_way"
    INTERRUPTED = "interrupted"  # whoever sent it died before they knew how it ended

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    at = models.DateTimeField(default=timezone.now)
    status_code = models.PositiveSmallIntegerField(null=True, help_text="Of HTTP; empty: no answer.")
    seconds = models.FloatField(null=True)
    error = models.CharField(max_length=30, blank=True, help_text="Empty: delivered.")

    class Meta:
        indexes: ClassVar = [models.Index("delivery", "at", "id", name="webhooks_attempt_of_delivery")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.error or 'delivered'}"
