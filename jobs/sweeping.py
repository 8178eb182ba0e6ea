"""What nobody came back to: jobs out of time, cancelled ones whose workers died, old results."""

import time
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from jobs import statements
from jobs.ending import expire, sweep_abandoned
from jobs.models import Job

DELETED_AT_ONCE = 5_000  # rows in one statement
PRUNING_SECONDS = 60  # then the next run goes on

DELETE_ITEMS = """
DELETE FROM jobs_jobitem WHERE id IN (SELECT id FROM jobs_jobitem WHERE job_id = %(job)s LIMIT %(most)s)
"""


def end_overdue() -> None:
    """End jobs whose time has run out, and cancelled ones that nobody works on any more."""
    for pk in list(Job.objects.overdue().values_list("pk", flat=True)):
        expire(pk)
    for pk in list(Job.objects.open().filter(status=Job.Status.CANCELLED).values_list("pk", flat=True)):
        sweep_abandoned(pk)


def prune() -> int:
    """Delete jobs that ended longer ago than results are kept; how many. What is left comes next time."""
    began, deleted = time.monotonic(), 0
    before = Now() - timedelta(days=settings.BULK["keep_days"])
    for pk in list(Job.objects.filter(ended_at__lt=before).order_by("ended_at").values_list("pk", flat=True)):
        while statements.run(DELETE_ITEMS, job=pk, most=DELETED_AT_ONCE):
            if time.monotonic() - began > PRUNING_SECONDS:
                return deleted
        Job.objects.filter(pk=pk).delete()
        deleted += 1
    return deleted
