"""How figures moved, by the hour, day or week: of each time and series the last value, lowest and highest.

Hours, days and weeks are those of UTC; weeks begin on Monday. A time in which nothing was observed is left
out: what held before holds on.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

BEGINNING, END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
LENGTHS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}

# A product may have a hundred thousand observations, and a page tells of fifty: so the index of
# products_observation_once is not read through but asked, for each series and provider, for the last
# observation, the last one before the beginning of that one's time, and so on.
READ = """
    WITH RECURSIVE wanted AS (
        SELECT * FROM unnest(%(series)s::text[], %(ends)s::timestamptz[]) AS wanted (series, ends)
    ), told AS (
        SELECT wanted.series, wanted.ends, first.provider FROM wanted CROSS JOIN LATERAL (
            SELECT o.provider FROM products_observation AS o
            WHERE o.asin = %(asin)s AND o.marketplace = %(marketplace)s AND o.series = wanted.series
            ORDER BY o.provider LIMIT 1
        ) AS first
        UNION ALL
        SELECT told.series, told.ends, next.provider FROM told CROSS JOIN LATERAL (
            SELECT o.provider FROM products_observation AS o
            WHERE o.asin = %(asin)s AND o.marketplace = %(marketplace)s AND o.series = told.series
                AND o.provider > told.provider
            ORDER BY o.provider LIMIT 1
        ) AS next
    ), walk AS (
        SELECT series, provider, ends AS period, 0 AS step FROM told
        UNION ALL
        SELECT walk.series, walk.provider, earlier.period, walk.step + 1 FROM walk CROSS JOIN LATERAL (
            SELECT date_trunc(%(unit)s, o.observed_at, 'UTC') AS period FROM products_observation AS o
            WHERE o.asin = %(asin)s AND o.marketplace = %(marketplace)s AND o.series = walk.series
                AND o.provider = walk.provider AND o.observed_at < walk.period AND o.observed_at >= %(since)s
            ORDER BY o.observed_at DESC LIMIT 1
        ) AS earlier
        WHERE walk.step < %(count)s
    ), page AS (
        SELECT DISTINCT walk.series, walk.period, wanted.ends FROM walk JOIN wanted USING (series)
        WHERE walk.step > 0
        ORDER BY walk.period DESC, walk.series DESC LIMIT %(count)s
    )
    SELECT page.series, page.period, last.observed_at, last.value, last.currency, last.provider,
        extremes.lowest, extremes.highest
    FROM page CROSS JOIN LATERAL (
        SELECT o.* FROM products_observation AS o
        WHERE o.asin = %(asin)s AND o.marketplace = %(marketplace)s AND o.series = page.series
            AND o.observed_at >= greatest(page.period, %(since)s)
            AND o.observed_at < least(page.period + %(length)s, page.ends)
        ORDER BY o.observed_at DESC, o.id DESC LIMIT 1
    ) AS last CROSS JOIN LATERAL (
        SELECT min(o.value) AS lowest, max(o.value) AS highest FROM products_observation AS o
        WHERE o.asin = %(asin)s AND o.marketplace = %(marketplace)s AND o.series = page.series
            AND o.observed_at >= greatest(page.period, %(since)s)
            AND o.observed_at < least(page.period + %(length)s, page.ends)
            AND o.currency = last.currency AND o.currency <> ''
    ) AS extremes
    ORDER BY page.period DESC, page.series DESC
"""


class Place(NamedTuple):
    """Where a page ended: at this series of the time that begins then."""

    period: datetime
    series: str


class Bucket(NamedTuple):
    """The last of what was observed in one hour, day or week of one series, and of money the extremes.

    These are in the same currency; None where there was no amount.
    """

    series: str
    period: datetime
    observed_at: datetime
    value: Decimal | None
    currency: str
    provider: str
    lowest: Decimal | None
    highest: Decimal | None


def read(
    *,
    asin: str,
    marketplace: str,
    series: Sequence[str],
    resolution: str,
    since: datetime | None,
    until: datetime | None,
    after: Place | None,
    count: int,
) -> list[Bucket]:
    """Return so many at most, the newest first and of one time the last series by name, in one statement.

    From `since` on and before `until`; `after`: beyond that place.
    """
    asked: dict[str, Any] = {
        "asin": asin,
        "marketplace": marketplace,
        "series": list(series),
        "ends": [ending(name, resolution, until or END, after) for name in series],
        "unit": resolution,
        "length": LENGTHS[resolution],
        "since": since or BEGINNING,
        "count": count,
    }
    with connection.cursor() as cursor:
        cursor.execute(READ, asked)
        return [Bucket(*row) for row in cursor.fetchall()]


def ending(series: str, resolution: str, until: datetime, after: Place | None) -> datetime:
    """Return before which moment observations of a series are still to be told."""
    if after is None:
        return until
    return min(until, after.period if series >= after.series else after.period + LENGTHS[resolution])
