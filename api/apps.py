"""The app that holds what every API answer has in common."""

from django.apps import AppConfig


class APIConfig(AppConfig):
    """Problem details, request ids, calls that are sent again, pages of a list, health, logs."""

    name = "api"
    verbose_name = "API"
