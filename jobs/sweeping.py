"""What nobody came back to: jobs out of time, cancelled ones whose workers died, old results."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from jobs import ids
from jobs.ending import expire, sweep_abandoned
from jobs.models import Job

PRUNING_SECONDS = 60  # then the next run goes on

log = structlog.stdlib.get_logger("pallet.jobs")


def end_overdue() -> None:
    """End jobs whose time has run out, and cancelled ones that nobody works on any more."""
    _each(expire, Job.objects.overdue().values_list("pk", flat=True))
    cancelled = Job.objects.open().filter(status=Job.Status.CANCELLED)
    _each(sweep_abandoned, cancelled.values_list("pk", flat=True))


def _each(end: Callable[[UUID], None], jobs: Iterable[UUID]) -> None:
    """End these jobs, each by itself: one that cannot be ended stands in no other's way."""
    for pk in list(jobs):
        try:
            end(pk)
        except Exception:  # whatever it is: the next sweep tries again
            log.exception("job_not_ended", job=ids.shown(pk))


def prune() -> int:
    """Delete jobs that ended longer ago than results are kept; how many. What is left comes next time."""
    began, deleted = time.monotonic(), 0
    before = timezone.now() - timedelta(days=settings.BULK["keep_days"])
    old = Job.objects.filter(ended_at__lt=before).order_by("ended_at")
    for pk in list(old.values_list("pk", flat=True)):
        if time.monotonic() - began > PRUNING_SECONDS:
            break
        deleted += _forget(pk, before)
    return deleted


def _forget(pk: UUID, before: datetime) -> bool:
    """Delete a job with all its rows, unless it was sent to work again meanwhile."""
    with transaction.atomic():
        job = Job.objects.locked().filter(pk=pk, ended_at__lt=before).first()
        if job is None:
            return False
        job.delete()
    return True
