"""What workers do. A message says that there may be something to do; the rows say what.

So it does no harm when one comes twice, late, or never: the sweep sends others.
"""

from celery import shared_task
from django.conf import settings
from django.db.models import Count

from api.queues import workers_told
from jobs import sweeping
from jobs.models import Job, JobChunk
from jobs.statements import WAITING, rows
from jobs.work import run_next

SWEEP_SECONDS = 10  # between two sweeps; their messages are worth nothing after that


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def run_chunk(operation: str) -> bool:
    """Work on the chunk whose turn it is, and have the next one worked on; whether there was one."""
    if not run_next(operation):
        return False
    send(operation)
    return True


@shared_task  # type: ignore[untyped-decorator]
def sweep_stalled() -> int:
    """End what is overdue, and send workers to what waits for one; how many. Twice does no harm."""
    sweeping.end_overdue()
    sent = 0
    for operation, waiting in rows(WAITING):
        running = JobChunk.objects.filter(operation=operation).running().count()
        for _ in range(max(0, min(waiting, settings.BULK["at_once"] - running))):
            sent += send(operation, expires=SWEEP_SECONDS)
    return sent


@shared_task  # type: ignore[untyped-decorator]
def prune_jobs() -> int:
    """Delete what ended longer ago than results are kept; how many jobs."""
    return sweeping.prune()


def wake(job: Job) -> None:
    """Have workers begin with a job that was sent to work."""
    waiting = JobChunk.objects.open().filter(job=job).values_list("operation").annotate(count=Count("pk"))
    for operation, chunks in waiting:
        for _ in range(min(chunks, settings.BULK["at_once"])):
            if not send(operation):
                return


def send(operation: str, *, expires: float | None = None) -> bool:
    """Send a worker to the next chunk; False where the queue does not answer: the sweep will see to it."""
    return workers_told(run_chunk, operation, queue=queue_of(operation), expires=expires)


def queue_of(operation: str) -> str:
    """Return the queue of an operation: each has its own, so that one cannot stand in another's way."""
    return f"bulk.{operation.partition('.')[0]}"
