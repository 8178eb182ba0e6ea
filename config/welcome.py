"""What a new account gets."""

import hashlib
from typing import Any

from django.conf import settings

from credits.errors import DuplicateEntry
from credits.services import grant


def grant_welcome(sender: object, *, user: Any, mailbox: str, **_: object) -> None:
    """Some credits to try things with, once for each mailbox however often it signs up.

    Runs inside the transaction of the sign-up: an account without its welcome does not come to be.
    """
    if settings.WELCOME_CREDITS < 1:
        return
    mark = hashlib.sha256(mailbox.encode()).hexdigest()
    try:
        grant(user, settings.WELCOME_CREDITS, operation="welcome", key=f"welcome:{mark}")
    except DuplicateEntry:
        return
