"""What nobody came back to: jobs out of time, cancelled ones whose workers died, old results."""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from api.pruning import pruned
from jobs import ids
from jobs.ending import expire, sweep_abandoned
from jobs.models import Job

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
    return pruned(_forget, days=settings.BULK["keep_days"], size=1)


def _forget(before: datetime, *, size: int) -> int:
    """Delete the jobs that ended first, with all their rows, unless they are sent to work again meanwhile."""
    with transaction.atomic():
        old = list(Job.objects.locked().filter(ended_at__lt=before).order_by("ended_at")[:size])
        for job in old:
            job.delete()
    return len(old)
