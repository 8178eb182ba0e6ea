"""What the last hours' lookups found kept, added up for operators."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers

from accounts.serializers import StrictSerializer
from products import tally
from products.popularity import HOUR
from products.tally import KEPT_HOURS, Outcome

KEPT = (Outcome.HIT, Outcome.NEGATIVE)  # needed nobody
NO_LOOKUPS = (Outcome.REFUSED, Outcome.PREFETCHED)  # do not count for the rate
PROVIDER = "provider"


class CacheStatsQuery(StrictSerializer):
    """Over which time."""

    strict_types = False
    hours = serializers.IntegerField(
        default=24,
        min_value=1,
        max_value=KEPT_HOURS,
        help_text="So many hours by the clock (UTC), the one that has begun among them.",
    )


class CacheFiguresOutput(serializers.Serializer[Any]):
    """How many lookups met what is kept in which way."""

    lookups = serializers.IntegerField(help_text="All of the following but refused and prefetched.")
    hits = serializers.IntegerField(help_text="A fresh answer was kept.")
    negative = serializers.IntegerField(help_text="It was kept that there is no such product.")
    misses = serializers.IntegerField(help_text="An upstream was asked and answered.")
    waits = serializers.IntegerField(help_text="Another lookup was asking the same; its answer served both.")
    stale = serializers.IntegerField(help_text="All upstreams failed, and an older answer served.")
    failed = serializers.IntegerField(help_text="All upstreams failed, and nothing was kept.")
    refused = serializers.IntegerField(
        help_text="Ended before an upstream was asked: too few credits, only_if_cached, a marketplace that "
        "no upstream serves."
    )
    prefetched = serializers.IntegerField(
        help_text="Answers asked for ahead of any lookup: by the clock (REFRESH_BUDGET), by warm_cache."
    )
    hit_rate = serializers.FloatField(
        allow_null=True, help_text="(hits + negative) / lookups, from 0 to 1; null without lookups."
    )


class CacheOfMarketplaceOutput(CacheFiguresOutput):
    """The same for one marketplace."""

    marketplace = serializers.CharField()


class CacheOfProviderOutput(serializers.Serializer[Any]):
    """What one provider told of what is kept."""

    provider = serializers.CharField()
    answers = serializers.IntegerField(
        help_text="Misses and prefetched answers that hold facts of this provider; one may hold several's."
    )


class CacheFiguresOfAllOutput(CacheFiguresOutput):
    """All marketplaces together, each by itself, and who told it."""

    hours = serializers.IntegerField()
    since = serializers.DateTimeField(help_text="When the first of the hours began.")
    marketplaces = CacheOfMarketplaceOutput(many=True, help_text="The one with the most lookups first.")
    providers = CacheOfProviderOutput(many=True, help_text="The one with the most answers first.")


class CacheStatsOutput(serializers.Serializer[Any]):
    """What the lookups of some hours found kept."""

    status = serializers.ChoiceField(["success"])
    data = CacheFiguresOfAllOutput()  # type: ignore[assignment]  # the name of a property of serializers
    request_id = serializers.CharField()


def figures(*, hours: int) -> dict[str, Any]:
    """Return the figures of so many hours, this one among them. Raises RedisError."""
    first = int(time.time()) // HOUR - hours + 1
    counts = sum(tally.read(range(first, first + hours)), Counter[str]())
    by_name: dict[str, Counter[str]] = {}
    for field, count in counts.items():
        name, _, what = field.partition(":")
        by_name.setdefault(name, Counter())[what] = count
    providers = by_name.pop(PROVIDER, Counter[str]())
    places = [{"marketplace": name, **rates(counted)} for name, counted in by_name.items()]
    return {
        "hours": hours,
        "since": datetime.fromtimestamp(first * HOUR, UTC),
        **rates(sum(by_name.values(), Counter[str]())),
        "marketplaces": by_most(places, "lookups", "marketplace"),
        "providers": by_most(
            ({"provider": name, "answers": count} for name, count in providers.items()), "answers", "provider"
        ),
    }


def rates(counted: Mapping[str, int]) -> dict[str, Any]:
    """Return the counts of all outcomes, what they add up to, and the share that needed no upstream."""
    counts = {outcome.value: counted.get(outcome.value, 0) for outcome in Outcome}
    lookups = sum(counts[outcome] for outcome in Outcome if outcome not in NO_LOOKUPS)
    kept = sum(counts[outcome] for outcome in KEPT)
    return {"lookups": lookups, **counts, "hit_rate": round(kept / lookups, 4) if lookups else None}


def by_most(rows: Iterable[dict[str, Any]], count: str, name: str) -> list[dict[str, Any]]:
    """Return the rows, those with the highest count first."""
    return sorted(rows, key=lambda row: (-row[count], row[name]))
