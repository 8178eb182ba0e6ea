"""The entry point for workers and beat: `celery -A config.celery worker`."""

import os
from signal import SIGKILL

from celery import Celery
from celery.signals import beat_embedded_init

from config.child import end_with

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("pallet")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@beat_embedded_init.connect
def end_with_worker(**_: object) -> None:
    """Let the kernel end the embedded beat with its worker, however that ends."""
    end_with(os.getppid(), SIGKILL)
