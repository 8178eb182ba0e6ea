"""What `manage.py check` says about the settings of webhooks."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from webhooks.schedule import MOST_ATTEMPTS

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


@register("pallet")
def check_webhooks(**_: Any) -> list[CheckMessage]:
    """Private addresses are for trying things out, and a schedule has a pause before each attempt."""
    found: list[CheckMessage] = []
    if settings.WEBHOOK_ALLOW_PRIVATE and urlsplit(settings.PUBLIC_URL).hostname not in THIS_MACHINE:
        found.append(
            Error(
                "WEBHOOK_ALLOW_PRIVATE is on: customers could have requests sent into your own network.",
                hint="Take it away, or set it to false: it is for an install that is reached as localhost.",
                id="webhooks.E001",
            )
        )
    if len(settings.WEBHOOK_RETRY_SECONDS) != MOST_ATTEMPTS:
        found.append(
            Error(
                f"WEBHOOK_RETRY_SECONDS does not have {MOST_ATTEMPTS} pauses.",
                hint="Give the pause before each attempt, in seconds; the first is 0.",
                id="webhooks.E002",
            )
        )
    return found
