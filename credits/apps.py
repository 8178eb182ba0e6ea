"""The ledger: prepaid credits, taken for what is delivered and never twice."""

from django.apps import AppConfig


class CreditsConfig(AppConfig):
    """Wallets, entries, holds and spending caps; knows no other app."""

    name = "credits"
    verbose_name = "Credits"
