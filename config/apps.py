"""Wires the apps to each other where they must not know one another."""

import hashlib
from typing import Any

from django.apps import AppConfig
from django.conf import settings

from accounts.signals import user_signed_up
from credits.errors import DuplicateEntry
from credits.services import grant


def grant_welcome(sender: object, *, user: Any, mailbox: str, **_: object) -> None:
    """Ten credits to try things with, once for each mailbox however often it signs up.

    Runs inside the transaction of the sign-up: an account without its welcome does not come to be.
    """
    mark = hashlib.sha256(mailbox.encode()).hexdigest()
    try:
        grant(user, settings.WELCOME_CREDITS, operation="welcome", key=f"welcome:{mark}")
    except DuplicateEntry:
        return


class PalletConfig(AppConfig):
    """The project itself."""

    name = "config"

    def ready(self) -> None:
        """Connect sign-up to the welcome credits."""
        user_signed_up.connect(grant_welcome, dispatch_uid="welcome-credits")
