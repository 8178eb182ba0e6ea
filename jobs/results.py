"""What became of each row, read page by page: any number of rows in the same memory, and no connection held
while somebody takes their time to receive them.
"""

from collections.abc import Iterator, Mapping

from api.bulk import Outcome
from api.connections import give_back_connection
from jobs import statements
from jobs.export import ResultRow
from jobs.models import Job, JobChunk
from jobs.progress import unreached

PAGE = 500  # rows read at once
STATUSES = ("pending", "running", "done", "failed")
REASONS = {
    Outcome.CANCELLED: "The job was cancelled before it came to this row. Nothing was charged for it.",
    Outcome.EXPIRED: "The job's time ran out before it came to this row. Nothing was charged for it.",
}
# What a status means for `results`, by the row's own outcome and whether the job has ended.
WHICH = {
    "": "",
    "done": "AND source.outcome = 'delivered'",
    "failed": "AND source.outcome NOT IN ('', 'delivered')",
    "unsettled": "AND source.outcome = ''",
    "failed or unreached": "AND source.outcome <> 'delivered'",
    "none": "AND false",
}


def results(job: Job, *, status: str = "") -> Iterator[ResultRow]:
    """Yield a job's rows in the order of the input: all of them, or those of one status."""
    after = 0
    while page := _page(job, _which(job, status), after):
        give_back_connection()
        for position, row in page:
            if not status or row["status"] == status:
                yield row
            after = position


def _which(job: Job, status: str) -> str:
    if status in ("pending", "running"):
        return WHICH["none" if job.has_ended else "unsettled"]
    return WHICH["failed or unreached" if status == "failed" and job.has_ended else status]


def _page(job: Job, which: str, after: int) -> list[tuple[int, ResultRow]]:
    sql = statements.RESULTS.format(which=which)
    found = statements.rows(sql, job=job.pk, after=after, limit=PAGE)
    at_work = _at_work(job) if found and not job.has_ended else {}
    return [(one[0], _row(job, one, at_work)) for one in found]


def _at_work(job: Job) -> Mapping[str, list[range]]:
    """Return the positions, by operation, that somebody works on now."""
    ranges: dict[str, list[range]] = {}
    running = JobChunk.objects.running().filter(job=job)
    for name, first, last in running.values_list("operation", "first", "last"):
        ranges.setdefault(name, []).append(range(first, last + 1))
    return ranges


def _row(job: Job, found: tuple, at_work: Mapping[str, list[range]]) -> ResultRow:  # type: ignore[type-arg]
    _, row, ref, given, code, kind, operation, outcome, reason, credits, *answer = found
    position, source_row, asin, confidence, providers, age, data = answer
    if not outcome and job.has_ended:
        outcome = unreached(job)
        reason = REASONS[outcome]
    return {
        "row": row,
        "ref": ref,
        "given": given,
        "code": code,
        "kind": kind,
        "status": _status(outcome, position, at_work.get(operation, [])),
        "outcome": str(outcome),
        "reason": reason,
        "credits": credits,
        "is_duplicate": source_row != row,
        "duplicate_of": source_row if source_row != row else None,
        "asin": asin,
        "confidence": confidence,
        "providers": providers.split(",") if providers else [],
        "age_seconds": age,
        "data": data,
    }


def _status(outcome: str, position: int, at_work: list[range]) -> str:
    if outcome:
        return "done" if outcome == Outcome.DELIVERED else "failed"
    return "running" if any(position in one for one in at_work) else "pending"
