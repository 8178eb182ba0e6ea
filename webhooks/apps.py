"""The app that tells customers' own servers what has happened."""

from django.apps import AppConfig

from webhooks import checks  # noqa: F401 - it registers itself


class WebhooksConfig(AppConfig):
    """Addresses of customers, and what they are told."""

    name = "webhooks"
