"""The verbs of bulk jobs: one way in, one way to work, one way out for page, API, task and command."""

from jobs.ending import cancel, expire, retry_failed
from jobs.intake import Order, Quote, quote, submit
from jobs.progress import Progress, progress
from jobs.results import results
from jobs.work import run_next

__all__ = [
    "Order",
    "Progress",
    "Quote",
    "cancel",
    "expire",
    "progress",
    "quote",
    "results",
    "retry_failed",
    "run_next",
    "submit",
]
