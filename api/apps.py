"""The app that holds what every API answer has in common."""

from django.apps import AppConfig


class APIConfig(AppConfig):
    """Problem details, request ids, pages of a list, health, logs."""

    name = "api"
    verbose_name = "API"
