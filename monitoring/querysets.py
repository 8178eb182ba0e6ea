"""Questions about calls to upstreams."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Aggregate, Count, Q, Sum

from providers.errors import ErrorClass
from providers.quest import CHECK

OK = "ok"


class MedianAndP95(Aggregate):
    """The values below which half, and 95 in a hundred, of these lie; between two of them where need be."""

    template = "percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field: Any = ArrayField(models.FloatField())


class UpstreamCallQuerySet(models.QuerySet[Any]):
    """Which calls, and what they add up to."""

    def between(self, since: datetime, until: datetime) -> Self:
        """Those that ended from `since` on and before `until`."""
        return self.filter(at__gte=since, at__lt=until)

    def scored(self, columns: Iterable[str]) -> list[dict[str, Any]]:
        """What the calls add up to for each value of these columns, in one statement.

        An answer that was looked at and not believed is no call: it counts among the failures alone, under
        its reason, and in `delivered` it takes back what its call had counted.
        """
        is_call = ~Q(operation=CHECK)
        failures = {str(reason): Count("at", filter=Q(outcome=reason)) for reason in ErrorClass}
        return list(
            self.order_by()
            .values(*columns)
            .annotate(
                calls=Count("at", filter=is_call),
                succeeded=Count("at", filter=is_call & Q(outcome=OK)),
                durations_us=MedianAndP95("duration_us", filter=is_call),
                cost=Sum("cost"),
                delivered=Sum("delivered"),
                **failures,
            )
        )
