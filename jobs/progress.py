"""How far jobs have come: rows by what became of them, how fast it goes, how long it will take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from api.bulk import Outcome
from jobs import statements
from jobs.models import Job

PACE_SECONDS = 60  # over which the rate is measured


@dataclass(slots=True)
class Progress:
    """Rows of the input, those that repeat a code included. `rate` is in rows a minute."""

    job: Job
    counts: dict[str, int] = field(default_factory=dict)
    running: int = 0
    settled_lately: int = 0

    @property
    def settled(self) -> int:
        """How many have their outcome."""
        return sum(self.counts.values())

    @property
    def outcomes(self) -> Mapping[str, int]:
        """How many rows have which outcome; what a job that has ended never came to included."""
        left = self.job.rows - self.settled
        if not self.job.has_ended or not left:
            return self.counts
        return {**self.counts, unreached(self.job): left}

    @property
    def statuses(self) -> Mapping[str, int]:
        """How many rows are pending, running, done or failed."""
        done = self.counts.get(Outcome.DELIVERED, 0)
        left = self.job.rows - self.settled
        running = min(self.running, left)
        if self.job.has_ended:
            return {"pending": 0, "running": 0, "done": done, "failed": self.job.rows - done}
        failed = self.settled - done
        return {"pending": left - running, "running": running, "done": done, "failed": failed}

    @property
    def rate(self) -> float | None:
        """How many rows a minute are settled; None before anything is known."""
        job = self.job
        if job.started_at is None:
            return None
        if job.ended_at is not None:
            seconds = (job.ended_at - job.started_at).total_seconds()
            return round(self.settled / seconds * 60, 1) if seconds > 0 else None
        seconds = min(PACE_SECONDS, (timezone.now() - job.started_at).total_seconds())
        return round(self.settled_lately / seconds * 60, 1) if seconds > 0 else None

    @property
    def eta_seconds(self) -> int | None:
        """In how many seconds the rest will be settled at this rate; None when nobody can say."""
        left = self.job.rows - self.settled
        return round(left / self.rate * 60) if not self.job.has_ended and self.rate else None


def unreached(job: Job) -> Outcome:
    """Return what became of rows that a job which has ended never came to."""
    return Outcome.EXPIRED if job.is_expired else Outcome.CANCELLED


def progress(jobs: Sequence[Job]) -> Mapping[Any, Progress]:
    """Return how far each job has come, by its key: two queries, however many jobs."""
    found = {job.pk: Progress(job, dict(job.counts)) for job in jobs}
    keys = list(found)
    for pk, outcome, rows in statements.rows(statements.COUNTED, jobs=keys):
        counts = found[pk].counts
        counts[outcome] = counts.get(outcome, 0) + int(rows)
    for pk, running, lately in statements.rows(statements.PACE, jobs=keys, seconds=PACE_SECONDS):
        found[pk].running, found[pk].settled_lately = int(running), int(lately)
    return found
