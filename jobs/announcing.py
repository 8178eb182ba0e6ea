"""How customers hear that a job has ended."""

from jobs.models import Job


def announce_end(job: Job) -> None:
    """Tell the account's endpoints."""
