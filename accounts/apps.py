"""Who is calling, and what they may do."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, sessions, API keys and the record of deliberate acts."""

    name = "accounts"
