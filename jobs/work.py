"""A chunk of a job at work: claimed, answered, settled.

Whoever claims a chunk gets a token with it and a lease. Without holding anything in the database he finds the
answers; then results, credits and the chunk are settled in one transaction, if the token is still his. So a
chunk that was handed out twice, or whose worker was paused or killed, is settled once, and what was answered
is paid for once. Rows are locked in this order: job, chunk, items, then whatever an operation writes, wallet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from api.bulk import Options, Outcome, Result, Row, Wait
from api.connections import give_back_connection
from credits.errors import HoldClosed
from credits.services import capture
from jobs import ids, statements
from jobs.ending import expire, finish_if_over
from jobs.models import Job, JobChunk, JobItem
from jobs.operations import AnyOperation, operation, options_for

log = structlog.stdlib.get_logger("pallet.jobs")

TRIES = 4  # of rows whose upstreams fail
MOST_CLAIMS = 50  # of a chunk: however patient one is with limits, searches and workers that die
PAUSES = (5, 20, 60)  # seconds between them, where nobody says how long
LONGEST_PAUSE = 900
NO_ANSWER = "The upstreams did not answer: try the failed rows again later. Nothing was charged for it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A chunk that is ours for a while."""

    id: int
    token: int
    job: Job
    operation: AnyOperation
    options: Options
    rows: Sequence[Row]
    failures: int


def run_next(name: str) -> bool:
    """Work on the chunk of this operation whose turn it is; whether there was one."""
    claimed = claim_next(name)
    if claimed is None:
        return False
    run(claimed)
    return True


def claim_next(name: str) -> Claimed | None:
    """Claim the chunk of this operation whose turn it is, if there is one."""
    if JobChunk.objects.filter(operation=name).running().count() >= settings.BULK["at_once"]:
        return None
    for (job_id,) in statements.rows(statements.NEXT_JOBS, operation=name):
        claimed = claim(job_id, name)
        if claimed is not None:
            return claimed
    return None


def claim(job_id: Any, name: str) -> Claimed | None:
    """Claim the next chunk of a job, None where there is none to be had, or the job was ended meanwhile."""
    with transaction.atomic():
        job = Job.objects.locked().filter(pk=job_id).first()
        if job is None or job.status not in (Job.Status.PENDING, Job.Status.RUNNING):
            return None
        lease = settings.BULK["lease_seconds"]
        found = statements.rows(statements.CLAIM, job=job_id, operation=name, seconds=lease)
        if not found:
            return None
        Job.objects.filter(pk=job_id).update(
            status=Job.Status.RUNNING, claimed_at=Now(), started_at=Coalesce(F("started_at"), Now())
        )
    chunk, token, first, last, failures = found[0]
    return Claimed(
        id=chunk,
        token=token,
        job=job,
        operation=operation(name),
        options=options_for(name, job=job.operation, options=job.options),
        rows=_rows(job, name, first, last),
        failures=failures,
    )


def _rows(job: Job, name: str, first: int, last: int) -> list[Row]:
    """Return the rows of a chunk that are still to be answered."""
    found = JobItem.objects.filter(
        job=job, operation=name, position__range=(first, last), outcome="", copy_of=None
    )
    facts = found.order_by("position").values_list("id", "code", "kind", "price")
    return [Row(*one) for one in facts]


def run(claimed: Claimed) -> None:
    """Find the answers and settle them; what cannot be settled is for whoever claims the chunk next."""
    try:
        settle(claimed, find(claimed))
    except HoldClosed:  # its time ran out, or somebody ended it: nothing can be paid, so nothing is delivered
        log.warning("hold_closed", job=ids.shown(claimed.job.pk), chunk=claimed.id)
        expire(claimed.job.pk, without=claimed.id)
    except Exception:  # whatever it is: it must not come back for ever
        log.exception("chunk_failed", job=ids.shown(claimed.job.pk), chunk=claimed.id)
        give_back_connection()
        settle_as_failed(claimed)


def find(claimed: Claimed) -> Any:
    """Find the answers to a chunk's rows. Holds no database connection meanwhile."""
    give_back_connection()
    try:
        return claimed.operation.find(claimed.rows, user=claimed.job.user, options=claimed.options)
    finally:
        give_back_connection()


def settle(claimed: Claimed, found: Any) -> bool:
    """Write down what was found and take the credits for it, in one transaction; False if it is not ours.

    Raises HoldClosed; then nothing has happened.
    """
    with transaction.atomic():
        job = _ours(claimed)
        if job is None:
            return False
        key = f"{ids.shown(job.pk)}_{claimed.id}_{claimed.token}"
        results = claimed.operation.deliver(found, user=job.user, charge=key)
        _settle(claimed, job, {row.id: _of(results, row) for row in claimed.rows}, key)
    return True


