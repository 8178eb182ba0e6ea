"""How jobs end: all rows answered, cancelled, or out of time; and how what failed is tried again.

Within these transactions the job is locked first, then its chunks, then the wallet.
"""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Now

from accounts.authentication import Credential
from accounts.models import User
from api.bulk import Outcome
from credits.errors import CreditsError, HoldClosed
from credits.services import release
from jobs import statements
from jobs.announcing import announce_end
from jobs.errors import JobHasEnded, JobStillRuns, NothingToRetry, UnknownJob
from jobs.intake import cut, deadline_from_now, set_aside
from jobs.models import Job, JobChunk, JobItem

WORTH_ANOTHER_TRY = [str(one) for one in (Outcome.FAILED, Outcome.UNAFFORDABLE)]
OVER = (JobChunk.Status.DONE, JobChunk.Status.CANCELLED)


def cancel(job_id: UUID, *, user: User) -> Job:
    """End a job of this account: what nobody works on is let go at once, what is in flight is settled yet.

    A job that was cancelled before is returned as it is. Raises UnknownJob, JobHasEnded.
    """
    with transaction.atomic():
        job = _of_account(job_id, user)
        if job.status == Job.Status.DONE:
            raise JobHasEnded
        if job.status != Job.Status.CANCELLED:
            _stop(job)
    return job


def expire(job_id: UUID, *, without: int | None = None) -> None:
    """End a job whose time, or whose hold, has run out; nothing happens to one that has ended.

    `without`: a chunk that cannot be settled any more.
    """
    with transaction.atomic():
        job = Job.objects.open().locked().filter(pk=job_id).first()
        if job is not None:
            _give_up(JobChunk.objects.open().filter(job=job, pk=without))
            job.is_expired = job.status != Job.Status.CANCELLED or job.is_expired
            _stop(job)


def _stop(job: Job) -> None:
    """Let go of all credits but those for the chunks that somebody works on now; they may still deliver."""
    job.status = Job.Status.CANCELLED
    flying = dict(JobChunk.objects.running().filter(job=job).values_list("pk", "price"))
    _give_up(JobChunk.objects.open().filter(job=job).exclude(pk__in=flying))
    before = job.hold, job.released
    try:
        with transaction.atomic():
            let_go(job)
            set_aside(job, sum(flying.values()))
    except CreditsError:  # a debt or a cap would take what is let go: it stays set aside until they land
        job.hold, job.released = before
    job.save()
    finish_if_over(job)


def _give_up(chunks: Any) -> None:
    chunks.update(status=JobChunk.Status.CANCELLED, lease_until=None, not_before=None)


def let_go(job: Job) -> None:
    """Release what is still set aside for a job."""
    if job.hold is not None:
        with suppress(HoldClosed), transaction.atomic():
            release(job.hold)
    job.released = job.held - job.captured
    job.hold = None


def sweep_abandoned(job_id: UUID) -> None:
    """End a cancelled job whose last workers have died."""
    with transaction.atomic():
        job = Job.objects.open().locked().filter(pk=job_id).first()
        if job is not None and job.status == Job.Status.CANCELLED:
            _give_up(JobChunk.objects.abandoned().filter(job=job))
            finish_if_over(job)


def finish_if_over(job: Job) -> None:
    """End a job, which is locked, if no chunk of it is left; its credits are settled then."""
    if job.ended_at is not None or JobChunk.objects.filter(job=job).exclude(status__in=OVER).exists():
        return
    let_go(job)
    if job.status != Job.Status.CANCELLED:
        job.status = Job.Status.DONE
    job.ended_at = Now()
    job.save()
    job.refresh_from_db(fields=["ended_at"])
    announce_end(job)


def retry_failed(job_id: UUID, *, user: User, credential: Credential) -> Job:
    """Send the rows of an ended job to work again that upstreams or credits failed, with a new hold.

    Raises UnknownJob, JobStillRuns, NothingToRetry, InsufficientCredits, CapReached.
    """
    with transaction.atomic():
        job = _of_account(job_id, user)
        if not job.has_ended:
            raise JobStillRuns
        statements.run(statements.REOPEN, job=job.pk, outcomes=WORTH_ANOTHER_TRY)
        statements.run(statements.UNCOUNT, job=job.pk, outcomes=WORTH_ANOTHER_TRY)
        price = JobItem.objects.filter(job=job, outcome="", copy_of=None).aggregate(due=Sum("price"))["due"]
        if price is None:
            raise NothingToRetry
        job.counts = {name: rows for name, rows in job.counts.items() if name not in WORTH_ANOTHER_TRY}
        job.round += 1
        job.cap = credential.cap
        job.key = credential.id if credential.kind == "key" else None
        job.status, job.ended_at, job.is_expired = Job.Status.PENDING, None, False
        job.expires_at = deadline_from_now()
        cut(job)
        set_aside(job, price)
        job.quoted = max(job.quoted, job.captured + price)
        job.save()
    return job


def _of_account(job_id: UUID, user: User) -> Job:
    found: Job | None = Job.objects.for_user(user).locked().filter(pk=job_id).first()
    if found is None:
        raise UnknownJob
    return found
