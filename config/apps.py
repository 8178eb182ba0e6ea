"""Wires the apps to each other where they must not know one another."""

from django.apps import AppConfig
from django.utils.module_loading import import_string

from accounts.signals import user_signed_up
from billing import checks as billing_checks  # noqa: F401   likewise
from billing.offline import guard  # noqa: F401   likewise
from config import checks  # noqa: F401   registers them
from providers import checks as provider_checks  # noqa: F401   likewise


class PalletConfig(AppConfig):
    """The project itself."""

    name = "config"

    def ready(self) -> None:
        """Connect sign-up to welcome credits, and tasks to their queue, now that all models are loaded."""
        import_string("config.celery.app").set_default()
        user_signed_up.connect(import_string("config.welcome.grant_welcome"), dispatch_uid="welcome-credits")