def settle_as_failed(claimed: Claimed) -> None:
    """Have a chunk whose operation broke tried again, or give up on it."""
    with transaction.atomic():
        job = _ours(claimed)
        if job is not None:
            lost = Result(outcome=Outcome.FAILED, reason=NO_ANSWER, retry_after=0)
            _settle(claimed, job, {row.id: lost for row in claimed.rows}, "")


def _ours(claimed: Claimed) -> Job | None:
    """Lock the job and the chunk; None if the chunk is somebody else's by now, or was given up."""
    job: Job | None = Job.objects.locked().filter(pk=claimed.job.pk).first()
    mine = JobChunk.objects.filter(pk=claimed.id, token=claimed.token, status=JobChunk.Status.RUNNING)
    return job if job is not None and mine.select_for_update(no_key=True).exists() else None


def _of(results: Mapping[int, Result], row: Row) -> Result:
    return results.get(row.id, Result(outcome=Outcome.FAILED, reason=NO_ANSWER, retry_after=0))


def _settle(claimed: Claimed, job: Job, results: Mapping[int, Result], key: str) -> None:
    waiting = {id: one for id, one in results.items() if one.retry_after is not None}
    gives_up = claimed.token >= MOST_CLAIMS or (
        claimed.failures + 1 >= TRIES and _why(waiting) is Wait.FAILURE
    )
    settled = results if gives_up else {id: one for id, one in results.items() if id not in waiting}
    counts, price = _write(settled)
    credits = sum(one.credits for one in settled.values())
    if credits and job.hold:
        capture(job.hold, credits, key=key, metadata=_note(job, claimed, settled))
        job.captured += credits
        job.save(update_fields=["captured"])
    _turn_over(claimed, waiting if not gives_up else {}, counts, price, credits)
    finish_if_over(job)


def _write(settled: Mapping[int, Result]) -> tuple[dict[str, int], int]:
    """Write results down; how many rows of the input have which outcome, and what they could have cost."""
    results = settled.values()
    written = statements.counted(
        statements.SETTLE_ITEMS,
        ids=list(settled),
        outcomes=[str(one.outcome) for one in results],
        reasons=[one.reason for one in results],
        credits=[one.credits for one in results],
        asins=[one.asin for one in results],
        confidences=[one.confidence for one in results],
        providers=[",".join(one.providers) for one in results],
        ages=[one.age_seconds for one in results],
        # One text: in an array of texts each quotation mark would be escaped by Python.
        data=f"[{','.join(one.data or 'null' for one in results)}]",
    )
    return {outcome: rows for outcome, (rows, _) in written.items()}, sum(p for _, p in written.values())


def _note(job: Job, claimed: Claimed, settled: Mapping[int, Result]) -> dict[str, Any]:
    """Return what the ledger keeps with the charge: the rule, and of which job it is."""
    lines: dict[str, int] = {}
    for one in settled.values():
        for name, credits in one.lines:
            lines[name] = lines.get(name, 0) + credits
    return {
        "rule": sorted(lines.items()),
        "job": ids.shown(job.pk),
        "rows": sum(one.outcome is Outcome.DELIVERED for one in settled.values()),
        **({"key": str(job.key)} if job.key else {}),
    }


def _why(waiting: Mapping[int, Result]) -> Wait:
    """Return what a chunk waits for: a limit or a search, where any of its rows does."""
    waits = {one.wait for one in waiting.values()}
    return next((wait for wait in (Wait.LIMIT, Wait.SEARCH) if wait in waits), Wait.FAILURE)


def _turn_over(
    claimed: Claimed, waiting: Mapping[int, Result], counts: Mapping[str, int], price: int, credits: int
) -> None:
    """Close the chunk, or put it back for what is left of it."""
    chunk = JobChunk.objects.get(pk=claimed.id)
    for outcome, rows in counts.items():
        chunk.counts[outcome] = chunk.counts.get(outcome, 0) + rows
    chunk.credits += credits
    chunk.price -= price
    chunk.lease_until, chunk.settled_at = None, Now()
    chunk.status = JobChunk.Status.PENDING if waiting else JobChunk.Status.DONE
    if waiting:
        _put_back(claimed, chunk, waiting)
    chunk.save()


def _put_back(claimed: Claimed, chunk: JobChunk, waiting: Mapping[int, Result]) -> None:
    """Say when what is left is tried again; where a limit is reached, all who ask the same wait as well."""
    why = _why(waiting)
    told = min(one.retry_after or 0 for one in waiting.values() if one.wait is why)
    usual = PAUSES[min(chunk.failures, len(PAUSES) - 1)] if why is Wait.FAILURE else 1
    seconds = min(max(told, usual), LONGEST_PAUSE)
    chunk.not_before = Now() + timedelta(seconds=seconds)
    chunk.failures += why is Wait.FAILURE
    if why is Wait.LIMIT and len(waiting) == len(claimed.rows) > 1:  # not for the sake of a single odd code
        market = claimed.options.get("marketplace", "")
        statements.run(statements.PAUSE, subject=f"{claimed.operation.name}:{market}", seconds=seconds)
