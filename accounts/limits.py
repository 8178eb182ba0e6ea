"""How often signing up and logging in may be tried, by client address and by mailbox.

The numbers are settings.RATE_LIMITS: {"auth.login": {"ip": "100/h", "email": "20/h"}}. The count of one
mailbox leaves out attempts that succeeded, so only guessing uses it up; the count of an address holds every
attempt.
"""

from typing import Any

from django.conf import settings
from django_ratelimit.core import get_usage

from accounts.client_address import address_group
from accounts.emails import mailbox_of
from accounts.errors import RateLimited


def spend(action: str, *, address: str, email: str) -> None:
    """Count one attempt before it is made. Raises RateLimited, and then the attempt must not be made.

    Counting comes first, so that many attempts at once are not all let through. Without a client address (a
    command, the shell) only the mailbox is counted.
    """
    if address:
        check(usage(action, "ip", address_group(address), increment=True))
    mailbox = mailbox_of(email)
    check(usage(action, "email", mailbox, increment=True), forgiven=forgiven(action, mailbox))


def forgive(action: str, *, email: str) -> None:
    """Take back one attempt from the count of the mailbox: it was the owner."""
    usage(action, "email", mailbox_of(email), increment=True, outcome="good")


def forgiven(action: str, mailbox: str) -> int:
    """Return how many attempts of this period were taken back."""
    good = usage(action, "email", mailbox, increment=False, outcome="good")
    return good["count"] if good else 0


def check(used: dict[str, Any] | None, *, forgiven: int = 0) -> None:
    """Raise RateLimited when more was used than the limit allows."""
    if used and used["count"] - forgiven > used["limit"]:
        raise RateLimited(retry_after=max(1, used["time_left"]))


def usage(action: str, by: str, value: str, *, increment: bool, outcome: str = "") -> dict[str, Any] | None:
    """Return count, limit and seconds left of the period, None where no limit is set."""
    rate = settings.RATE_LIMITS[action].get(by)
    group = f"{action}.{by}{outcome}"
    return (
        get_usage(None, group=group, key=lambda *_: value, rate=rate, increment=increment) if rate else None
    )
