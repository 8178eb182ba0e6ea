"""How customers hear that a job has ended: at their own endpoints."""

import orjson

from api.bulk import Outcome
from api.renderers import dumps
from jobs import ids
from jobs.models import Job
from jobs.progress import progress
from jobs.telling import job_data
from webhooks.services import announce


def announce_end(job: Job) -> None:
    """Tell the account's endpoints, in the transaction that ends the job."""
    found = progress([job])[job.pk]
    event = "job.completed" if found.counts.get(Outcome.DELIVERED) else "job.failed"
    if job.status == Job.Status.CANCELLED and not job.is_expired:
        event = "job.cancelled"
    announce(job.user, event, orjson.loads(dumps(job_data(found))), key=f"{ids.shown(job.pk)}_{job.round}")
