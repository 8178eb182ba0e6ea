"""A stand-in for Stripe on this machine, for whoever has no account there: no money moves."""

from django.apps import AppConfig


class OfflineConfig(AppConfig):
    """The stand-in's objects, and the page on which to pay with nothing."""

    name = "billing.offline"
    label = "billing_offline"
    verbose_name = "Offline checkout"
