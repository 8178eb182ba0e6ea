"""The verbs of bulk jobs: one way in, one way out for page, API, admin and command."""

from jobs.ending import cancel, retry_failed
from jobs.intake import Order, quote, submit
from jobs.progress import progress
from jobs.results import results

__all__ = [
    "Order",
    "cancel",
    "progress",
    "quote",
    "results",
    "retry_failed",
    "submit",
]
