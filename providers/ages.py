"""How old an answer may be."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Ages:
    """Seconds: how long an answer is fresh, may serve when all fail, and how long not-found is believed."""

    fresh: int
    stale: int
    not_found: int

    @classmethod
    def configured(cls, *, fresh: int | None = None) -> "Ages":
        """Return the ages of the settings, or with another idea of what is fresh."""
        not_found = settings.PRODUCT_NOT_FOUND_SECONDS
        return cls(
            settings.PRODUCT_FRESH_SECONDS if fresh is None else fresh,
            settings.PRODUCT_STALE_SECONDS,
            not_found if fresh is None else min(fresh, not_found),
        )


def is_within(at: datetime | None, seconds: int) -> bool:
    """Say whether a time is at most so far from now: clocks of two machines may differ a little."""
    return at is not None and abs(datetime.now(UTC) - at) < timedelta(seconds=seconds)
