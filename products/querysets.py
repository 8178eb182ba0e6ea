"""Questions about what is known of products."""

from datetime import datetime
from typing import Any, Self

from django.db import models


class ObservationQuerySet(models.QuerySet[Any]):
    """Which observations."""

    def of(self, asin: str, marketplace: str) -> Self:
        """About one ASIN in one marketplace."""
        return self.filter(asin=asin, marketplace=marketplace)

    def of_series(self, series: str) -> Self:
        """Of one quantity, such as `price` or `rank`."""
        return self.filter(series=series)

    def between(self, since: datetime | None, until: datetime | None) -> Self:
        """From `since` on and before `until`; None leaves that side open."""
        found = self if since is None else self.filter(observed_at__gte=since)
        return found if until is None else found.filter(observed_at__lt=until)
