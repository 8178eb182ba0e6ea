"""The app that answers many codes at once."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Many inputs, one request, one hold."""

    name = "jobs"
