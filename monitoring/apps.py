"""The app that watches: what upstreams did and cost, and the commands of operators."""

from django.apps import AppConfig
from django.utils.module_loading import import_string

from providers.attempts import observers


class MonitoringConfig(AppConfig):
    """Reads everyone; nobody imports it."""

    name = "monitoring"

    def ready(self) -> None:
        """Be told of every attempt to ask an upstream, now that all models are loaded."""
        observers.append(import_string("monitoring.recording.note"))
