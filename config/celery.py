"""The entry point for workers and beat: `celery -A config.celery worker`."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init, worker_process_init, worker_process_shutdown
from django.core.exceptions import ImproperlyConfigured

from api import batches
from billing.offline import guard

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("pallet")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect  # type: ignore[untyped-decorator]  # celery has no types
@worker_process_init.connect  # type: ignore[untyped-decorator]
def start_writing(**_: Any) -> None:
    """Let a worker write down the calls it makes, whether its tasks run in threads or in child processes."""
    batches.start()


@worker_init.connect  # type: ignore[untyped-decorator]
def insist_on_money(**_: Any) -> None:
    """Let no worker start where the offline checkout is asked for and may not be."""
    try:
        guard.insist()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from None


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]
def stop_writing(**_: Any) -> None:
    """Let a child write what is left: it ends without what Python does at an exit."""
    batches.stop()
