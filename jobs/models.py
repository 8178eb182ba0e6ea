"""What was asked in bulk, how far it has come, and what became of each row. The rows are the truth.

A message of the queue only says that there may be something to do: it may come twice, late or never.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from jobs.querysets import JobChunkQuerySet, JobQuerySet
from jobs.reading.given import MOST_GIVEN, MOST_REF


class Job(models.Model):
    """Many rows, one request, one hold.

    `operation` is what its rows are sold as; a row whose code is another operation's business is that one's.
    `counts` are of rows that no chunk has (what cannot be understood, what the credits did not reach).
    """

    class Status(models.TextChoices):
        PENDING = "pending"  # nobody has begun
        RUNNING = "running"
        DONE = "done"
        CANCELLED = "cancelled"  # by the account, or as its time ran out

    class Priority(models.IntegerChoices):
        LOW = -1
        NORMAL = 0
        HIGH = 1

    id = models.UUIDField(primary_key=True, editable=False, help_text="The bits of the id that is shown.")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="jobs", db_index=False)
    operation = models.CharField(max_length=64)
    options = models.JSONField(default=dict, help_text="As the operation wants them.")
    name = models.CharField(max_length=200, blank=True)
    priority = models.SmallIntegerField(choices=Priority, default=Priority.NORMAL)
    source = models.JSONField(default=dict, help_text="How the input was read: format, column, warnings.")
    key = models.UUIDField(null=True, help_text="The API key it was sent with.")
    cap = models.UUIDField(null=True, help_text="The spending cap that its credits count against.")
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    is_expired = models.BooleanField(default=False, help_text="Its time ran out before all was answered.")
    rows = models.IntegerField()
    counts = models.JSONField(default=dict)
    round = models.SmallIntegerField(default=1, help_text="How often it has been sent to work.")
    hold = models.UUIDField(null=True, help_text="The credits set aside; null while none are.")
    quoted = models.BigIntegerField(default=0, help_text="Credits it could cost at most, in all rounds.")
    held = models.BigIntegerField(default=0, help_text="Credits set aside in all rounds.")
    captured = models.BigIntegerField(default=0)
    released = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True, help_text="When a worker last took a piece of it.")
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(help_text="Then it ends, answered or not.")

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "running"], ended_at=None)
                | Q(status="cancelled")
                | Q(status="done", ended_at__isnull=False),
                name="jobs_job_ended_when_done",
            ),
            models.CheckConstraint(
                condition=Q(held=F("captured") + F("released")) | Q(ended_at=None),
                name="jobs_job_ended_is_settled",
            ),
            models.CheckConstraint(
                condition=Q(captured__gte=0, released__gte=0, held__gte=F("captured") + F("released")),
                name="jobs_job_never_more_than_held",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "-id"], name="jobs_job_of_user"),
            models.Index(fields=["expires_at"], condition=Q(ended_at=None), name="jobs_job_open"),
            models.Index(fields=["claimed_at"], name="jobs_job_served"),
            models.Index(fields=["ended_at"], condition=Q(ended_at__isnull=False), name="jobs_job_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} of {self.rows} rows, {self.status}"

    @property
    def has_ended(self) -> bool:
        """Whether nothing of it is under way any more, and its credits are settled."""
        return self.ended_at is not None


class JobChunk(models.Model):
    """Rows that go upstream together: those from `first` to `last` of one operation that are not answered.

    Whoever works on it has its `token` until `lease_until`; one who comes back later, whatever he was doing,
    finds another token there and settles nothing. `counts` and `credits` are of what is settled.
    """

    class Status(models.TextChoices):
        PENDING = "pending"
        RUNNING = "running"
        DONE = "done"
        CANCELLED = "cancelled"

    id = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(Job, models.CASCADE, related_name="chunks", db_index=False)
    number = models.IntegerField()
    operation = models.CharField(max_length=64)
    first = models.IntegerField(help_text="A position.")
    last = models.IntegerField(help_text="A position.")
    rows = models.IntegerField(help_text="Of the input, those that repeat a code included.")
    price = models.BigIntegerField(help_text="The most credits that what is left of it may cost.")
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    token = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True, help_text="It is tried again then.")
    failures = models.SmallIntegerField(default=0, help_text="How often upstreams did not deliver.")
    counts = models.JSONField(default=dict)
    credits = models.BigIntegerField(default=0)
    settled_at = models.DateTimeField(null=True)

    objects = JobChunkQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "number"], name="jobs_chunk_once"),
            models.CheckConstraint(
                condition=Q(status="running", lease_until__isnull=False)
                | (~Q(status="running") & Q(lease_until=None)),
                name="jobs_chunk_runs_on_a_lease",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["job", "operation", "number"],
                condition=Q(status__in=["pending", "running"]),
                name="jobs_chunk_open",
            ),
            models.Index(fields=["lease_until"], condition=Q(status="running"), name="jobs_chunk_running"),
        ]

    def __str__(self) -> str:
        return f"chunk {self.number}, {self.status}"


class JobItem(models.Model):
    """One row of the input and what became of it.

    `position` counts the rows that are there, `row` is how a person counts them in what was sent. `copy_of`
    is the position of an earlier row with the same code: that one is answered and paid.
    """

    id = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(Job, models.CASCADE, related_name="items", db_index=False)
    position = models.IntegerField()
    row = models.IntegerField()
    given = models.CharField(max_length=MOST_GIVEN)
    ref = models.CharField(max_length=MOST_REF)
    code = models.CharField(max_length=40, help_text="In its normal form; empty where it was not understood.")
    kind = models.CharField(max_length=20)
    operation = models.CharField(max_length=64, help_text="Empty where nothing can be done with it.")
    copy_of = models.IntegerField(null=True)
    copies = models.IntegerField(default=1, help_text="Rows with this code, itself included.")
    price = models.IntegerField(default=0, help_text="The most credits it may cost.")
    outcome = models.CharField(max_length=12, db_default="", help_text="Empty until it is settled.")
    reason = models.TextField(db_default="")
    credits = models.IntegerField(db_default=0)
    asin = models.CharField(max_length=10, db_default="")
    confidence = models.FloatField(null=True)
    providers = models.TextField(db_default="", help_text="Names, with commas between them.")
    age_seconds = models.IntegerField(null=True)
    data = models.TextField(db_default="", help_text="The answer, as JSON.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "position"], name="jobs_item_once"),
            models.CheckConstraint(
                condition=Q(credits__gte=0, credits__lte=F("price")), name="jobs_item_within_its_price"
            ),
            models.CheckConstraint(
                condition=Q(credits=0) | Q(outcome="delivered", copy_of=None),
                name="jobs_item_only_deliveries_cost",
            ),
        ]

    def __str__(self) -> str:
        return f"row {self.row}: {self.given[:40]}"


class Pause(models.Model):
    """Until when an operation's upstreams of a marketplace need not be asked: their limit is reached."""

    subject = models.CharField(max_length=80, primary_key=True, help_text="operation:marketplace")
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.subject} until {self.until:%H:%M:%S}"
