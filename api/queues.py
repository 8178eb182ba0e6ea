"""Telling workers that there is something to do. The rows say what, so nothing is lost with a message."""

from typing import Any

import structlog
from celery import Task

log = structlog.stdlib.get_logger("pallet.queues")


def workers_told(task: Task, *arguments: Any, **options: Any) -> bool:
    """Send a task; False where the queue does not take it, and whoever sweeps the rows will find them.

    `options` are those of Celery: queue, expires. Nobody waits for a queue that is away.
    """
    try:
        task.apply_async(arguments, retry=False, **options)
    except Exception as error:  # whatever the queue says: what is wanted is written down
        log.warning("workers_not_told", task=task.name, error=type(error).__name__)
        return False
    return True
