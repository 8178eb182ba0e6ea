"""What is kept of every call: a row for each, their sums by day, and the answers that are given again."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from api.querysets import FAILURES, APICallQuerySet, UsageDayQuerySet

OPERATION_LENGTH = 64
OUTCOME_LENGTH = 64
CLIENT_ID_LENGTH = 64


class CallFacts(models.Model):
    """Whose call it was and how it ended: what rows and sums have in common.

    `user_id` and `key_id` are plain ids. A call is a fact whatever becomes of the account; a foreign key
    would make each batch lock the users it names, and let one deleted user refuse everybody's calls.
    """

    user_id = models.UUIDField(null=True, help_text="Empty when nobody was known to call.")
    key_id = models.UUIDField("API key", null=True, help_text="Empty for a session.")
    operation = models.CharField(max_length=OPERATION_LENGTH)
    status = models.PositiveSmallIntegerField(help_text="Of HTTP.")
    outcome = models.CharField(
        max_length=OUTCOME_LENGTH, help_text="The problem's code, or ok, not_modified, replayed."
    )

    class Meta:
        abstract = True


class APICall(CallFacts):
    """One call below /api/, refused ones too; no query, no body, no secret. Written by api.usage alone.

    Its id is the ULID of the request id as a UUID, so a request id is found by the primary key. One user's
    calls are read by `at` and id, an order that only their own index has: by id alone PostgreSQL may walk
    through everybody's calls to reach those of a user who has not called lately.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    at = models.DateTimeField(help_text="When the call came: the time in its id.")
    method = models.CharField(max_length=10)
    credits = models.IntegerField(help_text="Taken for this call.")
    duration_us = models.IntegerField("duration, µs")
    client_request_id = models.CharField(max_length=CLIENT_ID_LENGTH, blank=True)

    objects = APICallQuerySet.as_manager()

    class Meta:
        verbose_name = "API call"
        indexes: ClassVar = [
            models.Index("user_id", "at", "id", name="api_apicall_of_user_by_time"),
            models.Index(fields=["id"], condition=models.Q(outcome__in=FAILURES), name="api_apicall_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.operation} {self.outcome}"


class UsageDay(CallFacts):
    """The calls of one UTC day that were alike, in sums; kept when the calls themselves are pruned."""

    day = models.DateField()
    calls = models.BigIntegerField()
    credits = models.BigIntegerField()
    duration_us = models.BigIntegerField()

    objects = UsageDayQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user_id", "day", "operation", "key_id", "outcome", "status"],
                nulls_distinct=False,
                name="api_usageday_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.operation} {self.outcome}: {self.calls}"


class IdempotentRequest(models.Model):
    """A POST that may be repeated under its Idempotency-Key, and its answer once there is one.

    The row tells nobody who called, with what, or what was answered: see `api.sealing`. Only
    `api.attempts` writes it.
    """

    name = models.BinaryField(max_length=32, primary_key=True, editable=False)
    fingerprint = models.BinaryField(max_length=32, editable=False)
    request_id = models.CharField(max_length=32, help_text="The first attempt, which names the charge.")
    attempt_id = models.CharField(max_length=32, help_text="The request that works on it, or did last.")
    locked_until = models.DateTimeField(help_text="Until then an attempt without an answer is under way.")
    answer = models.BinaryField(null=True, editable=False, help_text="Sealed.")
    created_at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)

    def __str__(self) -> str:
        return f"{self.request_id} since {self.created_at:%Y-%m-%d %H:%M:%S}"
