"""What `manage.py check` says about the settings of webhooks."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


@register("pallet")
def check_webhooks(**_: Any) -> list[CheckMessage]:
    """Private addresses are for trying things out."""
    if not settings.WEBHOOK_ALLOW_PRIVATE or urlsplit(settings.PUBLIC_URL).hostname in THIS_MACHINE:
        return []
    return [
        Error(
            "WEBHOOK_ALLOW_PRIVATE is on: customers could have requests sent into your own network.",
            hint="Take it away, or set it to false: it is for an install that is reached as localhost.",
            id="webhooks.E001",
        )
    ]
