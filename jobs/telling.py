"""How a job is told: to callers, to their endpoints and to operators, always in the same words."""

from typing import Any

from django.utils import timezone

from jobs import ids
from jobs.models import Job
from jobs.progress import Progress

PRIORITIES = {one.label.lower(): one.value for one in Job.Priority}


def job_data(found: Progress) -> dict[str, Any]:
    """Return a job as it is told, to callers and to their endpoints."""
    job = found.job
    return {
        "id": ids.shown(job.pk),
        "name": job.name,
        "operation": job.operation,
        "options": job.options,
        "status": job.status,
        "is_expired": job.is_expired,
        "priority": Job.Priority(job.priority).label.lower(),
        "rows": job.rows,
        "statuses": found.statuses,
        "outcomes": {str(name): rows for name, rows in found.outcomes.items()},
        "credits": {
            "quoted": job.quoted,
            "held": job.held - job.captured - job.released,
            "captured": job.captured,
            "released": job.released,
        },
        "rate_per_minute": found.rate,
        "eta_seconds": found.eta_seconds,
        "input": job.source,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
        "expires_at": job.expires_at,
    }


def results_head(job: Job) -> dict[str, Any]:
    """Return what stands above the results of a job, in the formats that have room for it."""
    return {
        "job": {
            "id": ids.shown(job.pk),
            "status": job.status,
            "rows": job.rows,
            "captured": job.captured,
        },
        "told_at": timezone.now(),
    }
