"""When an attempt is made again. Pure but for chance.

The pauses are settings.WEBHOOK_RETRY_SECONDS, one before each attempt. Each is made up to a tenth shorter or
longer, so that what failed together is not tried again together.
"""

import random
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from django.conf import settings

JITTER = 0.1
LONGEST_RETRY_AFTER = timedelta(days=1)
PATIENT = frozenset({429, 503})  # statuses whose Retry-After is honoured


def pause(attempts: int, *, asked: timedelta | None = None) -> timedelta | None:
    """Return how long to wait after so many attempts, None when there are no more.

    `asked` is what the receiver wants at least; more than LONGEST_RETRY_AFTER is not granted.
    """
    pauses = settings.WEBHOOK_RETRY_SECONDS
    if attempts >= len(pauses):
        return None
    usual = timedelta(seconds=pauses[attempts] * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311
    return max(usual, min(asked or timedelta(0), LONGEST_RETRY_AFTER))


def read_retry_after(text: str, *, now: datetime) -> timedelta | None:
    """Return what a Retry-After says, seconds or a date; None when it cannot be read."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 10**8))
    try:
        moment = parsedate_to_datetime(text)
        return max(moment - now, timedelta(0))
    except (ValueError, TypeError, OverflowError):  # no date, or one without its zone
        return None
